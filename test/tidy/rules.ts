import { isBuiltin } from "node:module";
import { posix } from "node:path";
import { nameOf, type SourceFile, type SyntaxNode } from "./source.ts";

/** `path:line` and what to do about it. */
export type Violation = string;

export type Rule = (file: SourceFile) => readonly Violation[];

/** Rules that look at one source file at a time. */
export const RULES: Readonly<Record<string, Rule>> = {
  purity: (file) => (isPure(file.path) ? [...impureImports(file), ...impureGlobals(file)] : []),
  importDirection,
  noDefaultExport: (file) =>
    each(file, "ExportDefaultDeclaration", "export by name; a default export has no name to search for"),
  noAny: (file) => each(file, "TSAnyKeyword", "say the type, or unknown and narrow it"),
  noEnum: (file) => each(file, "TSEnumDeclaration", "use a union of literals, or a const object"),
  fileLength,
  noBareToDo,
};

/** The pure part: it runs in Node, in a worker, in k6 and in a browser alike. */
function isPure(path: string): boolean {
  return path.startsWith("simulator/") || path.startsWith("reports/charts/");
}

function at(file: SourceFile, offset: number, cure: string): Violation {
  return `${file.path}:${file.lineAt(offset)}  ${cure}`;
}

function each(file: SourceFile, type: string, cure: string): readonly Violation[] {
  return file.nodes.filter((node) => node.type === type).map((node) => at(file, node.start, cure));
}

function impureImports(file: SourceFile): readonly Violation[] {
  return file.imports
    .filter(({ from }) => isBuiltin(from))
    .map(({ from, start }) => at(file, start, `"${from}" is Node's: let a file in scripts/io do it and pass data in`));
}

/** Free names that pure code must not use, and what to do instead. */
const IMPURE_GLOBALS: Readonly<Record<string, string>> = {
  process: "pass what is needed in as an argument",
  console: "return what there is to say; scripts/ prints it",
  fetch: "let a file in scripts/io get the data and pass it in",
  setTimeout: "simulated time comes from the event clock; take `now` as an argument",
  setInterval: "simulated time comes from the event clock; take `now` as an argument",
  globalThis: "pass what is needed in as an argument",
};

/** Member accesses that pure code must not use. */
const IMPURE_MEMBERS: Readonly<Record<string, string>> = {
  "Date.now": "take `now` as an argument",
  "performance.now": "take `now` as an argument",
  "Math.random": "take a RandomStream as an argument",
};

function impureGlobals(file: SourceFile): readonly Violation[] {
  const bound = boundNames(file);
  return file.nodes.flatMap((node) => {
    const member = memberName(node);
    const memberCure = member === undefined ? undefined : IMPURE_MEMBERS[member];
    if (memberCure !== undefined) return [at(file, node.start, `no ${member} in pure code: ${memberCure}`)];
    if (isNowDate(node)) return [at(file, node.start, "no current date in pure code: take the instant as an argument")];
    const name = calledOrRead(node);
    if (name === undefined || bound.has(name) || !Object.hasOwn(IMPURE_GLOBALS, name)) return [];
    return [at(file, node.start, `no ${name} in pure code: ${IMPURE_GLOBALS[name]}`)];
  });
}

/** `process` is also a word of queueing theory: a file that declares such a name means its own. */
function boundNames(file: SourceFile): ReadonlySet<string> {
  const bound = new Set<string>();
  const add = (value: unknown) => {
    for (const node of Array.isArray(value) ? value : [value]) {
      const name =
        nameOf(node) ?? nameOf((node as SyntaxNode | null)?.left) ?? nameOf((node as SyntaxNode | null)?.local);
      if (name !== undefined) bound.add(name);
      const properties = (node as { properties?: readonly SyntaxNode[] } | null)?.properties ?? [];
      for (const property of properties) add(property.value);
    }
  };
  for (const node of file.nodes) {
    add(node.type === "VariableDeclarator" || node.type.endsWith("Declaration") ? node.id : undefined);
    add(node.params);
    if (node.type.startsWith("Import")) add(node.local);
  }
  return bound;
}

