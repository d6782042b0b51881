import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { createFixedLatencyBackend } from "../../../emulator/backends/queue.ts";
import { type Fleet, startFleet } from "../../../emulator/fleet.ts";
import { catalogOf } from "../../../emulator/model/catalog.ts";
import type { K6Program } from "../../../scripts/bench/k6-program.ts";
import { type BenchedStrategy, benchStrategies, createBenchProgress, formatBench } from "../../../scripts/bench/run.ts";
import { emulatorTarget, endpointsTarget } from "../../../scripts/bench/target.ts";
import { quantileSorted } from "../../../simulator/base/statistics.ts";
import { recordSchedule } from "../../../simulator/bench/make-plan.ts";
import type { ReplayOperation } from "../../../simulator/bench/plan.ts";
import type { AttemptRow } from "../../../simulator/bench/rows.ts";
import { END } from "../../../simulator/client/request-rules.ts";
import type { Plan } from "../../../simulator/scenario/plan.ts";
import { inOneOfThree } from "../../busy-host.ts";
import { k6ForTests } from "../../scenarios/k6/k6.ts";
import { planOf } from "../../simulator/scenario/base.ts";

const MOMENT = {
  strategy: "round-robin",
  ordinal: 2,
  strategies: 3,
  requests: 2000,
  sent: 812,
  inFlight: 12,
  costUsd: 0.42,
  ended: 800,
  throttled: 31,
  e2eMsP95: 4100,
  lagMsP99: 1.94,
};

function progress(live: boolean, quiet = false, also?: Parameters<typeof createBenchProgress>[1]) {
  const written: string[] = [];
  let nowMs = 0;
  const stream = { write: (text: string) => written.push(text), columns: 60 };
  const made = createBenchProgress({ stream, live, quiet, clockMs: () => nowMs }, also);
  return { made, written, at: (ms: number) => (nowMs = ms) };
}

it("a moment of a bench as a progress line", () => {
  assert.equal(
    formatBench(MOMENT),
    "2/3 round-robin  40 %  812 sent  12 in flight  p95 4.1 s  31 throttled  0.4200 USD  lag 1.9 ms",
  );
  assert.equal(
    formatBench({ ...MOMENT, e2eMsP95: null, lagMsP99: null, ended: 0, costUsd: 0 }),
    "2/3 round-robin  0 %  812 sent  12 in flight  31 throttled",
  );
  assert.match(formatBench({ ...MOMENT, costUsd: 12.345 }), / {2}12\.35 USD {2}/);
});

it("a terminal sees one live line, cut to its width and cleared at the end", () => {
  const told: unknown[] = [];
  const also = { update: (...all: readonly unknown[]) => void told.push(all), stop: () => void told.push("stop") };
  const { made, written, at } = progress(true, false, also);
  made.update(MOMENT);
  assert.deepEqual(told, [[1.4 / 3, formatBench(MOMENT), { p95Ms: 4100, throttled: 31 }]]);
  at(100);
  made.update(MOMENT);
  made.stop();
  assert.equal(written.length, 2);
  assert.ok(written[0]!.startsWith("\r\u001b[2K2/3 round-robin") && written[0]!.length <= 5 + 59);
  assert.equal(written[1], "\r\u001b[2K");
});

it("a log sees a line every ten seconds, and quiet means quiet", () => {
  const { made, written, at } = progress(false);
  made.update(MOMENT);
  at(10_000);
  made.update(MOMENT);
  made.stop();
  assert.deepEqual(written, [`${formatBench(MOMENT)}\n`]);
  const silent = progress(true, true);
  silent.made.update(MOMENT);
  assert.deepEqual(silent.written, []);
});

const NOVA = "amazon.nova-pro-v1:0";
const FIRST_MS = 150;
const TOKEN_MS = 10;
const OUTPUT = 20;

