import assert from "node:assert/strict";
import { test } from "node:test";
import { stripVTControlCharacters } from "node:util";
import { renderMarkdown } from "../../../reports/text/markdown.ts";
import { renderTerminal } from "../../../reports/text/terminal.ts";
import { percentText } from "../../../simulator/experiment/phrases.ts";
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
  assert.match(lines[header]!, /SLO\* +Fail +Thr\. +p50\* +p95\* +USD +USD/);
  assert.match(lines[header + 1]!, /^ +% +% +% +s +s +\/1k +\/month/, "units in the header");
  assert.match(lines[header + 2]!, /^single-us-east-1 .*baseline +baseline$/);
  const row = (name: string) => lines.find((line) => line.startsWith(`${name} `))!;
  // The baseline fails two points more: what 1,000 served cost is not of the same requests, and not judged.
  assert.match(row("round-robin"), /better 31 +more 1\.2†$/);
  assert.match(row("least-outstanding"), /[a-z]+ \S+ +(less|more) \S+†$|~†$/);
  assert.match(row("cheapest"), /worse 22 +better 13$/);
  assert.ok(lines.some((line) => line.startsWith("† = of a class at least a point more or fewer fail")));
  const { strategies, ...result } = fixture();
  const [{ byClass, total }] = strategies as [(typeof strategies)[number]];
  const failing = strategies.map((each) => ({
    ...each,
    total: { ...each.total, failedShare: total.failedShare },
    byClass: each.byClass.map((own, c) => ({ ...own, failedShare: byClass[c]!.failedShare })),
  }));
  const alike = renderTerminal({ ...result, strategies: failing }, plain);
  assert.match(alike, /^round-robin .*better 31 +worse 1\.2$/m);
  assert.ok(!alike.includes("†"));
});

test("a difference has the digits that the verdict gives it, as far as its column takes them", () => {
  const sizeOf = (relative: number) => {
    const result = fixture();
    const comparisons = result.comparisons.map((one) =>
      one.strategy === "cheapest" && one.metric === "usdPer1kServed"
        ? { ...one, verdict: "better" as const, relative: { value: relative, low: null, high: null, n: 10 } }
        : one,
    );
    const lines = renderTerminal({ ...result, comparisons }, plain).split("\n");
    return lines
      .find((line) => line.startsWith("cheapest "))!
      .split("better ")
      .at(-1);
  };
  const inVerdict = (relative: number) =>
    percentText({ value: relative, low: null, high: null, n: 10 }, "").split(" ")[0];
  for (const relative of [-0.0654, -0.0666, -0.0996, -0.1249, -0.99, -0.0042]) {
    assert.equal(sizeOf(relative), inVerdict(relative));
  }
  assert.equal(sizeOf(-0.0004), "<.1");
});

test("no word of differences where there is nothing to compare, and of one replication what it cannot tell", () => {
  const notesOf = (over: Parameters<typeof fixture>[0]) => renderTerminal(fixture(over), plain).replaceAll("\n", " ");
  assert.match(notesOf({}), /10 replications\. .*; ~ = no difference shown\./);
  assert.match(notesOf({ replications: 1 }), /1 replication; no intervals, so no difference can be shown\. /);
  assert.match(notesOf({ replications: 1 }), /; ~ = one replication cannot tell\./);
  assert.match(notesOf({ replications: 1, strategies: ["a"] }), /1 replication; no intervals\. /);
  const renderings = [renderTerminal, renderMarkdown].map((render) => render(fixture({ strategies: ["a"] }), plain));
  for (const text of renderings) assert.doesNotMatch(text, /no difference|~ =|&#126; means/);
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

test("no digit is cut, however large a figure is", () => {
  const result = fixture({ classes: ["all"] });
  const large = { value: 123_456_789.125, low: 123_456_789.1, high: 123_456_789.2, n: 10 };
  const strategies = result.strategies.map((one) => ({
    ...one,
    total: {
      ...one.total,
      e2eMs: { ...one.total.e2eMs, p50: large, p95: large },
      failedShare: { value: 0.0495, low: 0.04949, high: 0.04951, n: 10 },
      cost: { ...one.total.cost, source: { ...one.total.cost.source, usdPer1kServed: large, usdPerMonth: large } },
    },
  }));
  const text = renderTerminal({ ...result, strategies }, plain);
  assert.doesNotMatch(text, /…/);
  assert.match(text, /123k +123k +123M +123M/);
});

test("classes have their share within the objective and p95 below, not mixed into one", () => {
  const lines = renderTerminal(fixture(), plain).split("\n");
  const from = lines.findIndex((line) => line.startsWith("By class"));
  assert.match(lines[from]!, /chat +code +batch$/);
  assert.match(lines[from + 1]!, /^ +SLO % +p95 s +SLO % +p95 s/);
  assert.ok(!renderTerminal(fixture({ classes: ["all"] }), plain).includes("By class"));
});
