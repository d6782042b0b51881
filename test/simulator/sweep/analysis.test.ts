import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Estimate } from "../../../simulator/base/statistics.ts";
import { KeyedRandom } from "../../../simulator/random/keyed-random.ts";
import { analyse, axisValue, isLargerBetter, rankCorrelation } from "../../../simulator/sweep/analysis.ts";
import { parseRange } from "../../../simulator/sweep/job.ts";
import { SWEEP_METRICS, type SweepMetric, type SweepRow } from "../../../simulator/sweep/points.ts";

const at = (value: number | null, half = 1): Estimate =>
  value === null ? { value, low: null, high: null, n: 0 } : { value, low: value - half, high: value + half, n: 5 };

function row(point: number, values: readonly unknown[], strategy: string, p95: Estimate, isUnstable = false): SweepRow {
  const same = Object.fromEntries(SWEEP_METRICS.map((metric) => [metric, p95])) as Record<SweepMetric, Estimate>;
  const metrics = { ...same, failed: at(p95.value === null ? 1 : 0, 0) };
  return { point, values, strategy, group: "chat", isUnstable, metrics };
}

const LOAD = parseRange("traffic.arrivals.scale", "1..4x4")!;
const SWING = parseRange("swing", "0..1x2")!;
const question = { metric: "p95", group: "chat", objective: 20, p95LimitMs: null } as const;
const jobsOf = (count: number) => Array.from({ length: count }, (_, i) => ({ key: String(i), values: [] }));