/** Two regions of one model, 4 s of traffic. */
function plan(over: object = {}, world: object = {}): Plan {
  return planOf({
    name: "wire",
    seed: 5,
    duration: "4s",
    replications: 1,
    routers: 2,
    world: {
      regions: ["us-east-1", "eu-west-1"],
      models: { nova: { id: NOVA, capacity: { kind: "slots", servers: 50, service: "100ms" } } },
      network: { roundTrips: "none", jitter: "none" },
      prices: { book: "none", overrides: [{ model: "nova", input: 1, output: 5 }] },
      ...world,
    },
    traffic: [{ class: "all", arrivals: { poisson: "20/s" }, tokens: { input: 120, output: OUTPUT, maxTokens: 50 } }],
    strategies: [{ priority: { targets: ["us-east-1", "eu-west-1"], cooldown: "1s" } }],
    client: { retry: "standard" },
    ...over,
  } as never);
}

let k6: K6Program;
before(async () => {
  k6 = await k6ForTests();
});

const options = (at: Plan) => ({
  k6,
  schedule: recordSchedule(at),
  drainMs: 10_000,
  signal: new AbortController().signal,
  onMoment: () => {},
});

/** Replays against a fleet whose every answer takes the same time. */
async function onKnownFleet(at: Plan, operation: ReplayOperation, prepare: (fleet: Fleet) => void = () => {}) {
  const fleet = await startFleet({
    regions: at.regionNames,
    catalog: catalogOf(at),
    backend: (clock) => createFixedLatencyBackend(clock, { firstTokenMs: FIRST_MS, perTokenMs: TOKEN_MS }),
  });
  try {
    prepare(fleet);
    const credentials: Record<string, string> =
      operation === "converse"
        ? { AWS_BEARER_TOKEN_BEDROCK: fleet.credentials!.bearerToken }
        : {
            AWS_ACCESS_KEY_ID: fleet.credentials!.accessKeyId,
            AWS_SECRET_ACCESS_KEY: fleet.credentials!.secretAccessKey,
          };
    const urlOfRegion = new Map(fleet.endpoints.map(({ region, url }) => [region, url]));
    const set = {
      urlOfRegion,
      roundTripMs: new Map(),
      waysOfRegion: new Map(),
      addresses: {},
      remoteRegions: [],
      credentials,
    };
    const target = endpointsTarget(set, "test.yaml", operation);
    const [benched] = await benchStrategies(at, { ...options(at), target });
    return benched!;
  } finally {
    await fleet.close(0);
  }
}

const median = (values: readonly number[]) =>
  quantileSorted(
    [...values].sort((a, b) => a - b),
    0.5,
  );
const countOf = (rows: readonly AttemptRow[], kind: AttemptRow["k"]) => rows.filter((row) => row.k === kind).length;

/** Load of the machine may make a run late, which other tests check; nothing else may be wrong. */
function assertSound({ report, run }: BenchedStrategy): void {
  assert.deepEqual(report.faults, []);
  assert.ok(report.isComplete);
  assert.equal(run.requests.length, run.schedule.length);
}

/** The tenth percentile. */
const quick = (values: readonly number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 10)]!;

