/** Finds the line of a YAML text whose indentation fits none of the lines above it, as a person would. */

export interface Misindented {
  /** 1-based. */
  readonly line: number;
  readonly what: string;
  readonly fix: string;
}

interface Open {
  readonly indent: number;
  readonly line: number;
}

/**
 * The first line that is indented less than the one before, but like none above it; or more, where nothing can be
 * nested. Lines inside brackets and blocks of text are not judged.
 *
 * @example misindented("a:\n    b: 1\n  c: 2")?.line // => 3
 * @example misindented("a:\n  b: 1\n  c: 2") // => undefined
 */
export function misindented(text: string): Misindented | undefined {
  const open: Open[] = [];
  let brackets = 0;
  let textBlock = Number.POSITIVE_INFINITY;
  let takesChildren = true;
  for (const [index, raw] of text.split("\n").entries()) {
    const content = raw.replace(/\r$/, "");
    const indent = content.length - content.trimStart().length;
    if (content.trim() === "" || /^\s*#/.test(content)) continue;
    if (indent > textBlock) continue;
    textBlock = Number.POSITIVE_INFINITY;
    const isInside = brackets > 0;
    const { change, code } = bracketsOf(content);
    brackets = Math.max(0, brackets + change);
    if (isInside) {
      takesChildren = false;
      continue;
    }
    // A line that is no key and no item goes on with the value before it.
    if (!/^\s*(?:- |-$)|:(?:\s|$)/.test(code)) continue;
    const found = judge({ indent, line: index + 1, open, takesChildren });
    if (found !== undefined) return found;
    while (open.length > 0 && open.at(-1)!.indent > indent) open.pop();
    if (open.at(-1)?.indent !== indent) open.push({ indent, line: index + 1 });
    const dashes = /^(?:\s*- +)+(?=\S)/.exec(content)?.[0].length ?? 0;
    if (dashes > indent && /:(?:\s|$)/.test(code)) open.push({ indent: dashes, line: index + 1 });
    takesChildren = /(?::|^\s*-|- -)\s*(?:[&!]\S+\s*)*$/.test(code);
    if (/[|>][+-]?\d?\s*$/.test(code)) textBlock = indent;
  }
  return undefined;
}

interface Question extends Open {
  readonly open: readonly Open[];
  readonly takesChildren: boolean;
}

function judge({ indent, line, open, takesChildren }: Question): Misindented | undefined {
  const before = open.at(-1);
  if (before === undefined || indent === before.indent) return undefined;
  if (indent > before.indent) {
    if (takesChildren) return undefined;
    return misfit(line, indent, before, "the line before takes nothing below it");
  }
  if (open.some((each) => each.indent === indent)) return undefined;
  const near = open.toSorted(
    (a, b) => Math.abs(a.indent - indent) - Math.abs(b.indent - indent) || b.indent - a.indent,
  );
  return misfit(line, indent, near[0]!, "no line above it is");
}

function misfit(line: number, indent: number, like: Open, why: string): Misindented {
  return {
    line,
    what: `the line is indented by ${spaces(indent)}, and ${why}`,
    fix: `indent it by ${spaces(like.indent)}, like line ${like.line}`,
  };
}

function spaces(number: number): string {
  return number === 1 ? "1 space" : `${number} spaces`;
}

/** How many brackets a line opens more than it closes, and the line without quoted texts and its comment. */
function bracketsOf(line: string): { readonly change: number; readonly code: string } {
  const code = line.replace(/"(?:[^"\\]|\\.)*"|'(?:[^']|'')*'/g, '""').replace(/(^|\s)#.*$/, "");
  const number = (pattern: RegExp) => code.match(pattern)?.length ?? 0;
  return { change: number(/[[{]/g) - number(/[\]}]/g), code };
}
