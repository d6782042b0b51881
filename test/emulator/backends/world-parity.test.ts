import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createWorldBackend } from "../../../emulator/backends/world-backend.ts";
import { END } from "../../../simulator/client/request-rules.ts";
import type { ObservedAttempt, ObservedRequest } from "../../../simulator/engine/observer.ts";
import { replicationSeed, Simulation } from "../../../simulator/engine/simulation.ts";
import type { Plan } from "../../../simulator/scenario/plan.ts";
import { OUTCOME } from "../../../simulator/service/service.ts";
import { createTraffic } from "../../../simulator/traffic/source.ts";
import { callOf, manualClock } from "../support.ts";
import { planOf, type SmallWorld } from "./worlds.ts";

/** The outcome of a request, in terms common to the simulator's observer and the wire's. */
interface Observed {
  what: string;
  region: string | undefined;
  firstTokenMs: number;
  endMs: number;
  outputTokens: number;
}

const OUTCOME_NAME: Readonly<Record<number, string>> = {
  [OUTCOME.ok]: "ok",
  [OUTCOME.throttled]: "ThrottlingException",
  [OUTCOME.unavailable]: "ServiceUnavailableException",
  [OUTCOME.error]: "InternalServerException",
  [OUTCOME.broken]: "InternalServerException",
  [OUTCOME.abandoned]: "ModelTimeoutException",
};

/** The simulator's prediction, request by request: one router without retries, callers next to their endpoint. */
function simulated(plan: Plan): Observed[] {
  const outcomes: Observed[] = [];
  const observer = {
    onAttemptEnd(attempt: Readonly<ObservedAttempt>) {
      const region = plan.world.endpoints[attempt.endpoint]?.region;
      const ok = attempt.outcome === OUTCOME.ok;
      outcomes[attempt.requestId] = {
        what: OUTCOME_NAME[attempt.outcome] ?? "unknown",
        region: attempt.outcome === OUTCOME.throttled ? undefined : plan.regionNames[region ?? -1],
        firstTokenMs: ok ? attempt.firstTokenMs : Number.NaN,
        endMs: ok ? attempt.answeredMs : attempt.endedMs,
        outputTokens: attempt.outputTokens,
      };
    },
    onRequestEnd() {},
    onRunEnd() {},
  };
  const run = new Simulation(plan, plan.strategies[0]!, replicationSeed(plan.seed, 0), observer);
  const traffic = trafficOf(plan);
  for (let chunk = traffic.next(); chunk !== undefined; chunk = traffic.next()) run.run(chunk);
  run.end();
  return outcomes;
}

/** When each request ended for its caller, and how, in the simulator. */
function simulatedEnds(plan: Plan): { readonly end: number; readonly ms: number }[] {
  const ends: { readonly end: number; readonly ms: number }[] = [];
  const observer = {
    onAttemptEnd() {},
    onRequestEnd({ requestId, end, endedMs }: Readonly<ObservedRequest>) {
      ends[requestId] = { end, ms: endedMs };
    },
    onRunEnd() {},
  };
  const run = new Simulation(plan, plan.strategies[0]!, replicationSeed(plan.seed, 0), observer);
  const traffic = trafficOf(plan);
  for (let chunk = traffic.next(); chunk !== undefined; chunk = traffic.next()) run.run(chunk);
  run.end();
  return ends;
}