describe("a replay in k6", () => {
  it("measures the first token and the end of a signed stream, and counts its tokens", {
    timeout: 900_000,
  }, async () => {
    await inOneOfThree(async () => {
      const benched = await onKnownFleet(plan(), "converse-stream");
      assertSound(benched);
      const { attempts, requests, schedule } = benched.run;
      assert.ok(attempts.length > 40);
      for (const row of attempts) {
        assert.deepEqual([row.k, row.c, row.u], ["ok", 200, [120, OUTPUT, 0, 0]]);
        assert.equal(row.g, 0, "the primary answers");
        assert.ok(row.id.length > 10);
      }
      const wholeMs = FIRST_MS + (OUTPUT - 1) * TOKEN_MS;
      const firstMs = attempts.map((row) => row.f!);
      const endMs = attempts.map((row) => row.e - row.s);
      assert.ok(median(firstMs) >= FIRST_MS - 2 && median(endMs) >= wholeMs - 2, `${firstMs}; ${endMs}`);
      // A busy machine delays many, a wrong measurement all.
      assert.ok(quick(firstMs) < FIRST_MS + 30, `first token after ${firstMs} ms`);
      assert.ok(quick(endMs) < wholeMs + 40, `end after ${endMs} ms`);
      assert.ok(
        requests.every((row) => row.e - schedule[row.i]![0] >= wholeMs - 2),
        "latency is from the intended start",
      );
    });
  });

  it("retries, fails over and gives up as the simulated client does", { timeout: 120_000 }, async () => {
    const at = plan({ client: { retry: { standard: { maxAttempts: 2 } }, timeout: "2s" } });
    const benched = await onKnownFleet(at, "converse", (fleet) => {
      const region = "us-east-1";
      fleet.faults.add({ region, effect: { name: "ThrottlingException" }, times: 1 });
      fleet.faults.add({ region, effect: { name: "ServiceUnavailableException" }, times: 1 });
      fleet.faults.add({ region, effect: "reset", times: 1 });
      fleet.faults.add({ region, effect: "silence", times: 1 });
      fleet.faults.add({ region, effect: { name: "ModelErrorException" }, times: 1 });
    });
    assertSound(benched);
    const { attempts, requests } = benched.run;
    assert.deepEqual(
      (["throttled", "unavailable", "error", "timeout"] as const).map((kind) => countOf(attempts, kind)),
      [1, 1, 2, 1],
    );
    const timedOut = attempts.find((row) => row.k === "timeout")!;
    assert.ok(timedOut.e - timedOut.s >= 1990 && timedOut.e - timedOut.s < 2500, `${timedOut.e - timedOut.s} ms`);
    const final = attempts.find((row) => row.c === 424)!;
    assert.equal(requests.find((row) => row.i === final.i)!.end, END.failed, "a model's error is not tried again");
    const failed = attempts.filter((row) => row.k !== "ok" && row !== final);
    for (const row of failed) {
      const second = attempts.find((other) => other.i === row.i && other.o === 1)!;
      assert.deepEqual([second.g, second.k], [1, "ok"], `request ${row.i} went on to the fallback`);
    }
    const ok = attempts.filter((row) => row.k === "ok");
    assert.ok(ok.every((row) => row.u !== null));
  });

  it("knows what became of a stream that broke off", { timeout: 120_000 }, async () => {
    const at = plan({ client: { retry: "none" } });
    const benched = await onKnownFleet(at, "converse-stream", (fleet) => {
      fleet.faults.add({ effect: { name: "ThrottlingException" }, afterTokens: 5, times: 2 });
    });
    assertSound(benched);
    const thrown = benched.run.attempts.filter((row) => row.k === "throttled");
    assert.deepEqual(
      thrown.map((row) => [row.c, row.x, row.u]),
      Array(2).fill([200, "throttlingException", null]),
    );
  });

  it("meets in an emulator of the scenario its quotas, its routing and its accounts", {
    timeout: 120_000,
  }, async () => {
    const at = plan({}, { quotas: [{ region: "us-east-1", tokensPerMinute: "3k", law: "token-bucket" }] });
    await inOneOfThree(async () => {
      const [benched] = await benchStrategies(at, { ...options(at), target: emulatorTarget(at, "converse-stream") });
      assertSound(benched!);
      const { attempts, requests, ranIn } = benched!.run;
      const throttled = countOf(attempts, "throttled");
      assert.ok(throttled > 5, `the quota refuses: ${throttled} of ${attempts.length}`);
      assert.ok(
        attempts.some((row) => row.g === 1 && row.k === "ok"),
        "the fallback serves",
      );
      const served = requests.filter((row) => row.end === END.served).length;
      assert.ok(served > 0.9 * requests.length, `${served} of ${requests.length} served`);
      for (const row of attempts.filter((each) => each.k === "ok")) {
        assert.equal(ranIn(row), at.regionNames[row.g], "the emulator says where it ran");
      }
    });
  });
});
