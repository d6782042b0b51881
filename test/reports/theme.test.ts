import assert from "node:assert/strict";
import { test } from "node:test";
import { DARK, LIGHT, strategyStyles, THEMES } from "../../reports/theme.ts";
import { fixture } from "./fixture.ts";

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

test("every hue has a contrast of 3 and every text colour of 4.5 with its ground", () => {
  for (const theme of THEMES) {
    for (const hue of [...theme.hues, theme.baseline])
      assert.ok(contrast(hue, theme.ground) >= 3, `${theme.name} ${hue}`);
    for (const text of [theme.text, theme.muted, theme.alarm])
      assert.ok(contrast(text, theme.ground) >= 4.5, `${theme.name} ${text}`);
  }
});

test("the baseline is grey and dashed; at most four others have a hue, each with its own second cue", () => {
  const { strategies, baseline } = fixture();
  const styles = strategyStyles(strategies, baseline, LIGHT);
  assert.equal(styles[0]!.role, "baseline");
  assert.ok(styles[0]!.dash.length > 0);
  const coloured = styles.filter((style) => style.role === "highlight");
  assert.equal(coloured.length, 4);
  assert.equal(new Set(coloured.map((style) => style.colour)).size, 4);
  assert.equal(new Set(coloured.map((style) => style.shape)).size, 4);
});

test("hues go to the strategies that no other beats on both cost and p95", () => {
  const { strategies, baseline } = fixture();
  const named = new Map(
    strategyStyles(strategies, baseline, DARK).map((style, at) => [strategies[at]!.name, style.role]),
  );
  for (const unbeaten of ["least-outstanding", "cheapest", "cheapest-within-4s"]) {
    assert.equal(named.get(unbeaten), "highlight", unbeaten);
  }
});

test("an unstable strategy gets no hue while stable ones wait", () => {
  const { strategies, baseline } = fixture({ unstable: ["cheapest"] });
  const at = strategies.findIndex((one) => one.name === "cheapest");
  assert.equal(strategyStyles(strategies, baseline, LIGHT)[at]!.role, "other");
});
