import assert from "node:assert/strict";
import { describe, it, test } from "node:test";
import { MeridianError } from "../../../simulator/base/errors.ts";
import { END } from "../../../simulator/client/request-rules.ts";
import { BUCKETS, bucketOf } from "../../../simulator/engine/histogram.ts";
import { FIELD } from "../../../simulator/engine/recorder.ts";
import { checkInvariants, distribution, type GroupStats } from "../../../simulator/experiment/replication-stats.ts";
import type { Plan } from "../../../simulator/scenario/plan.ts";
import type { ScenarioInput } from "../../../simulator/scenario/schema.ts";
import { createLedger } from "../../../simulator/service/pricing/billing.ts";
import { simulate } from "../engine/run.ts";
import { classInput, HAIKU, scenarioInput, worldInput } from "../scenario/base.ts";
import { group, latency } from "./fixtures.ts";

const HOUR_MS = 3_600_000;

describe("a replication summed up", () => {
  it("the bill by hand: tokens times prices, by hour of the attempt, by class and by region", () => {
    const { stats, total } = simulate(
      scenarioInput({
        duration: "3h",
        strategies: [{ single: { target: "b" } }],
        traffic: [classInput(), classInput({ class: "two" })],
      }),
      [
        { atMs: 0, input: 1000, output: 100 },
        { atMs: 1.5 * HOUR_MS, classIndex: 1, input: 2000, output: 10 },
      ],
    );
    // USD 1 and 5 per million tokens, in femto-dollars.
    const cost = (input: number, output: number) => BigInt(input + 5 * output) * 1_000_000_000n;
    assert.equal(total.cost.source.totalFUsd, cost(3000, 110));
    assert.deepEqual(
      stats.byClass.map((group) => group.cost.source.totalFUsd),
      [cost(1000, 100), cost(2000, 10)],
    );
    assert.deepEqual(
      stats.byRegion.map((group) => group.cost.destination.totalFUsd),
      [0n, cost(3000, 110), 0n],
    );
    assert.deepEqual(
      stats.byHour.map((group) => group.fields[FIELD.sent]),
      [1, 1],
    );
    assert.deepEqual(
      stats.byRegion.map((group) => group.fields[FIELD.sent]),
      [0, 2, 0],
    );
  });

  it("a quantile never lies beyond the largest latency", () => {
    const capacity = { kind: "slots", servers: "unlimited", service: { constant: "1001ms" } };
    const models = { m: { id: HAIKU, burndown: 1, capacity } } as unknown as ScenarioInput["world"]["models"];
    const { total } = simulate(scenarioInput({ world: worldInput({ models }), requests: 500 }));
    for (const p of ["p50", "p95", "p99"] as const) {
      assert.ok(total.e2e[p] <= total.e2e.max && total.e2e[p] > 1001 * (1 - 1 / 128), p);
    }
    assert.ok(Math.abs(total.e2e.max - 1001) < 1e-6);
  });

  it("pooled counts hold every served request", () => {
    const { stats, total } = simulate(scenarioInput());
    assert.equal(
      stats.e2eCounts.reduce((sum, count) => sum + count, 0),
      total.e2e.count,
    );
    assert.equal(
      stats.ttftCounts.reduce((sum, count) => sum + count, 0),
      total.e2e.count,
    );
  });
});

test("the pooled shares of two replications, to the last request, within a bucket of the truth", () => {
  const counts = [new Uint32Array(BUCKETS), new Uint32Array(BUCKETS)];
  // 1 ... 20,000 ms, every other one in each replication: the share below x is x / 20,000.
  for (let ms = 1; ms <= 20_000; ms++) counts[ms % 2]![bucketOf(ms)]!++;
  const points = distribution(counts);
  assert.ok(points.length >= 200 && points.length < 1000, String(points.length));
  assert.equal(points.at(-1)!.share, 1);
  points.forEach(({ ms, share }, at) => {
    assert.ok(Math.abs(share - ms / 20_000) <= 0.01, `${ms} ms: ${share}`);
    if (at > 0) assert.ok(ms > points[at - 1]!.ms && share > points[at - 1]!.share);
  });
});

test("nothing served, no points", () => assert.deepEqual(distribution([new Uint32Array(BUCKETS)]), []));

type Checked = Parameters<typeof checkInvariants>[0];

const half = () => group({ sent: 500, served: 450, usd: 2.5 });

function checked(): Checked {
  return {
    plan: { durationMs: 3_600_000 } as Plan,
    total: group({ sent: 1000, served: 900, usd: 5 }),
    byClass: [half(), half()],
    byRegion: [half(), half()],
    byHour: [half(), half()],
    ledger: createLedger({ epochs: 1, placements: 1, classes: 1 }),
    arrived: Float64Array.of(500, 500),
  };
}

function broken(damage: (it: Checked) => Checked | undefined): string {
  const it = checked();
  const damaged = damage(it) ?? it;
  try {
    checkInvariants(damaged);
  } catch (error) {
    assert.ok(error instanceof MeridianError && error.kind === "internal");
    return error.message;
  }
  return "";
}

const withTotal = (over: Partial<GroupStats>) => (it: Checked) => ({ ...it, total: { ...it.total, ...over } });

describe("what must hold in every run", () => {
  it("holds here", () =>
    assert.equal(
      broken(() => undefined),
      "",
    ));

  it("each invariant stops the run by its name when it is broken", () => {
    const set = (index: number, by: number) => (it: Checked) => {
      it.total.fields[index]! += by;
      return undefined;
    };
    assert.match(broken(set(END.served, 1)), /I1 /);
    assert.match(broken(withTotal({ e2e: latency(899, 1) })), /I2 /);
    assert.match(broken(set(FIELD.attemptsThrottled, 5000)), /I3 /);
    assert.match(broken(withTotal({ wait: { ...latency(900, 1), mean: -0.5 } })), /I4 /);
    assert.match(broken(withTotal({ ttft: { ...latency(900, 1), mean: 1e9 } })), /I5 /);
    assert.match(
      broken((it) => void (it.ledger.tokens[0] = -1)),
      /I6 /,
    );
    assert.match(
      broken((it) => void (it.ledger.tokens[1] = 0.5)),
      /I6 /,
    );
    assert.match(broken(set(FIELD.retried, 1)), /I7 .*classes/);
    assert.match(
      broken((it) => ({ ...it, byRegion: [half()] })),
      /I7 .*regions/,
    );
    assert.match(
      broken((it) => ({ ...it, byHour: [half()] })),
      /I7 .*hours/,
    );
    assert.match(
      broken((it) => ({ ...it, byClass: [half(), group({ sent: 500, served: 450, usd: 2.6 })] })),
      /I8 .*classes/,
    );
    assert.match(
      broken((it) => ({ ...it, arrived: Float64Array.of(500, 501) })),
      /I9 /,
    );
  });

  it("a run longer than the hours that are kept has no sum over hours", () => {
    assert.equal(
      broken((it) => ({ ...it, byHour: [], plan: { durationMs: Number.POSITIVE_INFINITY } as Plan })),
      "",
    );
  });
});
