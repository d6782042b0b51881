/**
 * Finds the error codes in the source by its syntax tree: object literals with a `code`, and calls of functions that
 * take one. What is said beside a code (what, fix) comes along, with `…` for what is only known when it happens.
 */
import { parseSync } from "oxc-parser";

/** A place in the code that makes a problem with this code. */
export interface CodeSite {
  readonly code: string;
  /** Kind of the error, which decides the exit code; undefined where the code does not tell. */
  readonly kind: string | undefined;
  readonly what: string;
  readonly fix: string;
  readonly path: string;
}

interface Node {
  readonly type: string;
  readonly [field: string]: unknown;
}

/** A function by its name: what it takes, and what stands in it. */
interface FunctionInfo {
  readonly name: string;
  readonly parameters: readonly string[];
  readonly node: Node;
  readonly path: string;
}

/** A node and where it stands. */
class Found {
  readonly node: Node;
  private readonly parent: Found | undefined;

  constructor(node: Node, parent: Found | undefined) {
    this.node = node;
    this.parent = parent;
  }

  /** Nodes around it, the nearest first; made for the few that are asked. */
  get around(): readonly Node[] {
    const nodes: Node[] = [];
    for (let each = this.parent; each !== undefined; each = each.parent) nodes.push(each.node);
    return nodes;
  }
}

const CODE = /^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$/;

/**
 * Where a file has neither a code, whole or begun, nor a word for what takes one, nothing is to be found in its tree:
 * half of the files, whose trees take seconds to make and keep.
 */
const TELLING = /\b(?:code|suffix|noun)\b|["'`][A-Z][A-Z0-9_]*(?:["'`]|\$\{)/;

/** @param sources text of each file by its path */
export function findErrorCodes(sources: ReadonlyMap<string, string>): readonly CodeSite[] {
  const telling = [...sources].filter(([, text]) => TELLING.test(text));
  const files = telling.map(([path, text]) => {
    const nodes: Found[] = [];
    collect(parseSync(path, text).program, undefined, nodes);
    return { path, nodes };
  });
  const all = files.flatMap(({ path, nodes }) => nodes.flatMap((found) => functionOf(found, path) ?? []));
  const functions = groupedBy(all, ({ name }) => name);
  const families = files.flatMap(({ nodes }) => nodes.flatMap(({ node }) => familyOf(node) ?? []));
  return files.flatMap(({ path, nodes }) => {
    const context = { path, functions, families, onlyKind: onlyKindOf(nodes) };
    return nodes.flatMap((found) => [...sitesOfObject(found, context), ...sitesOfCall(found, context)]);
  });
}

/** Items by the key of each, in their order. */
export function groupedBy<T>(items: readonly T[], keyOf: (item: T) => string): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}

interface Context {
  readonly path: string;
  readonly functions: ReadonlyMap<string | undefined, readonly FunctionInfo[]>;
  readonly families: readonly Family[];
  /** The kind of all errors that the file throws, if they are of one. */
  readonly onlyKind: string | undefined;
}

/** Files that are read by one function: `{ code: "RUN", noun: "run result", kind: "data" }` begins its codes. */
interface Family {
  readonly prefix: string;
  readonly noun: string;
  readonly kind: string;
}

function familyOf(node: Node): Family | undefined {
  if (node.type !== "ObjectExpression") return undefined;
  const [code, noun, kind] = ["code", "noun", "kind"].map((key) => textOf(propertyOf(node, key), []));
  return code && noun && kind !== "" ? { prefix: `${code}_`, noun, kind: kind === "…" ? "usage" : kind! } : undefined;
}

function onlyKindOf(nodes: readonly Found[]): string | undefined {
  const kinds = new Set(nodes.flatMap(({ node }) => kindOf(node) ?? []));
  return kinds.size === 1 ? [...kinds][0] : undefined;
}

/** `{ code: "RUN_NOT_FOUND", what, fix }` */
function sitesOfObject(found: Found, context: Context): readonly CodeSite[] {
  const { node } = found;
  if (node.type !== "ObjectExpression") return [];
  const { around } = found;
  const what = propertyOf(node, "what");
  const fix = propertyOf(node, "fix");
  const value = propertyOf(node, "code");
  if (value === undefined || (what === undefined && !isProblem(around))) return [];
  return codesIn(value).map((code) => ({
    code,
    kind: kindAround(around, context),
    what: textOf(what, around),
    fix: textOf(fix, around),
    path: context.path,
  }));
}