/** Global name that an expression reads: `x.y`, `x()`, `f(x)`; names of properties do not count. */
function calledOrRead(node: SyntaxNode): string | undefined {
  if (node.type === "MemberExpression") return nameOf(node.object);
  if (node.type === "CallExpression") return nameOf(node.callee);
  return undefined;
}

function memberName(node: SyntaxNode): string | undefined {
  if (node.type !== "MemberExpression") return undefined;
  const [object, property] = [nameOf(node.object), nameOf(node.property)];
  return object === undefined || property === undefined ? undefined : `${object}.${property}`;
}

function isNowDate(node: SyntaxNode): boolean {
  if (nameOf(node.callee) !== "Date") return false;
  return (
    node.type === "CallExpression" || (node.type === "NewExpression" && (node.arguments as unknown[]).length === 0)
  );
}

/** Which parts of the tree a part may import from. Nothing but tests may import from studies; tests may import from all. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  simulator: ["simulator"],
  reports: ["reports", "simulator"],
  emulator: ["emulator", "simulator"],
  scenarios: ["scenarios", "simulator"],
  scripts: ["scripts", "reports", "emulator", "scenarios", "simulator"],
  studies: ["studies", "scripts", "reports", "emulator", "scenarios", "simulator"],
};

/** npm packages that run anywhere; what else the pure part wants, an adapter has to bring. */
const PURE_PACKAGES =
  /^(zod|seedrandom|simple-statistics|@stdlib\/|csv-parse\/(browser|sync)|fastest-levenshtein|vega-lite)/;

function importDirection(file: SourceFile): readonly Violation[] {
  const part = file.path.split("/", 1)[0]!;
  const allowed = MAY_IMPORT[part];
  if (allowed === undefined) return [];
  return file.imports.flatMap(({ from, start }) => {
    if (!from.startsWith(".")) {
      const foreign = isPure(file.path) && !isBuiltin(from) && !PURE_PACKAGES.test(from);
      return foreign ? [at(file, start, `"${from}" is not on the list of pure packages in test/tidy/rules.ts`)] : [];
    }
    if (!/\.(ts|mjs|json)$/.test(from)) return [at(file, start, `write "${from}" with its extension`)];
    const target = posix.normalize(posix.join(posix.dirname(file.path), from)).split("/", 1)[0]!;
    if (allowed.includes(target)) return [];
    return [at(file, start, `${part}/ must not import from ${target}/: move the shared part down, or pass it in`)];
  });
}

const LINES_MAX = 300;

/** Files that are longer for a reason. */
export const LONG_FILES: Readonly<Record<string, string>> = {
  "simulator/engine/requests.ts":
    "one request's path through the callers' shared state; calls between files cost the simulator its speed",
  "simulator/world/world.ts": "one attempt's path through the service; its mechanisms are files of their own",
};

function fileLength(file: SourceFile): readonly Violation[] {
  const lines = file.text.split("\n").length - 1;
  if (lines <= LINES_MAX || Object.hasOwn(LONG_FILES, file.path) || file.path.startsWith("test/")) return [];
  return [`${file.path}: ${lines} lines; split it by concept, or give its reason in LONG_FILES in test/tidy/rules.ts`];
}

