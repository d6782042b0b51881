import { isBuiltin } from "node:module";
import { posix } from "node:path";
import { nameOf, type SourceFile, type SyntaxNode } from "./source.ts";

/** `path:line` and what to do about it. */
export type Violation = string;

export type Rule = (file: SourceFile) => readonly Violation[];

/** Rules that look at one source file at a time. */
export const RULES: Readonly<Record<string, Rule>> = {
  purity: (file) =>
    isPure(file.path) ? [...impureImports(file), ...computedImports(file), ...impureGlobals(file)] : [],
  importDirection,
  noDefaultExport: (file) =>
    each(file, "ExportDefaultDeclaration", "export by name; a default export has no name to search for"),
  noAny: (file) => each(file, "TSAnyKeyword", "say the type, or unknown and narrow it"),
  noEnum: (file) => each(file, "TSEnumDeclaration", "use a union of literals, or a const object"),
  coreOrder,
  fileLength,
  functionLength,
  opening,
  plainWords,
  noBareToDo,
  oneOfEach,
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

/** The rules can only judge what an import names in full. */
function computedImports(file: SourceFile): readonly Violation[] {
  return file.nodes
    .filter((node) => node.type === "ImportExpression" && typeof (node.source as SyntaxNode).value !== "string")
    .map((node) => at(file, node.start, "import() of pure code names its file in quotes"));
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

/**
 * The core is a stack: a folder of simulator/ imports from itself and from those before it. The engine's plan stands in
 * scenario/, so that comes before the engine.
 */
export const CORE_ORDER: readonly string[] = [
  "base",
  "random",
  "traffic",
  "service",
  "bill",
  "claims",
  "client",
  "strategies",
  "scenario",
  "engine",
  "experiment",
  "sweep",
  "bench",
  "calibrate",
  "validate",
  "compare",
  "probe",
  "advice",
];

function coreOrder(file: SourceFile): readonly Violation[] {
  const [part, folder, ...rest] = file.path.split("/");
  if (part !== "simulator" || rest.length === 0) return [];
  const level = CORE_ORDER.indexOf(folder!);
  if (level < 0) return [`${file.path}: give simulator/${folder} its place in CORE_ORDER in test/tidy/rules.ts`];
  return file.imports.flatMap(({ from, start }) => {
    if (!from.startsWith(".")) return [];
    const [, target, ...inside] = posix.normalize(posix.join(posix.dirname(file.path), from)).split("/");
    if (inside.length > 0 && CORE_ORDER.indexOf(target!) <= level) return [];
    return [at(file, start, `simulator/${folder} stands below simulator/${target}: move the shared part down`)];
  });
}

/** Files that import each other in a circle, each circle as one violation. */
export function circles(files: readonly SourceFile[]): readonly Violation[] {
  const importsOf = new Map(files.map((file) => [file.path, importedPaths(file)]));
  const found: Violation[] = [];
  const done = new Set<string>();
  const visit = (path: string, way: readonly string[]): void => {
    const begun = way.indexOf(path);
    if (begun >= 0)
      found.push(`circle: ${[...way.slice(begun), path].join(" -> ")}; move what both need to a third file`);
    if (begun >= 0 || done.has(path)) return;
    for (const next of importsOf.get(path) ?? []) visit(next, [...way, path]);
    done.add(path);
  };
  for (const { path } of files) visit(path, []);
  return found;
}

const LINES_MAX = 350;
/** A shorter file is a slice of some mechanism, unless it is a contract, an entry of a registry or its list. */
const LINES_MIN = 40;
const FUNCTION_LINES_MAX = 70;

/** Files that are shorter for a reason. */
export const SHORT_FILES: Readonly<Record<string, string>> = {
  "simulator/base/time.ts": "lengths of time alone: what own strategies and k6 scripts load asks for no date",
  "simulator/base/near-names.ts": "apart from errors.ts, which k6 loads: it imports an npm package, which k6 cannot",
  "simulator/bench/secret-echoes.ts": "what k6 and the command both hide by; k6 loads no more than it needs",
  "scripts/commands/options.ts": "apart from the contract, so that an overview of the verbs loads no YAML",
  "scenarios/k6/start.ts": "apart from the runtime, which loads in k6 alone, so that a test can run it",
  "scripts/sweep/open-store.ts": "a registry of stores",
  "scripts/strategy/exports.ts": "a registry of formats",
  "scripts/sweep/sweep-file.ts": "apart from what runs jobs, so that threads and commands read one job file alike",
  "scripts/browser/playground-worker.ts":
    "the file that a browser's worker is bundled from; apart from what tests import",
  "scripts/browser/without-eval.ts": "loaded before all others: a module's imports run before its own lines",
  "scripts/io/simulate-worker.ts": "the file that worker threads load; apart from the pool, so that they load no more",
};

/** Files that are longer for a reason. */
export const LONG_FILES: Readonly<Record<string, string>> = {
  "simulator/engine/requests.ts":
    "one request's ordinary path through the callers' shared state, which a reader follows in one place",
  "simulator/service/service.ts": "one attempt's path through the service; its mechanisms are files of their own",
};

function fileLength(file: SourceFile): readonly Violation[] {
  if (file.path.startsWith("test/")) return [];
  const lines = file.text.split("\n").length - 1;
  if (lines > LINES_MAX && !Object.hasOwn(LONG_FILES, file.path))
    return [
      `${file.path}: ${lines} lines; split it by concept, or give its reason in LONG_FILES in test/tidy/rules.ts`,
    ];
  if (lines >= LINES_MIN || Object.hasOwn(SHORT_FILES, file.path) || mayBeShort(file)) return [];
  return [
    `${file.path}: ${lines} lines; put it with the idea that it is a part of, or give its reason in SHORT_FILES in test/tidy/rules.ts`,
  ];
}

/** Contracts, lists of registries and their entries are as short as they are. */
function mayBeShort(file: SourceFile): boolean {
  return (
    isTypesOnly(file) ||
    posix.basename(file.path) === "index.ts" ||
    /export const \w+: \w*(Definition|Design|Format|Model|Adapter|Chart|Body\w*)\b/.test(file.text)
  );
}

const FUNCTIONS: readonly string[] = ["FunctionDeclaration", "FunctionExpression", "ArrowFunctionExpression"];

function functionLength(file: SourceFile): readonly Violation[] {
  if (file.path.startsWith("test/")) return [];
  return file.nodes.flatMap((node) => {
    if (!FUNCTIONS.includes(node.type)) return [];
    const lines = file.lineAt(Number(node.end)) - file.lineAt(node.start) + 1;
    if (lines <= FUNCTION_LINES_MAX) return [];
    return [at(file, node.start, `a function of ${lines} lines: at most ${FUNCTION_LINES_MAX}; name its parts`)];
  });
}

/** A comment with text in it that is no `/// <reference ...>`. */
const SAYS = /^(?!\/).*\p{L}/su;

function opening(file: SourceFile): readonly Violation[] {
  const says = file.comments.some(({ start, value }) => start < (file.body[0]?.start ?? 0) && SAYS.test(value));
  if (file.path.startsWith("test/") || says) return [];
  return [`${file.path}:1  open with one to three lines that say what the file is for`];
}

/** Words that only this project would use, and what the field says. */
const PRIVATE_WORDS: readonly (readonly [RegExp, string])[] = [
  [/luck/i, "draw (a value), noise (its law) or seed"],
  [/\bbooks\b/i, "run statistics, or ledger"],
  [/\brivals?\b/i, "candidate"],
  [/\bhappenings?\b/i, "event"],
  [/\bfore(tell|tells|told)\b/i, "predict"],
  [/\b(nobody|everybody|anybody|somebody)\b/i, "no caller, all requests, ..."],
  [/\bwho met whom\b/i, "occupancy"],
];

function plainWords(file: SourceFile): readonly Violation[] {
  return file.path.startsWith("test/tidy") ? [] : privateWords(file.path, file.text);
}

/** Private words in source or in a document. */
export function privateWords(path: string, text: string): readonly Violation[] {
  return text
    .split("\n")
    .flatMap((line, i) =>
      PRIVATE_WORDS.filter(([word]) => word.test(line)).map(
        ([word, instead]) => `${path}:${i + 1}  "${word.exec(line)![0]}": say ${instead}`,
      ),
    );
}

/** Lengths of time in ms that have a name. */
const NAMED_MS: Readonly<Record<number, string>> = { 3600000: "HOUR_MS", 86400000: "DAY_MS" };

function oneOfEach(file: SourceFile): readonly Violation[] {
  if (file.path.startsWith("test/") || file.path === "simulator/base/time.ts") return [];
  return file.nodes.flatMap((node) => {
    const name = node.type === "VariableDeclarator" && NAMED_MS[Number((node.init as SyntaxNode | null)?.value)];
    return name ? [at(file, node.start, `take ${name} of simulator/base/time.ts`)] : [];
  });
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

/** Source files of which some test imports more than types. */
export function testedPaths(files: readonly SourceFile[]): ReadonlySet<string> {
  const tests = files.filter((file) => file.path.startsWith("test/"));
  const thatRun = ({ imports }: SourceFile) => imports.filter(({ isTypes }) => !isTypes);
  return new Set(tests.flatMap((file) => importedPaths(file, thatRun(file))));
}

function importedPaths(file: SourceFile, imports = file.imports): readonly string[] {
  const relative = imports.filter(({ from }) => from.startsWith("."));
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

const DECLARES_TEST = /^(?:it|test|describe)\(/;
const WAITS = /^(?!.*\basync\b)(?:export )?(?:const|let|for|if)?\b.*\bawait\b/;

/** A test file that waits, between its tests, for something at its top level. */
export function lateWaits(path: string, text: string): readonly Violation[] {
  const lines = text.split("\n");
  const first = lines.findIndex((line) => DECLARES_TEST.test(line));
  return lines.flatMap((line, i) =>
    first !== -1 && i > first && /^\S/.test(line) && WAITS.test(line)
      ? [`${path}:${i + 1}  wait above the first test: the tests so far may end meanwhile, and the file with them`]
      : [],
  );
}