/** `rowError(place, "TRACE_BAD_TIME", what, fix)`: a function with a parameter `code`, or `suffix` of a family. */
function sitesOfCall(found: Found, context: Context): readonly CodeSite[] {
  const { node } = found;
  if (node.type !== "CallExpression") return [];
  const named = context.functions.get(calledName(node)) ?? [];
  const called = named.filter(({ parameters }) => parameters.includes("code") || parameters.includes("suffix"));
  const callee = called.find(({ path }) => path === context.path) ?? called[0];
  if (callee === undefined) return [];
  const { around } = found;
  const args = node.arguments as readonly Node[];
  const at = (parameter: string): Node | undefined => args[callee.parameters.indexOf(parameter)];
  const made = objectsIn(callee.node).find((each) => propertyOf(each, "code") !== undefined);
  const text = (key: string): string => textOf(at(key) ?? (made && propertyOf(made, key)), around);
  const site = { what: text("what"), fix: text("fix"), path: context.path };
  const kind = kindIn(callee.node) ?? kindAround(around, context);
  const prefixes = prefixesOf(made && propertyOf(made, "code"), context);
  const codes = codesIn(at("code")).map((code) => ({ ...site, code, kind }));
  const members = codesIn(at("suffix")).flatMap((suffix) =>
    prefixes.map((family) => ({
      ...site,
      code: `${family.prefix}${suffix}`,
      kind: family.kind ?? kind,
      what: withNoun(site.what, family.noun),
      fix: withNoun(site.fix, family.noun),
    })),
  );
  return [...codes, ...members];
}

/** The name of the file where a text leaves it open; a text that is all open stays so. */
function withNoun(text: string, noun: string | undefined): string {
  return noun === undefined || text === "…" ? text : text.replace("…", noun);
}

/** What stands before the suffix: a fixed text, or the code of each family. */
function prefixesOf(node: Node | undefined, { families }: Context): readonly Partial<Family>[] {
  if (node?.type !== "TemplateLiteral") return [];
  const first = (node.quasis as readonly { value: { cooked: string } }[])[0]!.value.cooked;
  return first === "" ? families : [{ prefix: first }];
}

function codesIn(node: Node | undefined): readonly string[] {
  if (node?.type === "Literal") return typeof node.value === "string" && CODE.test(node.value) ? [node.value] : [];
  if (node?.type === "TemplateLiteral") return patternOf(node);
  if (node?.type !== "ConditionalExpression") return [];
  return [...codesIn(node.consequent as Node), ...codesIn(node.alternate as Node)];
}

/** `PROBE_…` for a code that is put together from a fixed beginning and something only known when it happens. */
function patternOf(node: Node): readonly string[] {
  const texts = (node.quasis as readonly { value: { cooked: string } }[]).map(({ value }) => value.cooked);
  const parts = node.expressions as readonly Node[];
  const isOwn = parts.length === 1 && nameOf(parts[0]) !== "suffix";
  return isOwn && /^[A-Z][A-Z0-9_]*_$/.test(texts[0]!) ? [texts.join("…")] : [];
}

function isProblem(around: readonly Node[]): boolean {
  return around.some((node) => node.type === "NewExpression" && nameOf(node.callee as Node) === "MeridianError");
}

/** The kind that is given to MeridianError around a problem, or by the function that is given the problem. */
function kindAround(around: readonly Node[], context: Context): string | undefined {
  for (const node of around) {
    if (node.type === "NewExpression") {
      const kind = kindOf(node);
      if (kind !== undefined) return kind;
    }
    if (node.type === "CallExpression") {
      const named = context.functions.get(nameOf(node.callee as Node)) ?? [];
      const callee = named.find(({ path }) => path === context.path);
      const kind = callee === undefined ? undefined : kindIn(callee.node);
      if (kind !== undefined) return kind;
    }
  }
  return context.onlyKind;
}

function kindIn(node: Node): string | undefined {
  const found: Found[] = [];
  collect(node, undefined, found);
  return found.map((each) => kindOf(each.node)).find((kind) => kind !== undefined);
}

