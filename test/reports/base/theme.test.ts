import assert from "node:assert/strict";
import { test } from "node:test";
import { DARK, LIGHT, strategyStyles, THEMES } from "../../../reports/base/theme.ts";
import type { RunResult } from "../../../simulator/experiment/result.ts";
import { fixture, STRATEGIES } from "../fixture.ts";

/** Relative luminance and contrast: WCAG 2.2, written out again here as an independent check. */
function contrast(one: string, other: string): number {
  const luminance = (hex: string) => {
    const [r, g, b] = [1, 3, 5]
      .map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255)
      .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
  };
  const [high, low] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (high! + 0.05) / (low! + 0.05);
}

test("every hue has a contrast of 3 and every text colour of 4.5 with its background", () => {
  for (const theme of THEMES) {
    for (const hue of [...theme.hues, theme.baseline])
      assert.ok(contrast(hue, theme.background) >= 3, `${theme.name} ${hue}`);
    for (const text of [theme.text, theme.muted, theme.alarm])
      assert.ok(contrast(text, theme.background) >= 4.5, `${theme.name} ${text}`);
  }
});

test("the baseline is grey and dashed; at most four others have a hue, each with its own second cue", () => {
  const styles = strategyStyles(fixture(), LIGHT);
  assert.equal(styles[0]!.role, "baseline");
  assert.ok(styles[0]!.dash.length > 0);
  const coloured = styles.filter((style) => style.role === "highlight");
  assert.equal(coloured.length, 4);
  assert.equal(new Set(coloured.map((style) => style.colour)).size, 4);
  assert.equal(new Set(coloured.map((style) => style.shape)).size, 4);
});

/** The role of each strategy by its name. */
function roles(result: RunResult): ReadonlyMap<string, string> {
  return new Map(strategyStyles(result, DARK).map((style, at) => [result.strategies[at]!.name, style.role]));
}

/** The same run, in which a strategy is shown to fail more than the baseline. */
function failing(result: RunResult, name: string): RunResult {
  const comparisons = result.comparisons.map((one) =>
    one.strategy === name && one.metric === "failedShare" ? { ...one, verdict: "worse" as const } : one,
  );
  return { ...result, comparisons };
}

test("hues go to the strategies that no other beats on both cost and p95", () => {
  const named = roles(fixture());
  for (const unbeaten of ["least-outstanding", "cheapest-within-4s"]) {
    assert.equal(named.get(unbeaten), "highlight", unbeaten);
  }
});

test("the verdict's strategies have a hue, beaten or not", () => {
  for (const name of STRATEGIES.slice(1)) {
    assert.equal(roles({ ...fixture(), verdictStrategies: [name] }).get(name), "highlight", name);
  }
});

test("an unstable strategy, or one that fails more, gets no hue while sound ones wait", () => {
  assert.equal(roles(fixture({ unstable: ["cheapest"] })).get("cheapest"), "other");
  for (const name of ["cheapest", "least-outstanding"])
    assert.equal(roles(failing(fixture(), name)).get(name), "other");
});

test("the position of a strategy is under the run's own billing rule", () => {
  const result = fixture();
  const strategies = result.strategies.map((one) => {
    const { cost } = one.total;
    if (one.name !== "priority") return one;
    const usdPer1kServed = { ...cost.destination.usdPer1kServed, value: 0.01 };
    return { ...one, total: { ...one.total, cost: { ...cost, destination: { ...cost.destination, usdPer1kServed } } } };
  });
  assert.equal(roles({ ...result, strategies }).get("priority"), "other");
  assert.equal(roles({ ...result, strategies, billing: "destination" }).get("priority"), "highlight");
});

test("the strategy that the verdict recommends has a hue, however many others it names", () => {
  const result = fixture();
  const names = result.strategies.slice(1).map(({ name }) => name);
  const last = names.at(-1)!;
  assert.equal(roles({ ...result, verdictStrategies: names, recommended: last }).get(last), "highlight");
  assert.equal(
    [...roles({ ...result, verdictStrategies: names, recommended: last }).values()].filter((role) => role !== "other")
      .length,
    5,
  );
});
