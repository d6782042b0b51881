import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { createFixedLatencyBackend } from "../../../../emulator/backends/queue.ts";
import { type Fleet, startFleet } from "../../../../emulator/fleet.ts";
import { catalogOf } from "../../../../emulator/model/catalog.ts";
import type { InvocationOutcome } from "../../../../emulator/monitoring/invocation-log.ts";
import { bedrockTarget } from "../../../../scripts/bench/bedrock/endpoints.ts";
import type { K6Program } from "../../../../scripts/bench/k6-program.ts";
import { type BenchedStrategy, benchStrategies } from "../../../../scripts/bench/run.ts";
import { invalidReasons } from "../../../../simulator/bench/checks.ts";
import { recordSchedule } from "../../../../simulator/bench/make-plan.ts";
import { spendPlanOf } from "../../../../simulator/bench/spend-plan.ts";
import { END } from "../../../../simulator/client/request-rules.ts";
import type { Plan } from "../../../../simulator/scenario/plan.ts";
import { k6ForTests } from "../../../scenarios/k6/k6.ts";
import { planOf } from "../../../simulator/scenario/base.ts";

const NOVA = "amazon.nova-pro-v1:0";
const INPUT_USD_PER_TOKEN = 100e-6;
const OUTPUT_USD_PER_TOKEN = 500e-6;
const INPUT = 120;
const OUTPUT = 20;
const MAX_TOKENS = 40;

/** Two regions, four seconds of traffic, two strategies. */
function plan(client: object, output: number | object = OUTPUT): Plan {
  return planOf({
    name: "budget",
    seed: 9,
    duration: "4s",
    drain: "8s",
    replications: 1,
    routers: 2,
    world: {
      regions: ["us-east-1", "eu-west-1"],
      models: { nova: { id: NOVA, capacity: { kind: "slots", servers: 50, service: "100ms" } } },
      network: { roundTrips: "none", jitter: "none" },
      prices: { book: "none", overrides: [{ model: "nova", input: 100, output: 500 }] },
    },
    traffic: [{ class: "all", arrivals: { poisson: "20/s" }, tokens: { input: INPUT, output, maxTokens: MAX_TOKENS } }],
    strategies: [
      { name: "one", "round-robin": {} },
      { name: "two", "round-robin": {} },
    ],
    client,
  } as never);
}

let k6: K6Program;
before(
  async () => {
    k6 = await k6ForTests();
  },
  { timeout: 900_000 },
);

interface Spent {
  readonly benched: readonly BenchedStrategy[];
  /** What the endpoints billed, by their own account. */
  readonly billedUsd: number;
  readonly outcomes: readonly InvocationOutcome[];
}

/** A whole bench on a budget; the endpoints keep accounts of their own, also of calls whose caller has left. */
async function benchOnBudget(at: Plan, budgetUsd: number, prepare: (fleet: Fleet) => void): Promise<Spent> {
  const outcomes: InvocationOutcome[] = [];
  const fleet = await startFleet({
    regions: at.regionNames,
    catalog: catalogOf(at),
    backend: (clock) => createFixedLatencyBackend(clock, { firstTokenMs: 100, perTokenMs: 40 }),
    onOutcome: (outcome) => void outcomes.push(outcome),
  });
  try {
    prepare(fleet);
    const { accessKeyId, secretAccessKey } = fleet.credentials!;
    const target = bedrockTarget({
      endpoints: fleet.endpoints.map(({ region, url }) => {
        const place = { host: "127.0.0.1", address: "127.0.0.1", isLoopback: true };
        return { region, url, ...place, isStandard: false, hasAddress: true };
      }),
      operation: "converse-stream",
      credentials: async () => ({
        kind: "access key",
        source: "test",
        expiresAtMs: null,
        variables: { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey },
      }),
      measures: new Map([[NOVA, { charsPerToken: 4, templateTokens: 0, errorMax: 0 }]]),
      salt: "",
      endMs: 12_000,
    });
    const benched = await benchStrategies(at, {
      k6,
      target,
      schedule: recordSchedule(at),
      drainMs: 8000,
      spend: spendPlanOf(at, budgetUsd, [{ charsPerToken: 4, isMeasured: true }]),
      signal: new AbortController().signal,
      onMoment: () => {},
    });
    const billedUsd = outcomes.reduce((sum, each) => sum + usdOf(each), 0);
    return { benched, billedUsd, outcomes };
  } finally {
    await fleet.close(0);
  }
}