describe("what a sweep answers", () => {
  it("over one factor: where the metric crosses its objective; one that no longer exists lies beyond it", () => {
    const rows = [10, 15, 30, null].map((value, i) => row(i, [i + 1], "a", at(value)));
    const [curve] = analyse({ design: "grid", factors: [LOAD], jobs: jobsOf(4) }, rows, question).curves;
    // Linear between (2, 15) and (3, 30): 20 is a third of the way.
    assert.ok(Math.abs(curve!.crossing!.load! - (2 + 1 / 3)) < 1e-12);
    const survivors = [10, null, null, null].map((value, i) => row(i, [i + 1], "a", at(value)));
    const [falling] = analyse({ design: "grid", factors: [LOAD], jobs: jobsOf(4) }, survivors, question).curves;
    const backlog = [10, 15, 16, 17].map((value, i) => row(i, [i + 1], "a", at(value), i === 3));
    const [growing] = analyse({ design: "grid", factors: [LOAD], jobs: jobsOf(4) }, backlog, question).curves;
    assert.deepEqual(growing!.crossing, { load: 3.5, low: 3, high: 4, side: "rises" }, "a backlog is beyond, too");
    // Nothing is known between the last load with a percentile and the first without one.
    assert.deepEqual(falling!.crossing, { load: 1.5, low: 1, high: 2, side: "rises" });
  });

  it("where it is not told whether too many fail, that end of the crossing is open", () => {
    const of = (value: number | null, failed: Estimate, i: number): SweepRow => {
      const whole = row(i, [i + 1], "a", at(value));
      return { ...whole, metrics: { ...whole.metrics, failed } };
    };
    const share = (value: number, half: number): Estimate => ({ value, low: value - half, high: value + half, n: 5 });
    // p95 leaves out 5 %. At 2 the mean is below and the interval is not; at 3 the other way round; at 4 it is certain.
    const rows = [share(0, 0), share(0.04, 0.02), share(0.06, 0.02), share(0.2, 0.02)].map((failed, i) =>
      of(i < 2 ? 10 : null, failed, i),
    );
    const [curve] = analyse({ design: "grid", factors: [LOAD], jobs: jobsOf(4) }, rows, question).curves;
    assert.deepEqual(curve!.crossing, { load: 2.5, low: 1, high: 4, side: "rises" });
  });

  it("a percentile of too few requests says nothing of its objective", () => {
    const few = (i: number): SweepRow => {
      const whole = row(i, [i + 1], "a", at(null));
      return { ...whole, metrics: { ...whole.metrics, failed: at(0, 0) } };
    };
    const rows = [few(0), row(1, [2], "a", at(10)), row(2, [3], "a", at(30))];
    const [curve] = analyse({ design: "grid", factors: [LOAD], jobs: jobsOf(3) }, rows, question).curves;
    assert.deepEqual(curve!.crossing, { load: 2.5, low: 2, high: 3, side: "rises" });
    const [none] = analyse({ design: "grid", factors: [LOAD], jobs: jobsOf(2) }, [few(0), few(1)], question).curves;
    assert.deepEqual([none!.crossing, none!.knee], [null, null]);
  });

  it("of savings, the baseline is the measure, and what misses its latency does not count", () => {
    const two = (i: number, saving: number, p95: number): readonly SweepRow[] => [
      { ...row(i, [i, 0], "home", at(10)), metrics: { ...row(i, [], "home", at(10)).metrics, saving: at(0, 0) } },
      {
        ...row(i, [i, 0], "away", at(p95)),
        metrics: { ...row(i, [], "away", at(p95)).metrics, saving: at(saving, 0.01) },
      },
    ];
    const rows = [...two(1, 0.1, 12), ...two(2, -0.1, 12), ...two(3, 0.1, 30)];
    const asked = { ...question, metric: "saving", objective: null, p95LimitMs: 20 } as const;
    const { maps } = analyse({ design: "grid", factors: [LOAD, SWING], jobs: jobsOf(3) }, rows, asked);
    assert.deepEqual(
      maps[0]!.cells.map(({ best, isClear }) => [best, isClear]),
      [
        ["away", true],
        ["home", true],
        ["home", true],
      ],
    );
  });

  it("has a knee over load only, and no crossing over seeds", () => {
    const rows = [10, 11, 100].map((value, i) => row(i, [i + 1], "a", at(value)));
    const of = (path: string) =>
      analyse({ design: "grid", factors: [{ ...LOAD, path }], jobs: jobsOf(3) }, rows, question).curves[0]!;
    assert.equal(of("traffic[0].arrivals.poisson").knee?.load, 2);
    for (const path of ["load", "traffic.chat.arrivals.scale", 'traffic["b 1"].arrivals.gamma.rate'])
      assert.equal(of(path).knee?.load, 2, path);
    assert.equal(of("client.timeout").knee, null);
    assert.equal(of("seed").crossing, null);
  });

  it("over two factors: the best stable strategy of each point, and whether the next is apart", () => {
    const rows = [
      row(0, [1, 0], "a", at(10)),
      row(0, [1, 0], "b", at(20)),
      row(1, [2, 0], "a", at(10)),
      row(1, [2, 0], "b", at(11)),
      row(2, [3, 0], "a", at(1), true),
      row(2, [3, 0], "b", at(20)),
      row(3, [4, 0], "a", at(null)),
    ];
    const { maps, curves } = analyse({ design: "grid", factors: [LOAD, SWING], jobs: jobsOf(4) }, rows, question);
    assert.equal(maps.length, 1);
    assert.deepEqual(
      maps[0]!.cells.map(({ best, isClear }) => [best, isClear]),
      [
        ["a", true],
        ["a", false],
        ["b", true],
        [null, false],
      ],
    );
    assert.deepEqual(curves, []);
  });

  it("over more than two factors: a map of the first two at each combination of the others", () => {
    const factors = [LOAD, SWING, { ...SWING, path: "quota" }];
    const rows = [0, 1].flatMap((quota) =>
      [1, 2].flatMap((load) =>
        [0, 1].map((swing) => ({ values: [load, swing, quota], best: quota === 0 ? "a" : "b" })),
      ),
    );
    const all = rows.flatMap(({ values, best }, i) =>
      ["a", "b"].map((name) => row(i, values, name, at(name === best ? 10 : 20))),
    );
    const { maps, associations } = analyse({ design: "grid", factors, jobs: jobsOf(8) }, all, question);
    assert.deepEqual(
      maps.map(({ others, cells }) => [others, [...new Set(cells.map(({ best }) => best))], cells.length]),
      [
        [[{ path: "quota", value: 0 }], ["a"], 4],
        [[{ path: "quota", value: 1 }], ["b"], 4],
      ],
    );
    const of = (path: string) => associations.find((each) => each.strategy === "a" && each.path === path)!;
    assert.ok(of("quota").correlation.low! > 0.9);
    assert.equal(Math.round(of("swing").correlation.value! * 1e9) + 0, 0);
  });

  it("of a design that moves several at once: how the metric goes with each, unstable points left out", () => {
    const rows = Array.from({ length: 20 }, (_, i) =>
      row(i, [i, (i * 7) % 20], "a", at(i < 19 ? 10 + i * i : 1), i === 19),
    );
    const { associations, maps, curves } = analyse(
      { design: "latin-hypercube", factors: [LOAD, SWING], jobs: jobsOf(20) },
      rows,
      question,
    );
    assert.deepEqual([maps, curves], [[], []]);
    assert.deepEqual(
      associations.map(({ path, points, without, correlation: { value } }) => [
        path,
        points.length,
        without,
        value! > 0.99,
      ]),
      [
        ["traffic.arrivals.scale", 19, 1, true],
        ["swing", 19, 1, false],
      ],
    );
  });

  it("one at a time: bars sorted by how far they swing", () => {
    const rows = [10, 9, 11, 2, 30].map((value, i) => row(i, [], "a", at(value)));
    const bars = analyse({ design: "tornado", factors: [LOAD, SWING], jobs: jobsOf(5) }, rows, question).tornado;
    assert.deepEqual(
      bars.map(({ path, base, low, high }) => [path, base, low, high]),
      [
        ["swing", 10, 2, 30],
        ["traffic.arrivals.scale", 10, 9, 11],
      ],
    );
  });

  it("places numbers with units on an axis", () => {
    assert.deepEqual(["500k", "2.5s", 3, "-1%", "x", null].map(axisValue), [500, 2.5, 3, -1, null, null]);
    assert.deepEqual(SWEEP_METRICS.filter(isLargerBetter), ["goodput", "saving"]);
  });
});

