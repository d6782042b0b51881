import assert from "node:assert/strict";
import { test } from "node:test";
import { stripVTControlCharacters } from "node:util";
import { renderTerminal } from "../../../reports/text/terminal.ts";
import { FIXTURES } from "../charts/charts.ts";
import { fixture } from "../fixture.ts";

const plain = { colour: false, width: 80 };

for (const [name, result] of FIXTURES) {
  test(`80 columns, no control characters: ${name}`, () => {
    const text = renderTerminal(result, plain);
    for (const line of text.split("\n")) assert.ok([...line].length <= 80, line);
    assert.equal(stripVTControlCharacters(text), text);
    assert.doesNotMatch(text.replaceAll("\n", ""), /\p{Cc}|NaN|undefined/u);
  });
}

test("baseline first, a word for each difference shown, ~ for the others", () => {
  const lines = renderTerminal(fixture(), plain).split("\n");
  const header = lines.findIndex((line) => line.startsWith("Strategy"));
  assert.match(lines[header + 1]!, /^\s+s\s+s\s+s/, "units in the header");
  assert.match(lines[header + 2]!, /^single-us-east-1 .*baseline +baseline$/);
  const row = (name: string) => lines.find((line) => line.startsWith(`${name} `))!;
  assert.match(row("round-robin"), /better 31% +worse 1%$/);
  assert.match(row("priority"), /better 19% +~$/);
  assert.match(row("cheapest"), /worse 22% better 13%$/);
});

test("colour only repeats what the text says", () => {
  const coloured = renderTerminal(fixture(), { ...plain, colour: true });
  assert.notEqual(coloured, renderTerminal(fixture(), plain));
  assert.equal(stripVTControlCharacters(coloured), renderTerminal(fixture(), plain));
});

test("a wider terminal gives the name its room; a narrower one is treated as 80", () => {
  const name = "cheapest-within-p95-of-4-seconds";
  const result = fixture({ strategies: ["a", name] });
  assert.ok(renderTerminal(result, { colour: false, width: 120 }).includes(`${name} `));
  assert.equal(renderTerminal(result, { colour: false, width: 20 }), renderTerminal(result, plain));
});

test("unstable strategies, missing replications and failed assertions are said in text", () => {
  const text = renderTerminal({ ...fixture({ unstable: ["cheapest"] }), replications: { asked: 20, done: 10 } }, plain);
  assert.match(text, /^! cheapest /m);
  assert.match(text, /! cheapest is unstable: the backlog grew/);
  assert.match(text, /10 replications \(20 were asked for\)/);
  assert.match(text, /^FAILED {2}saving/m);
});

test("a long name goes on below, broken between its words", () => {
  const names = ["a", "primary + fallbacks", "cheapest-within-p95-of-4-seconds", "x".repeat(40)];
  const lines = renderTerminal(fixture({ strategies: names }), plain).split("\n");
  const name = (line: string) => line.slice(0, 17).trimEnd();
  const from = lines.findIndex((line) => name(line) === "primary +");
  assert.deepEqual(lines.slice(from, from + 9).map(name), [
    "primary +",
    "  fallbacks",
    "cheapest-within-",
    "  p95-of-4-",
    "  seconds",
    "x".repeat(17),
    `  ${"x".repeat(15)}`,
    `  ${"x".repeat(8)}`,
    "",
  ]);
});
