import assert from "node:assert/strict";
import { test } from "node:test";
import { MeridianError } from "../../../simulator/base/errors.ts";
import { strategyFromSource } from "../../../simulator/client/own-strategy.ts";
import { deferUntil } from "../../../simulator/client/strategy.ts";
import { contextOf, outcomeOf, requestOf, setEligible, uniforms, viewOf } from "../strategies/fixtures.ts";

const context = contextOf("a", "b", "c");

/** A script as a bundler writes it. */
const script = (choose: string, more = "") =>
  `var exported = { mine: { name: "mine", summary: "Mine.", options: {}, signals: [], create: () => ({ choose: ${choose}${more} }) } };`;

function choiceOf(choose: string, nowMs = 1_000, more = ""): number {
  const view = viewOf(context);
  setEligible(view, [0, 2]);
  return strategyFromSource(script(choose, more), "mine.ts")
    .create({}, context)
    .choose(requestOf(), view, nowMs, uniforms(0.5));
}

const refusalOf = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof MeridianError && error.kind === "usage", String(error));
    return error.message;
  }
  return "";
};

test("a script's strategy decides; the same code is made once", () => {
  assert.equal(choiceOf("(_, { eligible }) => eligible[1]"), 2);
  assert.equal(choiceOf("(r, t, nowMs) => -1 - (nowMs + 500)"), deferUntil(1_500));
  assert.equal(choiceOf("() => -Infinity"), Number.NEGATIVE_INFINITY);
  assert.equal(strategyFromSource(script("() => 0"), "mine.ts"), strategyFromSource(script("() => 0"), "other.ts"));
});

test("a choice that is not an eligible target and no later instant is refused, with what there was", () => {
  for (const choice of ["1", "3", "0.5", "NaN", "undefined", "-1 - 999"]) {
    const message = refusalOf(() => choiceOf(`() => ${choice}`));
    assert.match(message, /^STRATEGY_BAD_CHOICE {2}strategy mine.ts: it returned .* at 1000 ms/, choice);
    assert.match(message, /eligible, here 0, 2/);
  }
});

test("code that fails, or asks for chance or a clock of its own, is named with its file", () => {
  assert.match(
    refusalOf(() => choiceOf("() => { throw new Error('no') }")),
    /mine.ts: choose fails: Error: no/,
  );
  assert.match(
    refusalOf(() => choiceOf("() => Math.floor(2 * Math.random())")),
    /calls Math.random[\s\S]*random.next\(\)/,
  );
  assert.equal(choiceOf("() => Math.max(0, -1)"), 0, "the rest of Math is there");
  for (const global of ["Date.now()", "performance.now()", "process.pid", "globalThis.x"]) {
    assert.match(
      refusalOf(() => choiceOf(`() => ${global}`)),
      /STRATEGY_FILE .*choose fails: TypeError/,
      global,
    );
  }
  const own = strategyFromSource(script("() => 0", ", observe() { throw new Error('late') }"), "mine.ts");
  const strategy = own.create({}, context);
  assert.match(
    refusalOf(() => strategy.observe!(outcomeOf(0, "ok", 0))),
    /observe fails: Error: late/,
  );
});

test("a module without a strategy, a broken one and a wrong definition are refused", () => {
  const refused = (source: string) => refusalOf(() => strategyFromSource(source, "mine.ts"));
  assert.match(refused("var exported = { one: 1, two: 2 };"), /exports no strategy \(it exports one, two\)/);
  assert.match(refused("var exported = (;"), /its code fails when it is loaded: SyntaxError/);
  assert.match(refused(script("() => 0").replace('"mine"', '"My Rule"')), /STRATEGY_DEFINITION .*not lower case/);
  const bare = 'var exported = { default: { name: "m", summary: "M.", options: {}, signals: [], create: () => 7 } };';
  assert.match(
    refusalOf(() => strategyFromSource(bare, "mine.ts").create({}, context)),
    /create returns no object/,
  );
});