/** The service goes on decoding, and bills, after its caller has left. */
function usdOf({ inferenceRegion, inputTokens, wholeOutputTokens, error }: InvocationOutcome): number {
  if (inferenceRegion === undefined || error === "ThrottlingException") return 0;
  return inputTokens * INPUT_USD_PER_TOKEN + wholeOutputTokens * OUTPUT_USD_PER_TOKEN;
}

describe("a budget on the wire", () => {
  it("is not passed by what the endpoints bill: retries, hedges, silence and time limits included", {
    timeout: 120_000,
  }, async () => {
    // Some answers take longer than the client waits, by a margin that a loaded machine does not close.
    const output = { lognormal: { mean: 20, cv: 0.7 } };
    const at = plan({ retry: "standard", timeout: "1300ms", hedge: { after: "600ms" } }, output);
    const budgetUsd = 4;
    const { benched, billedUsd, outcomes } = await benchOnBudget(at, budgetUsd, (fleet) => {
      fleet.faults.add({ effect: { name: "ThrottlingException" }, times: 8 });
      fleet.faults.add({ effect: "silence", times: 2 });
      fleet.faults.add({ effect: "reset", times: 4 });
    });
    const [one, two] = benched as [BenchedStrategy, BenchedStrategy];
    const { attempts, requests } = one.run;
    const kinds = new Set(attempts.map(({ k }) => k));
    for (const kind of ["ok", "throttled", "timeout", "error"] as const) assert.ok(kinds.has(kind), `${kind} was seen`);
    assert.ok(Math.max(...requests.map(({ n }) => n)) >= 2, "requests were sent more than once");
    const { requestsStopped, spentUsd } = one.spend!;
    assert.ok(requestsStopped > 10, `${requestsStopped} requests were stopped`);
    assert.ok(spentUsd > 0.5 && spentUsd <= budgetUsd / 2, `${spentUsd} USD of half of ${budgetUsd}`);
    const known = outcomes.filter(({ inferenceRegion }) => inferenceRegion !== undefined);
    assert.ok(known.length > 10, `${known.length} calls ran`);
    assert.ok(known.filter(({ error }) => error === "ClientClosed").length > 0, "some whose caller had left");
    assert.ok(billedUsd <= spentUsd + 1e-9, `billed ${billedUsd}, accounted ${spentUsd}`);
    assert.deepEqual(
      requests.filter(({ why }) => why === "budget").map(({ end }) => end),
      Array(requestsStopped).fill(END.inFlight),
    );
    assert.deepEqual([two.spend!.spentUsd, two.run.attempts.length], [0, 0], "nothing is sent after a stop");
    assert.ok(
      benched.every(({ report }) => report.isComplete),
      "every request has its row",
    );
    const reasons = invalidReasons(benched.map(({ report }) => report));
    assert.ok(reasons.some((reason) => /^one: the budget stopped it: \d+ of \d+ requests were not sent/.test(reason)));
  });

  it("that suffices changes nothing, and what is left goes to the next strategy", { timeout: 120_000 }, async () => {
    const at = plan({ retry: "none" });
    const { benched, billedUsd } = await benchOnBudget(at, 20, () => {});
    const each = INPUT * INPUT_USD_PER_TOKEN + OUTPUT * OUTPUT_USD_PER_TOKEN;
    const expected = each * recordSchedule(at).length;
    for (const { spend, report, run } of benched) {
      assert.deepEqual(report.faults, []);
      assert.equal(spend!.requestsStopped, 0);
      assert.ok(run.attempts.every(({ k }) => k === "ok"));
      assert.ok(Math.abs(spend!.spentUsd - expected) < 1e-6, `${spend!.spentUsd} of ${expected}`);
    }
    assert.ok(Math.abs(billedUsd - 2 * expected) < 1e-6);
    const [first, second] = benched.map(({ spend }) => spend!);
    assert.equal(first!.budgetUsd, 10);
    assert.ok(Math.abs(second!.budgetUsd - (20 - first!.spentUsd)) < 1e-9);
  });
});