const TO_DO = /\b(TODO|FIXME|XXX|HACK)\b(?!.*(#\d+|https?:))/;

function noBareToDo(file: SourceFile): readonly Violation[] {
  return file.comments
    .filter((comment) => TO_DO.test(comment.value))
    .map((comment) => at(file, comment.start, "do it, or name the issue (#12) that will"));
}

/** True when nothing in the file runs: only types, imports and re-exports. Such a file needs no test. */
export function isTypesOnly(file: SourceFile): boolean {
  return file.body.every((node) => {
    const declared = node.type === "ExportNamedDeclaration" ? (node.declaration as SyntaxNode | null) : node;
    if (declared === null) return true; // export { ... } or export { ... } from
    return ["ImportDeclaration", "TSInterfaceDeclaration", "TSTypeAliasDeclaration", "ExportAllDeclaration"].includes(
      declared.type,
    );
  });
}

/**
 * Source files that tests exercise: a test of the same name, any test that imports the file, or one that imports the
 * file's neighbour in the same folder of which it is a part.
 */
export function testedPaths(files: readonly SourceFile[]): ReadonlySet<string> {
  const importsOf = new Map(files.map((file) => [file.path, importedPaths(file)]));
  const direct = files.filter((file) => file.path.startsWith("test/")).flatMap(importedPaths);
  const parts = direct.flatMap((path) =>
    (importsOf.get(path) ?? []).filter((part) => posix.dirname(part).startsWith(posix.dirname(path))),
  );
  return new Set([...direct, ...parts]);
}

function importedPaths(file: SourceFile): readonly string[] {
  const relative = file.imports.filter(({ from }) => from.startsWith("."));
  return relative.map(({ from }) => posix.normalize(posix.join(posix.dirname(file.path), from)));
}

/** A folder whose files of one kind must all be in its index. */
export interface Registry {
  readonly folder: string;
  /** Type of the constant that makes a file one of the kind. */
  readonly definitionType: string;
  /** Where each of the kind has a heading of its name. Each then also has a test file of its own. */
  readonly page?: string;
}

/** Files of the registry's kind that its index does not import. */
export function missingFromIndex(registry: Registry, files: readonly SourceFile[]): readonly Violation[] {
  const index = files.find((file) => file.path === `${registry.folder}/index.ts`);
  if (index === undefined) return [`${registry.folder}/index.ts is missing: list the definitions there`];
  const listed = new Set(importedPaths(index));
  return files
    .filter((file) => posix.dirname(file.path) === registry.folder && file !== index)
    .filter((file) => exportsDefinition(file, registry.definitionType) && !listed.has(file.path))
    .map((file) => `${index.path}: import and list ${posix.basename(file.path)}`);
}

/** Definitions without a test file of their own, or without a heading on the registry's page. @param page its text */
export function missingProof(registry: Registry, files: readonly SourceFile[], page: string): readonly Violation[] {
  const paths = new Set(files.map((file) => file.path));
  const headings = page.split("\n").flatMap((line) => /^#+ (.+)$/.exec(line)?.[1]?.toLowerCase() ?? []);
  return files
    .filter((file) => posix.dirname(file.path) === registry.folder && exportsDefinition(file, registry.definitionType))
    .flatMap((file) => {
      const name = posix.basename(file.path, ".ts");
      const test = `test/${registry.folder}/${name}.test.ts`;
      return [
        ...(paths.has(test) ? [] : [`${file.path}: write ${test}`]),
        ...(headings.includes(name) ? [] : [`${registry.page}: give ${name} a heading of its own, "## ${name}"`]),
      ];
    });
}

function exportsDefinition(file: SourceFile, definitionType: string): boolean {
  const constant = new RegExp(`export const \\w+: (Readonly<)?${definitionType}\\b`);
  return constant.test(file.text);
}

const MACHINE_PATH = /(?<![\w.])\/(work|home|root|Users)\/[\w.-]+|[A-Z]:\\Users\\/;
const REGISTRY_HOST = /registry\.(npmjs\.org|yarnpkg\.com)|"resolved": "http/;

/** Text that only makes sense on one machine. */
export function machineTexts(path: string, text: string): readonly Violation[] {
  return text.split("\n").flatMap((line, i) => {
    const found = MACHINE_PATH.exec(line)?.[0];
    if (found !== undefined) return [`${path}:${i + 1}  "${found}" is a path of one machine: make it relative`];
    return REGISTRY_HOST.test(line) ? [`${path}:${i + 1}  names a package registry: leave that to the user's npm`] : [];
  });
}
