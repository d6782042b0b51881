/** Strategy `least-latency`: the shortest expected wait by a peak-sensitive moving mean (peak EWMA). */
import { checkOptions } from "../client/options.ts";
import type { AttemptOutcome, StrategyDefinition } from "../client/strategy.ts";

const options = {
  of: {
    type: "choice",
    values: ["e2e", "ttft", "token"],
    default: "e2e",
    doc: "Which latency: of the whole answer, to the first token, or of the whole answer per output token",
  },
  decay: { type: "durationMs", min: 1, default: 10_000, doc: "An observation this old weighs 1/e of a new one" },
  d: { type: "integer", min: 0, default: 0, doc: "Compare only this many targets, drawn at random; 0 compares all" },
  explore: { type: "share", default: 0.02, doc: "Share of requests that go to an eligible target at random instead" },
} as const;

/** Bigger than any load: an unknown target comes first, a failed one last, both by what is in flight. */
const PENALTY_MS = 1e9;

/**
 * Peak EWMA: cost_i = latency_i × (in flight_i + 1), least cost wins. latency_i keeps e^(-dt / decay) of itself over a
 * time dt, jumps to any observation above it, and takes 1 - e^(-dt / decay) of one below: a target that becomes slow is
 * left at once and asked again by and by. A target without an observation costs 0 while it is idle. A refusal, error or timeout counts as the time it took, and at
 * least as twice the latency known, since a fast 429 is no fast answer.
 *
 * Latencies are kept without the round trip and it is added for each request's own origin.
 *
 * Source: Finagle's PeakEwma balancer (com.twitter.finagle.loadbalancer.p2c, 2015); the share of random choices is ours.
 * Draws: one, and with `d` min(d, eligible) more.
 */
export const leastLatency: StrategyDefinition = {
  name: "least-latency",
  summary: "Takes the target with the lowest recent latency times load (peak EWMA).",
  options,
  signals: ["inFlight", "rtt"],
  create(given, context) {
    const checked = checkOptions("least-latency", options, given, context);
    const decayMs = checked.number("decay");
    const explore = checked.number("explore");
    const d = checked.number("d");
    const of = checked.choice("of");
    const count = context.targetIds.length;
    const latencyMs = new Float64Array(count).fill(Number.NaN);
    const stampMs = new Float64Array(count);
    const drawn = new Int32Array(count);

    /** Lets what is known of a target fade to now. */
    function fade(target: number, nowMs: number): number {
      const keep = Math.exp(-Math.max(0, nowMs - stampMs[target]!) / decayMs);
      latencyMs[target]! *= keep;
      stampMs[target] = nowMs;
      return keep;
    }

    function costMs(target: number, rttMs: number, inFlight: number, nowMs: number): number {
      fade(target, nowMs);
      const known = latencyMs[target]!;
      if (Number.isNaN(known)) return inFlight === 0 ? 0 : PENALTY_MS * inFlight;
      return (known + (Number.isNaN(rttMs) ? 0 : rttMs)) * (inFlight + 1);
    }

    return {
      scoreOf: (target, _request, { rttMs, inFlight }, nowMs) =>
        costMs(target, rttMs[target]!, inFlight[target]!, nowMs),
      choose(request, targets, nowMs, draws) {
        const { eligible, eligibleCount, rttMs, inFlight } = targets;
        const uniform = draws.next();
        if (uniform < explore) return eligible[Math.floor((uniform / explore) * eligibleCount)]!;
        const isSample = d > 0 && d < eligibleCount;
        if (isSample) for (let i = 0; i < eligibleCount; i++) drawn[i] = eligible[i]!;
        const candidates = isSample ? d : eligibleCount;
        let best = -1;
        let bestMs = Number.POSITIVE_INFINITY;
        for (let i = 0; i < candidates; i++) {
          if (isSample) swap(drawn, i, i + Math.floor(draws.next() * (eligibleCount - i)));
          const target = isSample ? drawn[i]! : eligible[i]!;
          if (target === request.previousTarget && best >= 0) continue;
          const ms = costMs(target, rttMs[target]!, inFlight[target]!, nowMs);
          if (best < 0 || best === request.previousTarget || ms < bestMs) {
            best = target;
            bestMs = ms;
          }
        }
        return best;
      },
      observe(outcome) {
        const { target, nowMs, kind } = outcome;
        const keep = fade(target, nowMs);
        const known = latencyMs[target]!;
        const tookMs = kind === "ok" ? observedMs(outcome, of) : nowMs - outcome.sentMs;
        if (Number.isNaN(tookMs)) return;
        const ms = kind === "ok" || Number.isNaN(known) ? tookMs : Math.max(tookMs, 2 * known);
        latencyMs[target] = known >= ms ? known + (1 - keep) * ms : ms;
      },
    };
  },
};

/** The latency that is compared, without the round trip, ms. */
function observedMs({ e2eMs, ttftMs, rttMs, outputTokens }: AttemptOutcome, of: string): number {
  if (of === "ttft") return Math.max(0, ttftMs - rttMs);
  const ms = Math.max(0, e2eMs - rttMs);
  return of === "token" ? ms / Math.max(1, outputTokens) : ms;
}

function swap(list: Int32Array, i: number, j: number): void {
  const held = list[i]!;
  list[i] = list[j]!;
  list[j] = held;
}