/** The same traffic through the emulator's backend, with a manual clock. */
function emulated(plan: Plan, source: string, profileId: string | undefined): Observed[] {
  const { clock, advanceTo } = manualClock();
  const backend = createWorldBackend(clock, { ...plan, seed: replicationSeed(plan.seed, 0) });
  const outcomes: Observed[] = [];
  const traffic = trafficOf(plan);
  let requests = 0;
  for (let chunk = traffic.next(); chunk !== undefined; chunk = traffic.next()) {
    for (let row = 0; row < chunk.length; row++) {
      const nowMs = chunk.arrivalMs[row]!;
      advanceTo(nowMs);
      const outcome: Observed = {
        what: "",
        region: undefined,
        firstTokenMs: Number.NaN,
        endMs: nowMs,
        outputTokens: 0,
      };
      outcomes[requests++] = outcome;
      const { name, model } = plan.classes[chunk.classIndex[row]!]!;
      const call = callOf({
        region: source,
        modelId: plan.models[model]!.id,
        profileId,
        inputTokens: chunk.inputTokens[row]!,
        maxTokens: chunk.maxTokens[row]! || undefined,
        modelMaxTokens: plan.models[model]!.maxOutputTokens,
        wantedOutputTokens: chunk.outputTokens[row]!,
        requestMetadata: { class: name },
      });
      const ends = (what: string) => (endMs: number) => {
        outcome.what = what;
        outcome.endMs = endMs;
        if (admission.kind === "accepted") outcome.region = admission.handle.destinationRegion;
      };
      const admission = backend.begin(call, nowMs, {
        onFirstToken: (ms) => {
          outcome.firstTokenMs = ms;
        },
        onEnd: (ms) => {
          ends("ok")(ms);
          if (Number.isNaN(outcome.firstTokenMs)) outcome.firstTokenMs = ms;
        },
        onFailure: (ms, fault) => {
          ends(fault.name)(ms);
          outcome.firstTokenMs = Number.NaN;
        },
        onBreak: ends("broken"),
      });
      if (admission.kind === "refused") outcome.what = admission.fault.name;
      if (admission.kind === "accepted") outcome.outputTokens = admission.handle.outputTokens;
    }
  }
  advanceTo(1e9);
  return outcomes;
}

function trafficOf(plan: Plan) {
  const { seed, durationMs, requestsMax } = plan;
  return createTraffic(plan.traffic, { seed, replication: 0, durationMs, requestsMax, chunkRows: 512 });
}

async function compare(small: SmallWorld, profile?: string): Promise<readonly Observed[]> {
  const plan = await planOf(small);
  const source = plan.regionNames[plan.targets[0]!.region]!;
  const expected = simulated(plan);
  const found = emulated(plan, source, profile);
  assert.equal(found.length, expected.length);
  const near = (a: number, b: number, slack = 0) =>
    Number.isNaN(a) === Number.isNaN(b) && !(b - a < -1e-6 || b - a > slack + 1e-6);
  for (const [i, outcome] of expected.entries()) {
    const other = found[i]!;
    // The observer records a failure when the service ends it, the wire when the called endpoint receives it.
    const returnMs = outcome.what === "ok" ? 0 : 40;
    const same =
      outcome.what === other.what &&
      near(outcome.endMs, other.endMs, returnMs) &&
      near(outcome.firstTokenMs, other.firstTokenMs);
    assert.ok(same, `request ${i}: simulated ${JSON.stringify(outcome)}, emulated ${JSON.stringify(other)}`);
    if (outcome.what === "ok") {
      assert.deepEqual([outcome.region, outcome.outputTokens], [other.region, other.outputTokens], `request ${i}`);
    }
  }
  return found;
}

const share = (outcomes: readonly Observed[], what: string) =>
  outcomes.filter((outcome) => outcome.what === what).length / outcomes.length;

