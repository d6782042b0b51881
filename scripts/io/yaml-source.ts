/** A YAML text that is parsed safely and knows the line of every value; paths into it, and guesses for unknown names. */
import {
  type Document,
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseAllDocuments,
  type YAMLError,
} from "yaml";
import { firstProblems, type Problem } from "../../simulator/base/errors.ts";
import { unknownAlias } from "./yaml-aliases.ts";
import { type Misindented, misindented } from "./yaml-indentation.ts";

/** A parsed YAML text that still knows on which line each value stands. */
export interface YamlSource {
  readonly document: Document.Parsed;
  /** Line of the key or item at `path`, or of its nearest ancestor that exists; 1-based. */
  lineOf(path: ConfigPath): number;
}

export const DEPTH_MAX = 64;
/** One missing bracket can make the parser complain about every line after it. */
const SYNTAX_PROBLEMS_MAX = 10;
/** How the recursive parser reports that brackets are nested deeper than its stack. */
const STACK_OVERFLOW = "Maximum call stack";
const UNSAFE_KEYS = new Set(["__proto__", "constructor", "prototype"]);

/**
 * Parses one YAML document (YAML 1.2, core schema: no dates, no tags that run code). Returns every problem it has,
 * or the source. Duplicate keys are looked for here and not by the parser, whose own check takes time quadratic in
 * the number of keys.
 */
export function parseYaml(text: string, file: string): YamlSource | readonly Problem[] {
  const lines = new LineCounter();
  let documents: readonly Document.Parsed[];
  try {
    const parsed = parseAllDocuments(text, {
      lineCounter: lines,
      uniqueKeys: false,
      prettyErrors: false,
      logLevel: "silent",
    });
    documents = Array.isArray(parsed) ? (parsed as Document.Parsed[]) : [];
  } catch {
    return [tooDeep(file)];
  }
  const document = documents[0];
  if (document === undefined || (document.errors.length === 0 && isEmpty(document))) return [emptyFile(file)];
  if (documents.length > 1) return [severalDocuments(file, lines.linePos(documents[1]!.range[0]).line)];
  const at = (offset: number) => `${file}:${Math.max(1, lines.linePos(offset).line)}`;
  if (document.errors.some((error) => error.message.startsWith(STACK_OVERFLOW))) return [tooDeep(file)];
  const problems = syntaxProblems(text, document.errors, at);
  if (problems.length === 0) checkNodes(document, at, problems);
  if (problems.length === 0) problems.push(...unknownAlias(document, at));
  if (problems.length > 0) return firstProblems(problems);
  return { document, lineOf: (path) => Math.max(1, lines.linePos(offsetOf(document, path)).line) };
}

function isEmpty(document: Document.Parsed): boolean {
  return document.contents === null || (isScalar(document.contents) && document.contents.value === null);
}

function emptyFile(file: string): Problem {
  return {
    code: "SCENARIO_EMPTY",
    what: "the file holds no scenario",
    where: file,
    fix: "start from one of the files in scenarios/, or see meridian schema",
  };
}

function severalDocuments(file: string, line: number): Problem {
  return {
    code: "SCENARIO_SEVERAL_DOCUMENTS",
    what: "a second YAML document begins here",
    where: `${file}:${line}`,
    fix: "keep one scenario per file and remove the --- line",
  };
}

function tooDeep(file: string): Problem {
  return {
    code: "SCENARIO_TOO_DEEP",
    what: `values are nested more than ${DEPTH_MAX} levels deep`,
    where: file,
    fix: "no scenario needs that; look for unclosed brackets",
  };
}

const SYNTAX_FIXES: Readonly<Record<string, string>> = {
  TAB_AS_INDENT: "indent with spaces; YAML does not allow tabs",
  BAD_INDENT: "give all keys of one block the same indentation",
  MULTILINE_IMPLICIT_KEY: "is a colon or a closing quote missing on the line before?",
  MISSING_CHAR: "close the bracket, brace or quote",
  BLOCK_AS_IMPLICIT_KEY: "is a colon missing after the key, or a quote?",
  BAD_ALIAS: "define the anchor (&name) before the alias (*name) uses it",
  UNEXPECTED_TOKEN: "quote the text if it holds one of : { } [ ] , & * # ? | - < > = ! % @",
};

