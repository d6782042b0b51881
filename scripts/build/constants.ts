/** Constants of compiled modules, as the sources have them. */
import { parseSync } from "oxc-parser";

/**
 * Bundling turns the constants of a module into variables, which V8 can neither fold nor look up once: the engine would
 * take a fifth longer. What nothing assigns to becomes a constant again.
 */
export function constantsAgain(path: string, text: string): string {
  const { program } = parseSync(path, text);
  const assigned = new Set<unknown>();
  const note = (node: unknown): void => {
    if (typeof node !== "object" || node === null) return;
    const { type, left, argument } = node as Readonly<
      Record<string, { readonly name?: string; readonly type?: string }>
    >;
    const target = String(type) === "UpdateExpression" ? argument : left;
    if (target?.type === "Identifier") assigned.add(target.name);
    else if (target?.type?.endsWith("Pattern")) namesIn(target, assigned);
    for (const part of Object.values(node)) note(part);
  };
  note(program);
  let changed = "";
  let at = 0;
  for (const statement of program.body) {
    if (statement.type !== "VariableDeclaration" || statement.kind !== "var") continue;
    const named = new Set<unknown>();
    for (const { id } of statement.declarations) namesIn(id, named);
    const hasValues = statement.declarations.every(({ init }) => init !== null);
    if (!hasValues || [...named].some((name) => assigned.has(name))) continue;
    changed += `${text.slice(at, statement.start)}const`;
    at = statement.start + "var".length;
  }
  return changed + text.slice(at);
}

/** Adds every name in a pattern that is assigned to. */
function namesIn(pattern: unknown, names: Set<unknown>): void {
  if (typeof pattern !== "object" || pattern === null) return;
  const { type, name } = pattern as { readonly type?: unknown; readonly name?: unknown };
  if (type === "Identifier") names.add(name);
  for (const part of Object.values(pattern)) namesIn(part, names);
}
