import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createWorldBackend } from "../../../emulator/backends/world-backend.ts";
import type { ObservedAttempt } from "../../../simulator/engine/observer.ts";
import { replicationSeed, Simulation } from "../../../simulator/engine/simulation.ts";
import type { Plan } from "../../../simulator/scenario/plan.ts";
import { createTraffic } from "../../../simulator/traffic/source.ts";
import { OUTCOME } from "../../../simulator/world/world.ts";
import { callOf, manualClock } from "../support.ts";
import { planOf, type SmallWorld } from "./worlds.ts";

/** What became of a request, in words that the simulator's observer and the wire's have in common. */
interface Fate {
  what: string;
  region: string | undefined;
  firstTokenMs: number;
  endMs: number;
  outputTokens: number;
}

const WORD: Readonly<Record<number, string>> = {
  [OUTCOME.ok]: "ok",
  [OUTCOME.throttled]: "ThrottlingException",
  [OUTCOME.unavailable]: "ServiceUnavailableException",
  [OUTCOME.error]: "InternalServerException",
  [OUTCOME.abandoned]: "ModelTimeoutException",
};

/** The simulator's prediction, request by request: one router without retries, callers next to their endpoint. */
function simulated(plan: Plan): Fate[] {
  const fates: Fate[] = [];
  const observer = {
    onAttemptEnd(attempt: Readonly<ObservedAttempt>) {
      const region = plan.world.endpoints[attempt.endpoint]?.region;
      const ok = attempt.outcome === OUTCOME.ok;
      fates[attempt.requestId] = {
        what: WORD[attempt.outcome] ?? "unknown",
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
  return fates;
}

/** The same traffic through the emulator's backend, its clock moved by hand. */
function emulated(plan: Plan, source: string, profileId: string | undefined): Fate[] {
  const { clock, advanceTo } = manualClock();
  const backend = createWorldBackend(clock, { ...plan, seed: replicationSeed(plan.seed, 0) });
  const fates: Fate[] = [];
  const traffic = trafficOf(plan);
  let requests = 0;
  for (let chunk = traffic.next(); chunk !== undefined; chunk = traffic.next()) {
    for (let row = 0; row < chunk.length; row++) {
      const nowMs = chunk.arrivalMs[row]!;
      advanceTo(nowMs);
      const fate: Fate = { what: "", region: undefined, firstTokenMs: Number.NaN, endMs: nowMs, outputTokens: 0 };
      fates[requests++] = fate;
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
        fate.what = what;
        fate.endMs = endMs;
        if (admission.kind === "accepted") fate.region = admission.handle.destinationRegion;
      };
      const admission = backend.begin(call, nowMs, {
        onFirstToken: (ms) => {
          fate.firstTokenMs = ms;
        },
        onEnd: (ms) => {
          ends("ok")(ms);
          if (Number.isNaN(fate.firstTokenMs)) fate.firstTokenMs = ms;
        },
        onFailure: (ms, fault) => {
          ends(fault.name)(ms);
          fate.firstTokenMs = Number.NaN;
        },
        onBreak: ends("broken"),
      });
      if (admission.kind === "refused") fate.what = admission.fault.name;
      if (admission.kind === "accepted") fate.outputTokens = admission.handle.outputTokens;
    }
  }
  advanceTo(1e9);
  return fates;
}

function trafficOf(plan: Plan) {
  const { seed, durationMs, requestsMax } = plan;
  return createTraffic(plan.traffic, { seed, replication: 0, durationMs, requestsMax, chunkRows: 512 });
}

async function compare(small: SmallWorld, profile?: string): Promise<readonly Fate[]> {
  const plan = await planOf(small);
  const source = plan.regionNames[plan.targets[0]!.region]!;
  const expected = simulated(plan);
  const found = emulated(plan, source, profile);
  assert.equal(found.length, expected.length);
  const near = (a: number, b: number, slack = 0) =>
    Number.isNaN(a) === Number.isNaN(b) && !(b - a < -1e-6 || b - a > slack + 1e-6);
  for (const [i, fate] of expected.entries()) {
    const other = found[i]!;
    // Of a failure the observer notes when the service was done with it, the wire when the caller's endpoint hears of it.
    const wayBackMs = fate.what === "ok" ? 0 : 40;
    const same =
      fate.what === other.what &&
      near(fate.endMs, other.endMs, wayBackMs) &&
      near(fate.firstTokenMs, other.firstTokenMs);
    assert.ok(same, `request ${i}: simulated ${JSON.stringify(fate)}, emulated ${JSON.stringify(other)}`);
    if (fate.what === "ok") {
      assert.deepEqual([fate.region, fate.outputTokens], [other.region, other.outputTokens], `request ${i}`);
    }
  }
  return found;
}

const share = (fates: readonly Fate[], what: string) =>
  fates.filter((fate) => fate.what === what).length / fates.length;

describe("the emulator does what the simulator says, request by request", () => {
  const tokens = {
    input: { lognormal: { mean: 800, cv: 1 } },
    output: { lognormal: { mean: 60, cv: 1 } },
    maxTokens: 400,
  };

  it("M/M/4 under load", async () => {
    const fates = await compare({
      capacity: { kind: "slots", servers: 4, service: { exponential: { mean: "1s" } } },
      arrivals: { poisson: "3.2/s" },
      requests: 3000,
    });
    assert.equal(share(fates, "ok"), 1);
  });

  it("servers with a short queue and callers without patience", async () => {
    const fates = await compare({
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
    assert.ok(share(fates, "ServiceUnavailableException") > 0.1 && share(fates, "ModelTimeoutException") > 0.05);
  });

  it("continuous batching with prefill, luck, a limit and background tenants", async () => {
    const fates = await compare({
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
    assert.ok(share(fates, "ok") > 0.5);
    const waits = fates.filter((fate) => fate.what === "ok" && fate.endMs > fate.firstTokenMs);
    assert.ok(waits.length > 1000, "answers of more than one token");
  });

  it("quotas under a burst", async () => {
    for (const law of ["clock-window", "token-bucket", "rolling-window"]) {
      const fates = await compare({
        capacity: { kind: "slots", servers: "unlimited", service: { exponential: { mean: "2s" } } },
        world: { quotas: [{ tokensPerMinute: "60k", requests: 100, law }] },
        arrivals: { poisson: "2/s" },
        tokens,
        requests: 1500,
      });
      const throttled = share(fates, "ThrottlingException");
      assert.ok(throttled > 0.1 && throttled < 0.9, `${law}: ${throttled}`);
    }
  });

  it("service-side routing, hops, errors, faults", async () => {
    const fates = await compare(
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
    const regions = new Set(fates.map((fate) => fate.region));
    for (const region of ["us-east-1", "us-east-2", "us-west-2"]) assert.ok(regions.has(region), region);
    assert.ok(share(fates, "InternalServerException") > 0.01);
  });
});
