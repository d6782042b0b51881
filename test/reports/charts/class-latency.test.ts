import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { LIGHT } from "../../../reports/base/theme.ts";
import { classLatency } from "../../../reports/charts/class-latency.ts";
import type { RunResult } from "../../../simulator/experiment/result.ts";
import { fixture } from "../fixture.ts";

interface Panel {
  readonly name: string;
  readonly layer: readonly {
    readonly name?: string;
    readonly mark: { readonly type: string };
    readonly data: { readonly values: readonly { readonly ms?: number; readonly value?: number }[] };
  }[];
}
const panels = (result: RunResult) =>
  (classLatency.spec(result, LIGHT) as unknown as { vconcat: readonly Panel[] }).vconcat;

describe("the chart of classes", () => {
  const result = fixture({ strategies: ["a", "b"], classes: ["chat", "batch"] });

  it("has a panel for each class, with each strategy's p95 as in the record", () => {
    const drawn = panels(result);
    assert.deepEqual(
      drawn.map(({ name }) => name),
      ["class_0_panel", "class_1_panel"],
    );
    drawn.forEach(({ layer }, c) => {
      const marks = layer.filter(({ name }) => name?.endsWith("_mark"));
      marks.forEach(({ data }, s) => {
        const p95 = result.strategies[s]!.byClass[c]!.e2eMs.p95.value!;
        const shown = data.values[0]!.ms!;
        assert.ok(
          [p95, p95 / 1_000].some((ms) => Math.abs(shown - ms) < 1e-9),
          `${shown} of ${p95}`,
        );
      });
    });
  });

  it("counts in its title the strategies within each limit", () => {
    const classes = result.classes.map((one, at) => ({ ...one, sloE2eMs: at === 0 ? 1e9 : null }));
    assert.equal(
      classLatency.heading({ ...result, classes }).title,
      "p95 is within the limit: chat under 2 of 2 strategies",
    );
    assert.equal(
      classLatency.heading({ ...result, classes: classes.map((one) => ({ ...one, sloE2eMs: null })) }).title,
      "No class has an objective for its length",
    );
  });

  it("draws no mark where so many failed that there is no p95, and the table says none", () => {
    const strategies = result.strategies.map((one) => ({
      ...one,
      byClass: one.byClass.map((group) => ({ ...group, failedShare: { ...group.failedShare, value: 0.5 } })),
    }));
    const failing = { ...result, strategies };
    assert.ok(
      panels(failing).every(({ layer }) =>
        layer.filter(({ name }) => name?.endsWith("_mark")).every(({ data }) => data.values.length === 0),
      ),
    );
    assert.ok(classLatency.table(failing).rows.every(({ cells }) => cells[2]!.text === "none"));
  });

  it("is not drawn for one class", () => {
    assert.match(classLatency.absence(fixture({ classes: ["chat"] }))!, /one class/);
    assert.equal(classLatency.absence(result), undefined);
  });
});
