import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { LIGHT } from "../../../../reports/base/theme.ts";
import { p95OverDay } from "../../../../reports/charts/hourly.ts";
import { latencyPercentiles } from "../../../../reports/charts/latency-percentiles.ts";
import { perClass } from "../../../../reports/charts/parts/per-class.ts";
import type { RunResult } from "../../../../simulator/experiment/result.ts";
import { classKept, fixture } from "../../fixture.ts";
import { namesIn } from "../charts.ts";

const kept = classKept(fixture({ strategies: ["a", "b"], classes: ["chat", "code", "batch"], hours: 6 }));
const panels = (chart = p95OverDay, result: RunResult = kept) =>
  (chart.spec(result, LIGHT) as unknown as { vconcat?: readonly { readonly layer: readonly Drawn[] }[] }).vconcat;
interface Drawn {
  readonly name?: string;
  readonly data: { readonly values: readonly { readonly value: number }[] };
}

describe("a chart by class", () => {
  it("has a panel for each class that shows what the record has of it, and no name twice", () => {
    for (const [c, { layer }] of panels()!.entries())
      for (const [s, strategy] of kept.strategies.entries()) {
        const line = layer.find(({ name }) => name === `strategy_${s}_class_${c}_line`)!;
        const { value } = strategy.classLatency![c]!.hours[3]!.e2eMsP95;
        assert.ok([1, 1000].some((unit) => Math.abs(line.data.values[3]!.value * unit - value!) < 1e-6));
      }
    for (const chart of [p95OverDay, latencyPercentiles]) {
      const names = namesIn(chart.spec(kept, LIGHT));
      assert.deepEqual(names.length, new Set(names).size);
      assert.equal(panels(chart)!.length, 3);
    }
  });

  it("speaks of the class of the verdict, and its table has every class", () => {
    const chart = p95OverDay;
    assert.match(chart.heading(kept).title, /^chat: p95 E2E latency of a /);
    assert.doesNotMatch(chart.heading(kept).subtitle, /all classes together/);
    const { columns, rows } = chart.table(kept);
    assert.deepEqual([columns[0]!.label, rows.length], ["Class", 3 * 2 * 6]);
    assert.equal(rows.at(-1)!.cells[0]!.text, "batch");
  });

  it("changes nothing when it is done twice", () => {
    assert.deepEqual(perClass(p95OverDay).spec(kept, LIGHT), p95OverDay.spec(kept, LIGHT));
  });

  it("is the chart of all requests where the record does not keep classes apart, or they are alike", () => {
    const older = fixture({ strategies: ["a", "b"], hours: 6 });
    assert.equal(panels(p95OverDay, older), undefined);
    const alike = kept.classes.map((one) => ({ ...one, sloE2eMs: 6_000, sloTtftMs: null, deferrable: false }));
    assert.equal(panels(p95OverDay, { ...kept, classes: alike }), undefined);
  });

  it("leaves out a class without a request, by name", () => {
    const [first, ...others] = kept.strategies[0]!.classLatency!;
    const none = { value: null, low: null, high: null, n: 0 };
    const empty = { ...first!, hours: first!.hours.map((hour) => ({ ...hour, served: 0, e2eMsP95: none })) };
    const strategies = kept.strategies.map((one) => ({ ...one, classLatency: [empty, ...others] }));
    const chart = p95OverDay;
    assert.equal(panels(chart, { ...kept, strategies })!.length, 2);
    assert.match(chart.heading({ ...kept, strategies }).subtitle, /not drawn: chat/);
  });
});
