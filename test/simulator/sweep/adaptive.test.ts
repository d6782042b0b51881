import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { quantileSorted } from "simple-statistics";
import { tInterval } from "../../../simulator/base/statistics.ts";
import { KeyedRandom } from "../../../simulator/random/keyed-random.ts";
import { nextPoints, openCrossings } from "../../../simulator/sweep/adaptive.ts";
import { analyse, axisValue } from "../../../simulator/sweep/analysis.ts";
import { parseRange, type SweepFile } from "../../../simulator/sweep/job.ts";
import { SWEEP_METRICS, type SweepMetric, type SweepRow } from "../../../simulator/sweep/points.ts";

const OBJECTIVE = 4;
const question = { metric: "p95", group: "chat", objective: OBJECTIVE, p95LimitMs: null } as const;
/** M/M/1 of service rate 1: the sojourn is exponential of rate 1 - load, so p95 is ln 20 / (1 - load). */
const CROSSING = 1 - Math.log(20) / OBJECTIVE;
/** Power, load over p95, is load (1 - load) / ln 20. */
const KNEE = 0.5;

/** p95 of the sojourn in one replication, by Lindley's recursion; the same seed draws the same customers at any load. */
function replicationP95(load: number, seed: number): number {
  const random = new KeyedRandom(seed, "queue");
  random.seek(0, 0);
  let wait = 0;
  const sojourns: number[] = [];
  for (let i = 0; i < 2_500; i++) {
    const service = -Math.log(1 - random.next());
    if (i >= 500) sojourns.push(wait + service);
    wait = Math.max(0, wait + service + Math.log(1 - random.next()) / load);
  }
  return quantileSorted(Float64Array.from(sojourns).sort() as unknown as number[], 0.95);
}

function rowAt(point: number, value: unknown, replications: number, seed: number): SweepRow {
  const load = axisValue(value)!;
  const runs = Array.from({ length: replications }, (_, r) => replicationP95(load, seed * 1000 + r));
  const p95 = tInterval(runs);
  const metrics = Object.fromEntries(SWEEP_METRICS.map((metric) => [metric, p95])) as Record<SweepMetric, typeof p95>;
  const failed = { value: 0, low: 0, high: 0, n: replications };
  return { point, values: [value], strategy: "s", group: "chat", isUnstable: false, metrics: { ...metrics, failed } };
}

function sweepOf(range: string, tolerance: number, pointsMax = 64): SweepFile {
  const factor = parseRange("traffic.arrivals.poisson", range)!;
  const step = (factor.to - factor.from) / (factor.steps - 1);
  const jobs = Array.from({ length: factor.steps }, (_, i) => ({
    key: `0-${i}`,
    values: [`${Number((factor.from + i * step).toPrecision(12))}${factor.unit}`],
  }));
  return {
    ...{ schemaVersion: 2, meridianVersion: "0", name: "q", scenarioYaml: "", scenarioFile: "q.yaml", design: "grid" },
    ...{ seed: 1, factors: [factor], baseline: "s", classes: [], jobs },
    adaptive: { questions: [question], tolerance, pointsMax },
  };
}

/** All rounds, as a command runs them. */
function finish(start: SweepFile, seed: number, replications = 5) {
  let sweep = start;
  const rows: SweepRow[] = [];
  for (let round = 0; round < 40; round++) {
    for (const [point, job] of sweep.jobs.entries())
      if (point >= rows.length) rows.push(rowAt(point, job.values[0], job.replications ?? replications, seed));
    const next = nextPoints(sweep, rows);
    if (next.length === 0) return { sweep, rows, curve: analyse(sweep, rows, question).curves[0]!, rounds: round };
    sweep = { ...sweep, jobs: [...sweep.jobs, ...next.map((point, i) => ({ key: `${round}-${i}x`, ...point }))] };
  }
  throw new Error("it does not end");
}

describe("points that are added where the answer lies", () => {
  it("narrow the crossing and the knee of M/M/1 to where the closed forms have them", () => {
    let covered = 0;
    const seeds = Array.from({ length: 10 }, (_, i) => i + 1);
    for (const seed of seeds) {
      const { sweep, rows, curve } = finish(sweepOf("0.1/s..0.9/sx5", 0.2), seed);
      assert.deepEqual(openCrossings(sweep, rows), []);
      const { low, high, load } = curve.crossing!;
      assert.ok(high! - low! <= 0.2 * load! + 1e-9, `${low} to ${high}`);
      if (low! <= CROSSING && CROSSING <= high!) covered++;
      assert.ok(curve.knee!.low <= KNEE && KNEE <= curve.knee!.high, `knee ${JSON.stringify(curve.knee)}`);
    }
    // 95 % each; a chance of about one in a thousand to have fewer than 7 of 10.
    assert.ok(covered >= 7, `covers ${covered} of ${seeds.length}`);
  });

  it("close gaps first, then run noisy points again with more replications", () => {
    const { sweep } = finish(sweepOf("0.1/s..0.9/sx5", 0.1), 3);
    const added = sweep.jobs.slice(5);
    const firstAgain = added.findIndex(({ replications }) => replications !== undefined);
    assert.ok(firstAgain > 0, "some gap was halved before");
    assert.equal(added[firstAgain]!.replications, 10);
    assert.match(String(added[0]!.values[0]), /\/s$/, "a value is written as the scenario takes it");
  });

  it("are the same each time, and at most as many as are allowed; what stays open is named", () => {
    const start = sweepOf("0.1/s..0.9/sx5", 0.01, 9);
    const [once, twice] = [finish(start, 5), finish(start, 5)];
    assert.deepEqual(once.sweep.jobs, twice.sweep.jobs);
    assert.equal(once.sweep.jobs.length, 9);
    const [open] = openCrossings(once.sweep, once.rows);
    assert.deepEqual([open!.strategy, open!.group], ["s", "chat"]);
    assert.ok(open!.width > 0.01);
  });

  it("are none where nothing is crossed and no knee lies within, or no rule asks for them", () => {
    const flat = sweepOf("0.05/s..0.1/sx3", 0.05);
    assert.equal(finish(flat, 1).sweep.jobs.length, 3);
    assert.deepEqual(nextPoints({ ...flat, adaptive: null }, []), []);
    assert.deepEqual(openCrossings({ ...flat, adaptive: null }, []), []);
  });
});