describe("the emulator agrees with the simulator, request by request", () => {
  const tokens = {
    input: { lognormal: { mean: 800, cv: 1 } },
    output: { lognormal: { mean: 60, cv: 1 } },
    maxTokens: 400,
  };

  it("M/M/4 under load", async () => {
    const outcomes = await compare({
      capacity: { kind: "slots", servers: 4, service: { exponential: { mean: "1s" } } },
      arrivals: { poisson: "3.2/s" },
      requests: 3000,
    });
    assert.equal(share(outcomes, "ok"), 1);
  });

  it("servers with a short queue and a limit on waiting", async () => {
    const outcomes = await compare({
      capacity: {
        kind: "slots",
        servers: 2,
        service: "300ms",
        perOutputToken: "10ms",
        waitingRoom: 3,
        patience: { exponential: { mean: "1s" } },
      },
      arrivals: { poisson: "4/s" },
      tokens,
      requests: 2000,
    });
    assert.ok(share(outcomes, "ServiceUnavailableException") > 0.1 && share(outcomes, "ModelTimeoutException") > 0.05);
  });

  it("continuous batching with prefill, noise, a limit and background tenants", async () => {
    const outcomes = await compare({
      capacity: {
        kind: "batching",
        stepBase: "9ms",
        stepPerSequence: "0.5ms",
        prefill: { base: "200ms", perToken: "0.2ms", workPerToken: 0.004 },
        noise: { lognormal: { mean: 1, cv: 0.3 } },
        maxBatch: 24,
        maxQueueDelay: "3s",
        background: { mean: 20, swing: "50%", noise: "20%" },
      },
      arrivals: { poisson: "11/s" },
      tokens,
      requests: 4000,
    });
    assert.ok(share(outcomes, "ok") > 0.5);
    const waits = outcomes.filter((outcome) => outcome.what === "ok" && outcome.endMs > outcome.firstTokenMs);
    assert.ok(waits.length > 1000, "answers of more than one token");
  });

  it("quotas under a burst", async () => {
    for (const law of ["clock-window", "token-bucket", "rolling-window"]) {
      const outcomes = await compare({
        capacity: { kind: "slots", servers: "unlimited", service: { exponential: { mean: "2s" } } },
        world: { quotas: [{ tokensPerMinute: "60k", requests: 100, law }] },
        arrivals: { poisson: "2/s" },
        tokens,
        requests: 1500,
      });
      const throttled = share(outcomes, "ThrottlingException");
      assert.ok(throttled > 0.1 && throttled < 0.9, `${law}: ${throttled}`);
    }
  });

  it("service-side routing, hops, errors, faults", async () => {
    const outcomes = await compare(
      {
        regions: ["us-east-1", "us-east-2", "us-west-2"],
        capacity: { kind: "slots", servers: 3, service: { exponential: { mean: "1s" } }, waitingRoom: 4 },
        model: { errors: "2%" },
        world: {
          targets: ["us-east-1/us"],
          profileRule: "random",
          network: {
            roundTrips: "aws-2025-05",
            jitter: "none",
            overrides: [{ from: "us-east-1", to: "us-east-1", rtt: "0ms" }],
          },
          faults: [
            { kind: "outage", region: "us-west-2", at: "60s", for: "2m" },
            { kind: "brownout", region: "us-east-2", at: "100s", for: "2m", capacity: "34%" },
          ],
        },
        arrivals: { poisson: "6/s" },
        requests: 2000,
      },
      `us.amazon.nova-pro-v1:0`,
    );
    const regions = new Set(outcomes.map((outcome) => outcome.region));
    for (const region of ["us-east-1", "us-east-2", "us-west-2"]) assert.ok(regions.has(region), region);
    assert.ok(share(outcomes, "InternalServerException") > 0.01);
  });

  for (const [name, capacity] of Object.entries({
    batching: { kind: "batching", stepBase: "9ms", stepPerSequence: "2ms", prefill: { base: "200ms" }, maxBatch: 24 },
    slots: { kind: "slots", servers: 40, service: { exponential: { mean: "300ms" } }, perOutputToken: "15ms" },
  })) {
    it(`${name}: answers that break off, come empty, pause or drip end when they do in the simulator`, async () => {
      const plan = await planOf({
        capacity,
        arrivals: { poisson: "8/s" },
        tokens: { ...tokens, output: { uniform: { min: 2, max: 90 } } },
        requests: 1500,
        world: {
          faults: [
            { kind: "stream", error: "reset", afterTokens: 7, share: "10%" },
            { kind: "stream", error: "ModelStreamErrorException", afterTokens: 20, share: "10%", at: "30s" },
            { kind: "stream", error: "empty", share: "10%" },
            { kind: "stream", error: "silence", afterTokens: 11, lasts: "2s", share: "20%" },
            { kind: "stream", error: "drip", afterTokens: 5, gap: "100ms", share: "20%" },
            { kind: "stream", error: "ServiceUnavailableException", share: "5%" },
          ],
        },
      });
      const expected = simulatedEnds(plan);
      const found = emulated(plan, plan.regionNames[0]!, undefined);
      const kinds = new Map<string, number>();
      for (const [i, { end, ms }] of expected.entries()) {
        const { what, endMs, outputTokens } = found[i]!;
        const isServed = what === "ok" && outputTokens > 0;
        const kind = what === "ok" && outputTokens === 0 ? "empty" : what;
        kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
        assert.equal(isServed, end === END.served, `request ${i}: ${what}`);
        // Where the batch's pace rises, the wire sees the token after which a fault strikes a part of a step late.
        assert.ok(Math.abs(endMs - ms) < 5, `request ${i}, ${kind}: simulated ${ms}, emulated ${endMs}`);
      }
      for (const kind of ["ok", "broken", "empty", "ModelStreamErrorException", "ServiceUnavailableException"]) {
        assert.ok(kinds.get(kind)! > 20, `${kind}: ${kinds.get(kind)}`);
      }
    });
  }
});
