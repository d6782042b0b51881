/** Random changes of texts and of plain data, from a keyed stream, so that a seed repeats them. */
import type { RandomStream } from "../../simulator/random/keyed-random.ts";

/** Values that schemas, parsers and arithmetic stumble over. */
const HOSTILE: readonly unknown[] = [
  ...[null, true, false, 0, -1, 0.5, 1e308, -1e308, 5e-324, 2 ** 53, 2 ** 31, Number.NaN, Number.POSITIVE_INFINITY],
  ...["", " ", "x", "0", "-1", "1e999s", "1e999/s", "5%", "500%", "1h", "0s", "36501d", "us-east-1", "unset", "none"],
  ...[
    "__proto__",
    "constructor",
    "\u0000",
    "\u001b[31m",
    "::error::x",
    "\ud800",
    "x".repeat(5000),
    "2026-02-30T00:00:00Z",
  ],
  ...[[], {}, [[]], [null], { a: 1 }, { mean: "1s" }, [1, 2, 3]],
];

/** A copy of plain data with one place changed: another value, a key less, a key twice, a name misspelt. */
export function mutatedData(value: unknown, random: RandomStream): unknown {
  const copy = structuredClone(value);
  const places: (readonly [holder: Record<string, unknown>, key: string])[] = [];
  const visit = (node: unknown): void => {
    if (typeof node !== "object" || node === null) return;
    for (const key of Object.keys(node)) {
      const holder = node as Record<string, unknown>;
      places.push([holder, key]);
      visit(holder[key]);
    }
  };
  visit(copy);
  if (places.length === 0) return pick(HOSTILE, random);
  const [holder, key] = pick(places, random);
  const isList = Array.isArray(holder);
  switch (Math.floor(random.next() * 5)) {
    case 0:
      if (isList) holder.splice(Number(key), 1);
      else delete holder[key];
      break;
    case 1:
      if (isList) holder.push(holder[Number(key)]);
      else holder[`${key}${pick(["s", " ", "x"], random)}`] = holder[key];
      break;
    case 2: {
      const [other, otherKey] = pick(places, random);
      holder[key] = structuredClone(other[otherKey]);
      break;
    }
    default:
      holder[key] = pick(HOSTILE, random);
  }
  return copy;
}

const SNIPPETS = [
  "\n",
  "\t",
  ":",
  "- ",
  "{",
  "}",
  "[",
  "]",
  '"',
  "'",
  "#",
  "&a ",
  "*a",
  "|",
  ",",
  "\u0000",
  "\ufeff",
  "é",
  "1e309",
  "-",
];

/** A text with some characters deleted, doubled, replaced or put in, or a line moved. */
export function mutatedText(text: string, random: RandomStream): string {
  let mutated = text;
  const changes = 1 + Math.floor(random.next() * 3);
  for (let i = 0; i < changes; i++) {
    const at = Math.floor(random.next() * (mutated.length + 1));
    const length = 1 + Math.floor(random.next() * 8);
    const [before, cut, after] = [mutated.slice(0, at), mutated.slice(at, at + length), mutated.slice(at + length)];
    switch (Math.floor(random.next() * 5)) {
      case 0:
        mutated = before + after;
        break;
      case 1:
        mutated = before + cut + cut + after;
        break;
      case 2: {
        const lines = mutated.split("\n");
        const [line] = lines.splice(Math.floor(random.next() * lines.length), 1);
        lines.splice(Math.floor(random.next() * (lines.length + 1)), 0, line!);
        mutated = lines.join("\n");
        break;
      }
      default:
        mutated = before + pick(SNIPPETS, random) + cut + after;
    }
  }
  return mutated;
}

export function pick<T>(items: readonly T[], random: RandomStream): T {
  return items[Math.floor(random.next() * items.length)]!;
}