describe("rank correlation", () => {
  it("is 1 - 6 sum of d^2 / (n (n^2 - 1)) without ties", () => {
    const { value, n } = rankCorrelation([1, 2, 3, 4, 5, 6], [30, 1, 2, 600, 40, 50]);
    const ranks = [3, 1, 2, 6, 4, 5];
    const squares = ranks.reduce((sum, rank, i) => sum + (rank - (i + 1)) ** 2, 0);
    assert.ok(Math.abs(value! - (1 - (6 * squares) / (6 * 35))) < 1e-12);
    assert.equal(n, 6);
  });

  it("gives ties the mean of their ranks", () => {
    // Pearson's correlation of ranks 1, 2.5, 2.5, 4, 5, 6 and 1, 3, 2, 5, 4, 6: Sxy 16, Sxx 17, Syy 17.5.
    const { value } = rankCorrelation([1, 2, 2, 3, 4, 5], [1, 3, 2, 5, 4, 6]);
    assert.ok(Math.abs(value! - 16 / Math.sqrt(17 * 17.5)) < 1e-12, String(value));
  });

  it("holds 0 in 95 % of its intervals where nothing goes with anything", () => {
    const random = new KeyedRandom(7, "rank correlation");
    let held = 0;
    for (let experiment = 0; experiment < 1000; experiment++) {
      random.seek(experiment, 0);
      const draw = () => Array.from({ length: 30 }, () => random.next());
      const { low, high } = rankCorrelation(draw(), draw());
      if (low! <= 0 && high! >= 0) held++;
    }
    assert.ok(held >= 930 && held <= 972, `${held} of 1000`);
  });

  it("says nothing of few points, or of what does not vary", () => {
    assert.equal(rankCorrelation([1, 2, 3], [1, 2, 3]).value, null);
    assert.equal(rankCorrelation([1, 1, 1, 1, 1, 1], [1, 2, 3, 4, 5, 6]).value, null);
    assert.deepEqual(rankCorrelation([1, 2, 3, 4, 5, 6], [1, 2, 3, 4, 5, 6]), { value: 1, low: 1, high: 1, n: 6 });
  });
});