/** The parser complains of every line after a wrong indentation: then that is the only problem. */
function syntaxProblems(text: string, errors: readonly YAMLError[], at: (offset: number) => string): Problem[] {
  const shown = errors.slice(0, SYNTAX_PROBLEMS_MAX).map((error) => syntaxProblem(error, at(error.pos[0])));
  const [first] = shown;
  if (first === undefined) return shown;
  const tabs = shown.filter(({ fix }) => fix === SYNTAX_FIXES.TAB_AS_INDENT);
  if (tabs.length > 0) return onePerLine(tabs);
  const lineOf = ({ where = "" }: Problem) => Number(/:(\d+)$/.exec(where)?.[1]);
  const quote = unclosedQuote(text, errors[0]!);
  if (quote !== undefined) {
    const { line, what, fix } = quote;
    return [{ code: "SCENARIO_SYNTAX", what, where: first.where!.replace(/\d+$/, String(line)), fix }];
  }
  const found = withoutSpace(text, lineOf(first)) ?? misindented(text);
  if (found === undefined || Math.abs(found.line - lineOf(first)) > 1) return onePerFix(onePerLine(shown));
  const where = first.where!.replace(/\d+$/, String(found.line));
  return [{ code: "SCENARIO_SYNTAX", what: found.what, where, fix: found.fix }];
}

/** What the parser says again and again of later lines follows from the first: they are read as parts of another block. */
function onePerFix(problems: readonly Problem[]): Problem[] {
  return problems.filter(({ fix }, i) => problems.findIndex((each) => each.fix === fix) === i);
}

function onePerLine(problems: readonly Problem[]): Problem[] {
  return problems.filter(({ where }, i) => problems.findIndex((each) => each.where === where) === i);
}

