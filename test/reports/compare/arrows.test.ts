import assert from "node:assert/strict";
import { test } from "node:test";
import { LIGHT } from "../../../reports/base/theme.ts";
import { frontierArrows } from "../../../reports/compare/arrows.ts";
import { COMPARISON_CHARTS } from "../../../reports/compare/charts.ts";
import { compareRuns } from "../../../simulator/compare/compare.ts";
import type { RunResult } from "../../../simulator/experiment/result.ts";
import { fixture } from "../fixture.ts";

/** A run whose p95 and cost are those of the fixture times factors. */
function scaled(label: string, slower: number, dearer: number) {
  const result = fixture({ strategies: ["single", "other"] });
  const times = ({ value }: { readonly value: number | null }, factor: number) => ({
    value: value! * factor,
    low: null,
    high: null,
    n: 1,
  });
  const strategies = result.strategies.map((one) => {
    const { cost, e2eMs } = one.total;
    const own = cost[result.billing];
    const priced = { ...cost, [result.billing]: { ...own, usdPer1kServed: times(own.usdPer1kServed, dearer) } };
    return { ...one, total: { ...one.total, cost: priced, e2eMs: { ...e2eMs, p95: times(e2eMs.p95, slower) } } };
  });
  return { label, result: { ...result, strategies } as RunResult };
}

interface Arrows {
  readonly width: number;
  readonly layer: readonly { readonly mark: { readonly angle?: number; readonly text?: string } }[];
}

function drawn(slower: number, dearer: number): Arrows {
  const runs = [scaled("a", 1, 1), scaled("b", slower, dearer)];
  const comparison = { ...compareRuns(runs), gates: [] };
  const results = runs.map(({ result }) => result);
  return frontierArrows.spec({ comparison, results }, LIGHT) as unknown as Arrows;
}

const anglesOf = ({ layer }: Arrows) => layer.flatMap(({ mark }) => mark.angle ?? []);

test("each arrow points to where its strategy went: up is slower, right is dearer", () => {
  const near = (angles: readonly number[], wanted: number) =>
    assert.ok(angles.length === 2 && angles.every((angle) => Math.abs(angle - wanted) < 1e-9), angles.join());
  near(anglesOf(drawn(2, 1)), 0);
  near(anglesOf(drawn(1, 2)), 90);
  near(anglesOf(drawn(0.5, 1)), 180);
  near(anglesOf(drawn(1, 0.5)), -90);
});

test("each is named once, and fits a telephone, as all pictures of a comparison do", () => {
  const spec = drawn(1.01, 1.01);
  const names = spec.layer.flatMap(({ mark }) => mark.text ?? []);
  assert.deepEqual(names, ["B single", "B other"]);
  assert.ok(spec.width <= 560);
  assert.ok(COMPARISON_CHARTS.includes(frontierArrows));
});
