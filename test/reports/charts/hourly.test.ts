import assert from "node:assert/strict";
import { test } from "node:test";
import { LIGHT, strategyStyles } from "../../../reports/base/theme.ts";
import { p95OverDay, ttftOverDay } from "../../../reports/charts/hourly.ts";
import { EDGES, fixture } from "../fixture.ts";

for (const { chart, latency } of [
  { chart: p95OverDay, latency: "e2eMs" as const },
  { chart: ttftOverDay, latency: "ttftMs" as const },
]) {
  test(`${chart.id}: the table holds the hourly p95 of every strategy, in ms`, () => {
    const result = fixture();
    const { rows } = chart.table(result);
    assert.equal(rows.length, 8 * 24);
    const row = rows[3 * 24 + 7]!;
    assert.equal(row.cells[0]!.text, result.strategies[3]!.name);
    assert.equal(row.cells[1]!.text, "07:00 UTC");
    assert.equal(row.cells[2]!.value, result.strategies[3]!.byHour[7]![latency].p95.value);
  });

  test(`${chart.id}: names the baseline's extreme hours only when their intervals lie apart`, () => {
    assert.match(chart.heading(fixture()).title, /swings between .* \(03:00 UTC\) and .* \(1[3-6]:00 UTC\)/);
    const result = fixture();
    const [baseline, ...others] = result.strategies;
    const vague = baseline!.byHour.map((hour) => ({
      ...hour,
      [latency]: { ...hour[latency], p95: { ...hour[latency].p95, low: 0, high: 1e6 } },
    }));
    const strategies = [{ ...baseline!, byHour: vague }, ...others];
    assert.match(chart.heading({ ...result, strategies }).title, /is not shown to change over the day/);
  });
}

interface Drawn {
  readonly name?: string;
  readonly data: { readonly values: { readonly at: number; readonly value: number }[] };
}

const layersOf = (result = fixture()) => (p95OverDay.spec(result, LIGHT) as unknown as { layer: Drawn[] }).layer;

test("each hour is drawn at its middle with the recorded value in the axis unit", () => {
  const result = fixture();
  const line = layersOf(result).find((layer) => layer.name === "strategy_2_line")!;
  assert.equal(line.data.values.length, 24);
  assert.equal(line.data.values[5]!.at, Date.UTC(2026, 4, 4, 5, 30));
  assert.equal(line.data.values[5]!.value, result.strategies[2]!.byHour[5]!.e2eMs.p95.value! / 1000);
});

test("bands for all but the thin grey lines, and none without intervals", () => {
  const result = fixture();
  const roles = strategyStyles(result, LIGHT).map((style) => style.role);
  const bands = (layers: Drawn[]) => layers.filter((layer) => layer.name?.endsWith("_band")).length;
  assert.equal(bands(layersOf(result)), roles.filter((role) => role !== "other").length);
  assert.equal(bands(layersOf(EDGES["one replication"]!)), 0);
});

test("one hour is a point, since a line needs two", () => {
  const names = layersOf(EDGES["one short hour"]!).map((layer) => layer.name);
  assert.ok(names.includes("strategy_0_point") && !names.includes("strategy_0_line"));
});

test("a run that served some requests, but too few for a p95, is not said to have served none", () => {
  const result = fixture();
  const without = result.strategies.map((one) => ({
    ...one,
    byHour: one.byHour.map((hour) => ({
      ...hour,
      e2eMs: { ...hour.e2eMs, p95: { ...hour.e2eMs.p95, value: null } },
    })),
  }));
  assert.match(p95OverDay.absence({ ...result, strategies: without })!, /^There is no p95 to show: too few/);
});

test("the title is about the strategy that the verdict prefers", () => {
  const result = fixture();
  const other = result.strategies[2]!.name;
  assert.ok(p95OverDay.heading({ ...result, recommended: other }).title.includes(` of ${other} `));
});

test("the title of a long run is about the slowest hour of each block, as the table is", () => {
  const result = fixture({ hours: 400, strategies: ["a", "b"], classes: ["chat"] });
  const { rows } = p95OverDay.table(result);
  const own = rows.filter(({ cells }) => cells[0]!.text === "a").map(({ cells }) => cells);
  const ordered = own.toSorted((a, b) => Number(a[2]!.value) - Number(b[2]!.value));
  const found = /^p95 E2E latency of a, the slowest hour of each 3, swings between .* \((.*)\) and .* \((.*)\);/.exec(
    p95OverDay.heading(result).title,
  );
  assert.deepEqual(found?.slice(1), [ordered[0]![1]!.text, ordered.at(-1)![1]!.text]);
  // The fast hours within blocks, which are not drawn, would lie apart from all the slow ones.
  const [least] = ordered;
  const low = Number(least![2]!.value) - 1;
  const strategies = result.strategies.map((one) => ({
    ...one,
    byHour: one.byHour.map((hour) => ({ ...hour, e2eMs: { ...hour.e2eMs, p95: { ...hour.e2eMs.p95, low } } })),
  }));
  assert.match(
    p95OverDay.heading({ ...result, strategies }).title,
    /^p95 E2E latency of a, the slowest hour of each 3, is not shown to change;/,
  );
  const week = fixture({ hours: 168, strategies: ["a", "b"], classes: ["chat"] });
  assert.match(p95OverDay.heading(week).title, /^p95 E2E latency of a swings between /);
});