/** A quote that nothing closes runs to the end of the file: its mistake is on the first line that opens one and no more. */
function unclosedQuote(text: string, { code, message }: YAMLError): Misindented | undefined {
  const [, quote] = code === "MISSING_CHAR" ? (/closing (['"])/.exec(message) ?? []) : [];
  if (quote === undefined) return undefined;
  const lines = text.split("\n");
  const line = lines.findIndex((each) => !/^\s*#/.test(each) && each.split(quote).length % 2 === 0) + 1;
  if (line === 0) return undefined;
  const [, key = "", value = ""] = /^\s*(?:- )?([\w-]+):\s*(.*?)\s*$/.exec(lines[line - 1]!) ?? [];
  const isPlain = value.startsWith(quote) && !value.slice(1).includes(quote);
  const fix = isPlain ? `write ${key}: ${value}${quote}` : `write the other ${quote} on the same line`;
  return { line, what: `the quote ${quote} is not closed`, fix };
}

/** A key whose colon has no space after it, on the line of an error or the one before. */
function withoutSpace(text: string, line: number): Misindented | undefined {
  const lines = text.split("\n");
  for (const each of [line, line - 1]) {
    const [, key, value] = /^\s*(?:- )?([A-Za-z][\w-]*):(?!\/\/)([^\s:].*?)\s*$/.exec(lines[each - 1] ?? "") ?? [];
    if (key !== undefined)
      return { line: each, what: `no space follows the colon of ${key}`, fix: `write ${key}: ${value}` };
  }
  return undefined;
}

function syntaxProblem(error: YAMLError, where: string): Problem {
  const tab = error.code === "TAB_AS_INDENT" || /\btab/i.test(error.message);
  const unclosed = /^Flow (map|sequence) .* end with a (\S)/.exec(error.message);
  if (unclosed !== null) {
    const [, kind, bracket = ""] = unclosed;
    const what = `a ${kind === "map" ? "map" : "list"} in brackets is not closed before this line`;
    return { code: "SCENARIO_SYNTAX", what, where, fix: `write the missing ${bracket} at the end of the line before` };
  }
  return {
    code: "SCENARIO_SYNTAX",
    what: lowerFirst(firstLine(error.message).replace(/[.:]$/, "")),
    where,
    fix: (tab ? SYNTAX_FIXES.TAB_AS_INDENT : SYNTAX_FIXES[error.code]) ?? "correct the YAML here",
  };
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0]!;
}

function lowerFirst(text: string): string {
  return text.slice(0, 1).toLowerCase() + text.slice(1);
}

/** Duplicate and unsafe keys and depth, in one walk that does not recurse: hostile files are deep. */
function checkNodes(document: Document.Parsed, at: (offset: number) => string, problems: Problem[]): void {
  const todo: { node: unknown; depth: number }[] = [{ node: document.contents, depth: 0 }];
  while (todo.length > 0) {
    const { node, depth } = todo.pop()!;
    if (depth > DEPTH_MAX) {
      problems.push(tooDeep(at((node as Node).range?.[0] ?? 0)));
      return;
    }
    if (isMap(node)) {
      checkKeys(node.items, at, problems);
      for (const pair of node.items) todo.push({ node: pair.value, depth: depth + 1 });
    } else if (isSeq(node)) {
      for (const item of node.items) todo.push({ node: isPair(item) ? item.value : item, depth: depth + 1 });
    }
  }
}

function checkKeys(pairs: readonly Pair[], at: (offset: number) => string, problems: Problem[]): void {
  const seen = new Map<string, string>();
  for (const pair of pairs) {
    const key = keyText(pair);
    const where = at((pair.key as Node | null)?.range?.[0] ?? 0);
    if (key === undefined) {
      problems.push({
        code: "SCENARIO_KEY_NOT_TEXT",
        what: "a key is a list, a map or an alias",
        where,
        fix: "write keys as plain text",
      });
    } else if (UNSAFE_KEYS.has(key)) {
      problems.push({ code: "SCENARIO_UNSAFE_KEY", what: `the key "${key}" is not allowed`, where, fix: "rename it" });
    } else if (seen.has(key)) {
      problems.push({
        code: "SCENARIO_DUPLICATE_KEY",
        what: `the key "${key}" is already set at ${seen.get(key)}`,
        where,
        fix: "keep one of the two",
      });
    } else seen.set(key, where);
  }
}

function keyText(pair: Pair): string | undefined {
  return isScalar(pair.key) ? String(pair.key.value) : undefined;
}

function offsetOf(document: Document.Parsed, path: ConfigPath): number {
  let node: unknown = document.contents;
  let offset = document.contents?.range?.[0] ?? 0;
  for (const step of path) {
    if (isAlias(node)) node = node.resolve(document);
    if (isMap(node)) {
      const pair: Pair | undefined = node.items.find((item) => keyText(item) === String(step));
      if (pair === undefined) return offset;
      offset = (pair.key as Node).range?.[0] ?? offset;
      node = pair.value;
    } else if (isSeq(node) && typeof step === "number") {
      const item = node.items[step];
      if (item === undefined) return offset;
      offset = (item as Node).range?.[0] ?? offset;
      node = item;
    } else return offset;
  }
  return offset;
}

/** A place in a configuration: keys and list indices from the root. */
export type ConfigPath = readonly (string | number)[];

/**
 * A path as text; the root is the empty text. Keys with spaces, dots or brackets are quoted.
 *
 * @example formatPath(["traffic", 0, "arrivals"]) // => "traffic[0].arrivals"
 */
export function formatPath(path: ConfigPath): string {
  let text = "";
  for (const step of path) {
    if (typeof step === "number") text += `[${step}]`;
    else if (/^[^\s.[\]"]+$/.test(step)) text += text === "" ? step : `.${step}`;
    else text += `[${JSON.stringify(step)}]`;
  }
  return text;
}

/**
 * The path that a text names. Numbers are list indices; a map whose keys look like numbers takes them as keys.
 *
 * @returns undefined when the text is no path
 * @example parsePath("traffic.0.arrivals") // => ["traffic", 0, "arrivals"]
 * @example parsePath('a["b c"].d') // => ["a", "b c", "d"]
 * @example parsePath("traffic[chat].slo") // => ["traffic", "chat", "slo"]
 */
export function parsePath(text: string): ConfigPath | undefined {
  const path: (string | number)[] = [];
  let rest = text;
  while (rest !== "") {
    const step = STEP.exec(rest);
    if (step === null) return undefined;
    const [whole, index, quoted, dot, name] = step;
    if (index !== undefined) path.push(Number(index));
    else if (quoted !== undefined) path.push(quoted.startsWith('"') ? unquote(quoted) : quoted);
    else if (name !== undefined && (dot === "") === (path.length === 0)) {
      path.push(/^\d+$/.test(name) ? Number(name) : name);
    } else return undefined;
    rest = rest.slice(whole.length);
  }
  return path.length === 0 ? undefined : path;
}

const STEP = /^(?:\[(\d{1,9})\]|\[("(?:[^"\\]|\\.)*"|[^[\]"]*[^[\]"\d][^[\]"]*)\]|(\.?)([^\s.[\]"]+))/;

function unquote(json: string): string {
  try {
    return String(JSON.parse(json));
  } catch {
    return json.slice(1, -1);
  }
}

/** The name that `suggest` guessed; undefined when it listed what is known instead. */
export function guessIn(fix: string | undefined): string | undefined {
  return /^did you mean "(.*)"\?$/.exec(fix ?? "")?.[1];
}