function kindOf(node: Node): string | undefined {
  if (node.type !== "NewExpression" || nameOf(node.callee as Node) !== "MeridianError") return undefined;
  const first = (node.arguments as readonly Node[])[0];
  return first?.type === "Literal" ? String(first.value) : undefined;
}

/** Where the name of a function without its own stands. */
const HOLDER: Readonly<Record<string, (holder: Node) => unknown>> = {
  VariableDeclarator: (holder) => holder.id,
  MethodDefinition: (holder) => holder.key,
};

/** `add` of `problems.add(...)`, as of `add(...)`. */
function calledName({ callee }: Node): string | undefined {
  const called = callee as Node;
  return nameOf(called.type === "MemberExpression" ? called.property : called);
}

function functionOf(found: Found, path: string): FunctionInfo | undefined {
  const { node } = found;
  if (!["FunctionDeclaration", "FunctionExpression", "ArrowFunctionExpression"].includes(node.type)) return undefined;
  const { around } = found;
  const name = nameOf(node.id as Node) ?? nameOf(HOLDER[around[0]?.type ?? ""]?.(around[0]!));
  if (name === undefined) return undefined;
  const parameters = (node.params as readonly Node[]).map(
    (each) => nameOf(each) ?? nameOf(each.left as Node | undefined) ?? "",
  );
  return { name, parameters, node, path };
}

/** The text that a reader would see, `…` in place of what varies. */
function textOf(node: Node | undefined, around: readonly Node[]): string {
  if (node === undefined) return "";
  switch (node.type) {
    case "Literal":
      return String(node.value);
    case "TemplateLiteral": {
      const texts = (node.quasis as readonly { value: { cooked: string } }[]).map(({ value }) => value.cooked);
      return texts.join("…");
    }
    case "BinaryExpression":
      return textOf(node.left as Node, around) + textOf(node.right as Node, around);
    case "ConditionalExpression": {
      const [one, other] = [textOf(node.consequent as Node, around), textOf(node.alternate as Node, around)];
      return one === other || other === "" || other === "…"
        ? one
        : one === "" || one === "…"
          ? other
          : `${one}; or ${other}`;
    }
    case "LogicalExpression":
      return textOf(node.right as Node, around);
    case "Identifier":
      return textOf(constantOf(String(node.name), around), around) || "…";
    // A text that is put together where it is read: `get what() { return ... }`.
    case "FunctionExpression": {
      const [first] = (node.body as Node).body as readonly Node[];
      return first?.type === "ReturnStatement" ? textOf(first.argument as Node, around) : "…";
    }
    default:
      return "…";
  }
}

/** What a local constant of this name is set to, in the nearest block that has one. */
function constantOf(name: string, around: readonly Node[]): Node | undefined {
  for (const node of around) {
    const statements = (node.type === "BlockStatement" || node.type === "Program" ? node.body : []) as readonly Node[];
    for (const statement of statements) {
      const declared = statement.type === "ExportNamedDeclaration" ? (statement.declaration as Node | null) : statement;
      const declarations = (declared?.type === "VariableDeclaration" ? declared.declarations : []) as readonly Node[];
      const found = declarations.find((each) => nameOf(each.id as Node) === name)?.init as Node | null | undefined;
      // A constant that names itself again is no text.
      if (found?.type !== "Identifier" && found != null) return found;
    }
  }
  return undefined;
}

function objectsIn(node: Node): readonly Node[] {
  const found: Found[] = [];
  collect(node, undefined, found);
  return found.map((each) => each.node).filter((each) => each.type === "ObjectExpression");
}

function propertyOf(object: Node, key: string): Node | undefined {
  const properties = object.properties as readonly Node[];
  return properties.find((each) => nameOf(each.key as Node | undefined) === key)?.value as Node | undefined;
}

function nameOf(node: unknown): string | undefined {
  return isNode(node) && node.type === "Identifier" ? String(node.name) : undefined;
}

function collect(value: unknown, parent: Found | undefined, into: Found[]): void {
  if (typeof value !== "object" || value === null) return;
  if (Array.isArray(value)) for (const each of value) collect(each, parent, into);
  else if (isNode(value)) {
    const found = new Found(value, parent);
    into.push(found);
    for (const key of Object.keys(value)) collect(value[key], found, into);
  }
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && typeof (value as Node).type === "string";
}
