import assert from "node:assert/strict";
import { it } from "node:test";
import { objectiveText, percentText, usdText } from "../../../simulator/experiment/phrases.ts";
import { standingOf } from "../../../simulator/experiment/standing.ts";
import { fasterText, leftOutTexts, objectivesText, p95Text } from "../../../simulator/experiment/verdict-parts.ts";
import { classOf, strategyOf } from "./answers.ts";

const classes = ["a", "b", "c", "d"].map((name, i) => classOf(name, i === 1 ? 8000 : 6000));
const strategies = [
  strategyOf("base", { a: { p95: 5000 }, b: { p95: 4000 } }, { usd: 5 }),
  strategyOf("x", { a: { p95: 4000, within: 0.98 }, b: { p95: 4000, within: 0.96 } }, { usd: 6 }),
];

it("classes with one objective share it; of many classes those that are kept least are named", () => {
  const serving = (within: readonly number[]) =>
    strategyOf("x", Object.fromEntries(within.map((share, i) => ["abcd"[i]!, { within: share }])));
  const both = [serving([0.97, 0.98, 0.96]), serving([0.97, 0.981, 0.99])];
  assert.equal(objectivesText(classes.slice(0, 3), both, ["a", "c"]), "97 % of a and 96–99 % of c within 6 s");
  assert.equal(
    objectivesText(classes, [serving([0.99, 0.98, 0.97, 0.96])], ["a", "b", "c", "d"]),
    "96 % of d and 97 % of c within 6 s and 98 % of b within 8 s, 1 more class better",
  );
});

it("p95 says of each class what the paired interval shows against the baseline", () => {
  const input = { strategies, classes: classes.slice(0, 2), billing: "source" as const };
  assert.equal(p95Text(input, strategies[0]!, ["a", "b"]), "; p95 of a 5.00 s and of b 4.00 s");
  assert.equal(
    p95Text(input, strategies[1]!, ["a", "b"]),
    "; p95 of a 4.00 s, 20 % lower than with base; of b 4.00 s, not shown to differ from that of base",
  );
});

it("p95 is told of three classes, and further ones are counted", () => {
  const many = ["a", "b", "c", "d", "e"].map((name) => classOf(name, null));
  const one = (name: string, ms: number) =>
    strategyOf(name, Object.fromEntries(many.map((each) => [each.name, { p95: ms }])));
  const textOf = (count: number, chosen: number) => {
    const all = [one("base", 5000), one("x", 4000)];
    const input = { strategies: all, classes: many.slice(0, count), billing: "source" as const };
    return p95Text(input, all[chosen]!, ["a", "b", "c", "d", "e"]);
  };
  assert.equal(textOf(3, 0), "; p95 of a 5.00 s, of b 5.00 s and of c 5.00 s");
  assert.equal(textOf(4, 0), "; p95 of a 5.00 s, of b 5.00 s and of c 5.00 s; of 1 more class in the report");
  assert.match(textOf(5, 1), /of c 4\.00 s, 20 % lower than with base; of 2 more classes in the report$/);
});

it("p95 is called lower only where the interval for all strategies at once shows it, as in the table", () => {
  // A mean difference of -800 ms, standard error 141.4; Student's t of four degrees, by its closed form, is 2.776 for one
  // comparison, so ±393 ms, and 7.461 for 29 (0.025 / 29 on each side), so ±1,055 ms.
  const quicker = (name: string) => strategyOf(name, { a: { p95: [4000, 4400, 3800, 4600, 4200] } }, { usd: 5 });
  const textOf = (others: number) => {
    const names = Array.from({ length: others }, (_, i) => `x${i}`);
    const all = [strategies[0]!, ...names.map(quicker)];
    const input = { strategies: all, classes: classes.slice(0, 1), billing: "source" as const };
    return [p95Text(input, all[1]!, ["a"]), fasterText(input, all[0]!, all).name];
  };
  assert.deepEqual(textOf(1), ["; p95 of a 4.20 s, 16 % (8–24 %) lower than with base", "x0"]);
  assert.deepEqual(textOf(29), ["; p95 of a 4.20 s, not shown to differ from that of base", null]);
});

it("a sound strategy that is shown to be faster is named with what it costs", () => {
  const input = { strategies, classes: classes.slice(0, 1), billing: "source" as const };
  assert.deepEqual(fasterText(input, strategies[0]!, strategies), {
    text: "Faster, for 20 % more money: x (p95 of a 4.00 s).",
    name: "x",
    figure: "p95 of a 4.00 s",
  });
  assert.equal(fasterText(input, strategies[1]!, strategies).name, null);
});

it("who gains in one class what another loses is not faster", () => {
  const input = { strategies, classes: classes.slice(0, 2), billing: "source" as const };
  const mixed = strategyOf("y", { a: { p95: 4000, within: 0.98 }, b: { p95: 4500, within: 0.96 } }, { usd: 6 });
  const hardly = strategyOf("z", { a: { p95: 5000, within: 0.98 }, b: { p95: 3000, within: 0.96 } }, { usd: 5 });
  assert.equal(fasterText(input, strategies[0]!, [...strategies.slice(0, 1), mixed]).name, null);
  assert.equal(
    fasterText(input, strategies[0]!, [...strategies.slice(0, 1), mixed, hardly]).text,
    "Faster, at a cost not shown to differ: z (p95 of b 3.00 s).",
  );
});

it("what is left out stands with its reason, three names at most", () => {
  const missing = ["p", "q", "r", "s"].map((name) => strategyOf(name, { a: { within: 0.5 } }));
  const standings = missing.map((each) => standingOf(each, classes.slice(0, 1)));
  const [text] = leftOutTexts(classes.slice(0, 1), standings, { strategies: missing, pool: [], sound: [] }).filter(
    (each) => each !== "",
  );
  assert.equal(
    text,
    "Left out because they miss 95 %: p (50 % of a within 6 s); q (50 % of a within 6 s); r (50 % of a within 6 s) and 1 more.",
  );
});

it("amounts and differences have no more digits than a reader needs", () => {
  assert.equal(usdText(97_312), "USD 97,300");
  assert.equal(usdText(0.0412), "USD 0.0412");
  assert.equal(percentText({ value: -0.27, low: -0.47, high: -0.08, n: 5 }, "lower"), "27 % (8–47 %) lower");
  assert.equal(percentText({ value: 0.2, low: 0.2, high: 0.2, n: 5 }, "more"), "20 % more");
});

it("an objective names its limits; one of the first token alone reads as a phrase", () => {
  assert.equal(objectiveText({ sloE2eMs: 15_000, sloTtftMs: 3000 }), "within 15 s, the first token within 3 s");
  assert.equal(objectiveText({ sloE2eMs: null, sloTtftMs: 2000 }), "with the first token within 2 s");
});
