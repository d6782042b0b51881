import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { EXECUTORS, type ExecutorName, executorScenario, executorVariables } from "../../../scripts/bench/executors.ts";
import type { K6Program } from "../../../scripts/bench/k6-program.ts";
import { type BenchedStrategy, benchStrategies } from "../../../scripts/bench/run.ts";
import { emulatorTarget } from "../../../scripts/bench/target.ts";
import { invalidReasons } from "../../../simulator/bench/checks.ts";
import { recordSchedule } from "../../../simulator/bench/make-plan.ts";
import { measuredResult } from "../../../simulator/bench/measured.ts";
import type { ScheduleRow } from "../../../simulator/bench/rows.ts";
import type { Plan } from "../../../simulator/scenario/plan.ts";
import { k6ForTests } from "../../scenarios/k6/k6.ts";
import { planOf } from "../../simulator/scenario/base.ts";

const HOUR_MS = 3_600_000;
const schedule: readonly ScheduleRow[] = [100, 200, 900, 2500, 2700].map((ms) => [HOUR_MS + ms, 0, 0, 1, 1, 0, 0, -1]);
const scenario = (executor: ExecutorName, vus = 2) =>
  executorScenario({ executor, vus, schedule, fromMs: HOUR_MS, drainMs: 10_000 });

describe("a schedule as an executor of k6 offers it", () => {
  it("ramping-arrival-rate has the arrivals of each second, without ramps between them", () => {
    const { stages, timeUnit, preAllocatedVUs, maxVUs } = scenario("ramping-arrival-rate", 7);
    assert.deepEqual(stages, [
      { target: 3, duration: "0s" },
      { target: 3, duration: "1000ms" },
      { target: 0, duration: "0s" },
      { target: 0, duration: "1000ms" },
      { target: 2, duration: "0s" },
      { target: 2, duration: "1000ms" },
    ]);
    assert.deepEqual([timeUnit, preAllocatedVUs, maxVUs], ["1000ms", 7, 7]);
  });

  it("constant-arrival-rate has all arrivals in the whole time", () => {
    const { rate, timeUnit, duration } = scenario("constant-arrival-rate");
    assert.deepEqual([rate, timeUnit, duration], [5, "2700ms", "2700ms"]);
  });

  it("ramping-vus has a virtual user for each arrival of a second, as many as there may be", () => {
    const { stages } = scenario("ramping-vus") as { stages: readonly { target: number }[] };
    assert.deepEqual(
      stages.map(({ target }) => target),
      [2, 2, 0, 0, 2, 2],
    );
  });

  it("shared-iterations has each request once, and waits for its instant", () => {
    const { vus, iterations, maxDuration } = scenario("shared-iterations", 50);
    assert.deepEqual([vus, iterations, maxDuration], [5, 5, "15700ms"]);
    const plan = { fromMs: HOUR_MS, drainMs: 10_000 };
    const paces = EXECUTORS.map((executor) => {
      return JSON.parse(executorVariables({ executor, vus: 2 }, plan, schedule).MERIDIAN_PACE!) as object;
    });
    assert.deepEqual(paces, [
      { everyMs: 0, waits: false },
      { everyMs: 0, waits: false },
      { everyMs: 1000, waits: false },
      { everyMs: 0, waits: true },
    ]);
  });
});

const INPUT = {
  name: "executors",
  seed: 3,
  duration: "2s",
  replications: 1,
  world: {
    regions: ["us-east-1"],
    models: { m: { id: "amazon.nova-pro-v1:0", capacity: { kind: "slots", servers: 9, service: "300ms" } } },
    network: { roundTrips: "none", jitter: "none" },
    prices: { book: "none", overrides: [{ model: "m", input: 1, output: 5 }] },
  },
  traffic: [{ class: "all", arrivals: { poisson: "20/s" }, tokens: { input: 100, output: 5, maxTokens: 20 } }],
  strategies: [{ single: { target: "us-east-1" } }],
  client: { retry: "none" },
} as never;

/** One for each request: more never have anything to do, and each takes k6 some 15 ms to make. */
const VUS = 30;

describe("executors in k6", () => {
  let k6: K6Program;
  let plan: Plan;
  before(
    async () => {
      k6 = await k6ForTests();
      plan = planOf(INPUT);
    },
    { timeout: 900_000 },
  );
  const bench = async (executor: ExecutorName, vus: number): Promise<BenchedStrategy> => {
    const [benched] = await benchStrategies(plan, {
      k6,
      target: emulatorTarget(plan, "converse"),
      schedule: recordSchedule(plan),
      drainMs: 10_000,
      executor: { executor, vus },
      signal: new AbortController().signal,
      onMoment: () => {},
    });
    return benched!;
  };

  for (const executor of EXECUTORS) {
    it(`${executor} sends the schedule's requests and is marked in the report`, { timeout: 120_000 }, async () => {
      const { report, run } = await bench(executor, VUS);
      assert.equal(report.plain?.executor, executor);
      assert.ok(report.isComplete);
      const sent = run.requests.filter(({ n }) => n > 0);
      assert.equal(sent.length, run.requests.length - report.plain.neverSent);
      // A closed loop sends what its pace allows; rates may lose one at the last edge.
      assert.ok(sent.length >= (executor === "ramping-vus" ? 0.5 : 0.95) * run.schedule.length, `${sent.length}`);
      assert.equal(new Set(run.attempts.map(({ i }) => i)).size, run.attempts.length, "each request once");
      assert.ok(run.attempts.every(({ k, u }) => k === "ok" && u?.[0] === 100));
      assert.ok(report.plain.fromSendMs.p50 >= 295, `${report.plain.fromSendMs.p50}`);
      assert.ok(report.plain.fromIntendedMs.p50 >= report.plain.fromSendMs.p50 - 2);
      assert.match(invalidReasons([report])[0]!, /not for comparison/);
      const provenance = { scenarioSha256: "", meridianVersion: "", traces: [] };
      const result = measuredResult(plan, { runs: [run], reports: [report], place: "here", provenance });
      assert.match(result.verdict, /^Invalid run/);
      assert.ok(
        result.notes.some((note) => note.includes(`${executor} with ${VUS} virtual users sent ${sent.length} of`)),
      );
      assert.ok(!result.notes.some((note) => note.startsWith("Open model")));
      assert.equal(result.strategies[0]!.total.counts.sent, run.schedule.length);
    });
  }

  it("too few virtual users are never silent", { timeout: 120_000 }, async () => {
    const { report } = await bench("constant-arrival-rate", 2);
    assert.ok(report.plain!.droppedIterations > 10, `${report.plain!.droppedIterations}`);
    assert.ok(report.plain!.neverSent > 10, `${report.plain!.neverSent}`);
    assert.match(report.faults.join(), /never sent[\s\S]*k6 dropped/);
    const late = await bench("shared-iterations", 2);
    assert.deepEqual(late.report.faults, [], "nothing is dropped");
    assert.ok(late.report.lagMs.p99 > 700, "but late, and the lag says so");
    assert.ok(late.report.plain!.fromIntendedMs.p50 > 2 * late.report.plain!.fromSendMs.p50);
  });

  it("have no budget to spend", async () => {
    const options = {
      k6,
      target: emulatorTarget(plan, "converse"),
      schedule: recordSchedule(plan),
      drainMs: 1000,
      executor: { executor: "ramping-vus", vus: 2 },
      spend: { budgetNanoUsd: 1 } as never,
      signal: new AbortController().signal,
      onMoment: () => {},
    } as const;
    await assert.rejects(benchStrategies(plan, options), /EXECUTOR_WITHOUT_BUDGET/);
  });
});
