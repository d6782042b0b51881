import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { criticalT, observationsForQuantile, tInterval } from "../../../simulator/base/statistics.ts";

const ROOT = join(import.meta.dirname, "..", "..", "..");

interface StatisticsRow {
  readonly id: string;
  readonly input: Readonly<Record<string, unknown>>;
  readonly value: unknown;
  readonly tolerance_relative: number;
}

const ROWS = (
  JSON.parse(readFileSync(join(ROOT, "studies", "oracles", "reference.json"), "utf8")) as {
    readonly statistics_rows: readonly StatisticsRow[];
  }
).statistics_rows;

function row(id: string): StatisticsRow {
  const found = ROWS.find((each) => each.id === id);
  assert.ok(found, `row ${id}`);
  return found;
}

function near(got: number, expected: number, relative: number): void {
  assert.ok(Math.abs(got / expected - 1) <= relative, `${got} is not ${expected}`);
}

describe("statistics rows of the reference file that reports use", () => {
  it("t-ci: mean and half width over ten replications", () => {
    const { input, value, tolerance_relative } = row("t-ci");
    const { mean, half_width } = value as { mean: number; half_width: number };
    const estimate = tInterval(input.x as number[]);
    near(estimate.value!, mean, tolerance_relative);
    near(estimate.high! - estimate.value!, half_width, tolerance_relative);
    near(estimate.value! - estimate.low!, half_width, tolerance_relative);
  });

  it("bonf: critical t for all pairs of ten strategies", () => {
    const { input, value, tolerance_relative } = row("bonf");
    const { k, n } = input as { k: number; n: number };
    near(criticalT(n, (k * (k - 1)) / 2), value as number, tolerance_relative);
  });

  it("os-min: fewest observations for an interval of p99", () => {
    const { input, value } = row("os-min");
    assert.equal(observationsForQuantile((input as { p: number }).p), value);
  });
});
