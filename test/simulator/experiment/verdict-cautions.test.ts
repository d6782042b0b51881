import assert from "node:assert/strict";
import { it } from "node:test";
import { openText, troubleText } from "../../../simulator/experiment/verdict-cautions.ts";
import { classOf, strategyOf } from "./answers.ts";

it("throttling and failures are told though the objective is kept; of several strategies the range", () => {
  const total = (name: string, throttled: number, failed: number) => {
    const one = strategyOf(name, { a: { failed, throttled } });
    return { ...one, total: { ...one.total, throttledAttemptShare: one.byClass[0]!.throttledAttemptShare } };
  };
  const promised = [classOf("a", 6000)];
  assert.equal(troubleText(promised, [total("x", 0.009, 0.0009)]), "");
  assert.equal(troubleText(promised, [total("x", 0.259, 0)]), "Under x 25.9 % of the attempts are throttled.");
  assert.equal(
    troubleText(promised, [total("x", 0, 0), total("y", 0.026, 0.006)]),
    "Under x and y 0–2.6 % of the attempts are throttled and 0–0.6 % of the requests fail.",
  );
  assert.equal(
    troubleText([classOf("a", null)], [total("x", 0.02, 0.03)]),
    "Under x 2 % of the attempts are throttled.",
    "what is served where nothing is promised has been told",
  );
});

it("of objectives that are not shown to be kept three are told, and further ones counted", () => {
  const wide = { within: [0.93, 0.94, 0.95, 0.96, 0.97] };
  const textOf = (names: readonly string[]) =>
    openText(
      names.map((name) => classOf(name, 6000)),
      strategyOf("x", Object.fromEntries(names.map((name) => [name, wide]))),
    );
  const one = (name: string) => `that ${name} keeps its objective (95 % interval of the share 93–97 %)`;
  assert.equal(textOf(["a"]), `Not certain: ${one("a")}.`);
  const all = `Not certain: ${one("a")}, ${one("b")}, ${one("c")} and the same of 2 more classes.`;
  assert.equal(textOf(["a", "b", "c", "d", "e"]), all);
});
