/** Strategy `litellm`: the routing strategies of LiteLLM's Router, as its code has them. */
import { HOUR_MS } from "../base/time.ts";
import { LitellmCooldown } from "../client/litellm-cooldown.ts";
import { LitellmFallbacks, modelGroups } from "../client/litellm-fallbacks.ts";
import { LatestSamples, MinuteUsage } from "../client/litellm-usage.ts";
import { checkOptions } from "../client/options.ts";
import { drawByWeight } from "../client/pick.ts";
import {
  type AttemptOutcome,
  deferUntil,
  type RequestView,
  SHED,
  type StrategyDefinition,
  type TargetView,
} from "../client/strategy.ts";
import type { RandomStream } from "../random/keyed-random.ts";

const options = {
  routing: {
    type: "choice",
    values: ["simple-shuffle", "least-busy", "usage-based-routing-v2", "latency-based-routing", "cost-based-routing"],
    default: "simple-shuffle",
    doc: "routing_strategy of router_settings",
  },
  weight: { type: "targetAmounts", doc: "weight of each deployment, for simple-shuffle" },
  rpm: { type: "targetAmounts", doc: "rpm of each deployment: weights of simple-shuffle, limits of the others" },
  tpm: { type: "targetAmounts", doc: "tpm of each deployment: weights of simple-shuffle, limits of the others" },
  cooldownTime: { type: "durationMs", default: 5_000, doc: "cooldown_time" },
  allowedFails: {
    type: "integer",
    min: 0,
    doc: "allowed_fails; left out, the default rule: a 429, or over half of the minute's requests",
  },
  buffer: {
    type: "number",
    min: 0,
    default: 0,
    doc: "lowest_latency_buffer: deployments within this share of the lowest latency are drawn among",
  },
  stream: {
    type: "boolean",
    default: false,
    doc: "Requests stream: latency-based-routing compares the time to the first token",
  },
  fallbacks: {
    type: "targetGroups",
    doc: "fallbacks: model groups in the order in which they follow; the group that is called is the deployments of none",
  },
  retries: {
    type: "integer",
    min: 0,
    default: 2,
    doc: "num_retries within each group, where there are fallbacks; what client.retry.litellm has, unless given",
  },
  retryAfter: { type: "durationMs", default: 0, doc: "retry_after, where there are fallbacks; likewise" },
} as const;

/** What a timeout counts as, s per token. */
const TIMEOUT_S = 1_000;
/** The map of latencies is dropped an hour after it was made. */
const LATENCIES_MS = HOUR_MS;

/**
 * A request goes to a deployment that is not cooling down (`LitellmCooldown`); when all are, LiteLLM raises "No
 * deployments available": here the request is shed. Retries choose anew among those that are not cooling. With
 * `fallbacks` a request goes on to the next group when it has used up its retries in one, or all of one cools down
 * (`LitellmFallbacks`). Then:
 *
 * simple-shuffle: by weight, else rpm, else tpm, whichever is set for any; else all alike.
 * least-busy: the fewest in flight, the first of equals.
 * usage-based-routing-v2: the fewest tokens of requests that ended in this clock minute, of those with room for the input
 *   and below their rpm; one at random of equals.
 * latency-based-routing: the mean of the last ten seconds-per-output-token (or times to first token, when streaming); a
 *   timeout counts 1,000 s; an unused deployment counts 0; one at random within `buffer` of the lowest.
 * cost-based-routing: the least input + output price per token; of equals the one that was used or seen first.
 *
 * The limits of tpm and rpm of the last two count requests that ended in this minute. Draws: at most one and, for
 * latency, one more.
 *
 * Source: litellm 1.109.1, router_strategy/ and router_utils/cooldown_handlers.py.
 */
export const litellm: StrategyDefinition = {
  name: "litellm",
  summary: "Routes as LiteLLM's Router does: shuffle, least busy, usage, latency or cost, with cooldowns.",
  options,
  signals: ["inFlight", "price"],
  signalsFor: ({ routing }) => (routing === "cost-based-routing" ? ["inFlight", "price"] : ["inFlight"]),
  create(given, context) {
    const checked = checkOptions("litellm", options, given, context);
    const deployments = context.targetIds.length;
    const groups = modelGroups(checked.groups("fallbacks"), deployments);
    const { groupOf } = groups;
    const walk = checked.has("fallbacks")
      ? new LitellmFallbacks({
          groupOf,
          retries: checked.number("retries"),
          retryAfterMs: checked.number("retryAfter"),
        })
      : null;
    const cooldown = new LitellmCooldown({
      deployments,
      cooldownMs: checked.number("cooldownTime"),
      allowedFails: checked.has("allowedFails") ? checked.number("allowedFails") : null,
      ...groups,
    });
    const { usable, open } = cooldown;
    const settings: Settings = {
      weight: checked.amounts("weight"),
      rpm: checked.amounts("rpm"),
      tpm: checked.amounts("tpm"),
      buffer: checked.number("buffer"),
      isStreaming: checked.boolean("stream"),
    };
    const rule = RULES[checked.choice("routing")]!(settings, deployments);
    const ruleScore = rule.scoreOf;

    return {
      ...(ruleScore === undefined
        ? {}
        : {
            scoreOf: (target: number, _request: RequestView, targets: TargetView) =>
              usable[target] === 1 ? ruleScore(target, targets) : Number.NaN,
          }),
      choose(request, targets, nowMs, random) {
        cooldown.look(targets, 0, nowMs);
        if (walk === null) {
          const choice = open[0] === 0 ? -1 : rule.choose(request, targets, usable, nowMs, random);
          return choice < 0 ? SHED : choice;
        }
        let group = walk.groupFor(request, nowMs, open, random);
        while (group >= 0 && walk.waitUntilMs === 0) {
          cooldown.look(targets, group, nowMs);
          const choice = rule.choose(request, targets, usable, nowMs, random);
          if (choice >= 0) {
            walk.sent(request.requestId);
            return choice;
          }
          // Its limits of tpm or rpm leave none.
          open[group] = 0;
          group = walk.groupFor(request, nowMs, open, random);
        }
        return group < 0 ? SHED : deferUntil(walk.waitUntilMs);
      },
      observe(outcome) {
        const { target, kind, nowMs, retryAfterMs, requestId } = outcome;
        cooldown.learn(target, kind, nowMs, retryAfterMs);
        if (kind === "ok") walk?.end(requestId);
        else walk?.failed(target, retryAfterMs ?? Number.NaN);
        rule.observe?.(outcome);
      },
    };
  },
};

interface Settings {
  readonly weight: Float64Array;
  readonly rpm: Float64Array;
  readonly tpm: Float64Array;
  readonly buffer: number;
  readonly isStreaming: boolean;
}

interface Rule {
  /** @param healthy by target, 1 or 0; of the eligible @returns -1 where none may be used */
  choose(request: RequestView, targets: TargetView, healthy: Float64Array, nowMs: number, random: RandomStream): number;
  observe?(outcome: AttemptOutcome): void;
  /** Of a healthy target, see `Strategy`. */
  scoreOf?(target: number, targets: TargetView): number;
}

const RULES: Readonly<Record<string, (settings: Settings, deployments: number) => Rule>> = {
  "simple-shuffle": shuffle,
  "least-busy": leastBusy,
  "usage-based-routing-v2": lowestUsage,
  "latency-based-routing": lowestLatency,
  "cost-based-routing": lowestCost,
};

function shuffle({ weight, rpm, tpm }: Settings, deployments: number): Rule {
  const own = new Float64Array(deployments);
  return {
    choose(_request, targets, healthy, _nowMs, random) {
      for (const metric of [weight, rpm, tpm]) {
        let most = 0;
        for (let i = 0; i < targets.eligibleCount; i++) {
          const target = targets.eligible[i]!;
          own[target] = healthy[target]! * metric[target]!;
          most = Math.max(most, own[target]!);
        }
        if (most > 0) return drawByWeight(targets, own, random.next());
      }
      return drawByWeight(targets, healthy, random.next());
    },
  };
}

function leastBusy(): Rule {
  return {
    scoreOf: (target, { inFlight }) => inFlight[target]!,
    choose(_request, { eligible, eligibleCount, inFlight }, healthy) {
      let best = -1;
      for (let i = 0; i < eligibleCount; i++) {
        const target = eligible[i]!;
        if (healthy[target] === 1 && (best < 0 || inFlight[target]! < inFlight[best]!)) best = target;
      }
      return best;
    },
  };
}

function lowestUsage({ rpm, tpm }: Settings, deployments: number): Rule {
  const usage = new MinuteUsage(deployments);
  const lowest = new Float64Array(deployments);
  return {
    scoreOf: (target) => usage.tokens[target]!,
    choose({ inputTokens }, targets, healthy, nowMs, random) {
      const { eligible, eligibleCount } = targets;
      usage.turnTo(nowMs);
      let least = Number.POSITIVE_INFINITY;
      for (let i = 0; i < eligibleCount; i++) {
        const target = eligible[i]!;
        const isFull =
          (tpm[target]! > 0 && usage.tokens[target]! + inputTokens > tpm[target]!) ||
          (rpm[target]! > 0 && usage.requests[target]! > 0 && usage.requests[target]! + 1 >= rpm[target]!);
        lowest[target] = healthy[target] === 0 || isFull ? Number.POSITIVE_INFINITY : usage.tokens[target]!;
        least = Math.min(least, lowest[target]!);
      }
      if (least === Number.POSITIVE_INFINITY) return -1;
      for (let i = 0; i < eligibleCount; i++) lowest[eligible[i]!] = lowest[eligible[i]!] === least ? 1 : 0;
      const choice = drawByWeight(targets, lowest, random.next());
      usage.requests[choice]!++;
      return choice;
    },
    observe({ target, kind, nowMs, inputTokens, outputTokens }) {
      usage.turnTo(nowMs);
      if (kind === "ok") usage.tokens[target]! += inputTokens + outputTokens;
    },
  };
}

function lowestCost({ rpm, tpm }: Settings, deployments: number): Rule {
  const usage = new MinuteUsage(deployments);
  /** Order in which deployments were first used or seen; Infinity before. */
  const order = new Float64Array(deployments).fill(Number.POSITIVE_INFINITY);
  let next = 0;
  let isKept = false;
  return {
    scoreOf: (target, { priceInUsdPerMTok, priceOutUsdPerMTok }) =>
      priceInUsdPerMTok[target]! + priceOutUsdPerMTok[target]!,
    choose({ inputTokens }, { eligible, eligibleCount, priceInUsdPerMTok, priceOutUsdPerMTok }, healthy, nowMs) {
      usage.turnTo(nowMs);
      if (isKept) {
        for (let i = 0; i < eligibleCount; i++) {
          const target = eligible[i]!;
          if (healthy[target] === 1 && order[target] === Number.POSITIVE_INFINITY) order[target] = next++;
        }
      }
      let best = -1;
      let least = Number.NaN;
      for (let i = 0; i < eligibleCount; i++) {
        const target = eligible[i]!;
        if (healthy[target] === 0 || usage.isFull(target, inputTokens, tpm, rpm)) continue;
        const price = priceInUsdPerMTok[target]! + priceOutUsdPerMTok[target]!;
        const cost = Number.isNaN(price) ? Number.POSITIVE_INFINITY : price;
        if (best >= 0 && !(cost < least || (cost === least && order[target]! < order[best]!))) continue;
        best = target;
        least = cost;
      }
      return best;
    },
    observe({ target, kind, nowMs, inputTokens, outputTokens }) {
      if (kind !== "ok") return;
      usage.turnTo(nowMs);
      usage.count(target, inputTokens + outputTokens);
      // The map is written to the cache with the first success; what is seen before that is forgotten.
      isKept = true;
      if (order[target] === Number.POSITIVE_INFINITY) order[target] = next++;
    },
  };
}

function lowestLatency({ rpm, tpm, buffer, isStreaming }: Settings, deployments: number): Rule {
  const usage = new MinuteUsage(deployments);
  const perTokenS = new LatestSamples(deployments);
  const firstTokenS = new LatestSamples(deployments);
  const valid = new Float64Array(deployments);
  const latency = new Float64Array(deployments);
  let endMs = Number.NEGATIVE_INFINITY;

  function expire(nowMs: number): void {
    if (nowMs <= endMs) return;
    perTokenS.clear();
    firstTokenS.clear();
    endMs = Number.NEGATIVE_INFINITY;
  }

  function keep(nowMs: number): void {
    if (endMs === Number.NEGATIVE_INFINITY) endMs = nowMs + LATENCIES_MS;
  }

  return {
    scoreOf: (target) => latency[target]!,
    choose({ inputTokens }, targets, healthy, nowMs, random) {
      const { eligible, eligibleCount } = targets;
      expire(nowMs);
      usage.turnTo(nowMs);
      let least = Number.POSITIVE_INFINITY;
      for (let i = 0; i < eligibleCount; i++) {
        const target = eligible[i]!;
        // What is seen unused while the map is kept has a first sample of 0 from then on.
        if (healthy[target] === 1 && endMs > nowMs && perTokenS.isNew(target)) perTokenS.add(target, 0);
        const samples = isStreaming && firstTokenS.count(target) > 0 ? firstTokenS : perTokenS;
        const isIn = healthy[target] === 1 && !usage.isFull(target, inputTokens, tpm, rpm);
        latency[target] = isIn ? samples.mean(target) : Number.NaN;
        if (latency[target]! < least) least = latency[target]!;
      }
      if (least === Number.POSITIVE_INFINITY) return -1;
      for (let i = 0; i < eligibleCount; i++) {
        const target = eligible[i]!;
        valid[target] = latency[target]! <= least + buffer * least ? 1 : 0;
      }
      return drawByWeight(targets, valid, random.next());
    },
    observe({ target, kind, nowMs, ttftMs, e2eMs, inputTokens, outputTokens }) {
      expire(nowMs);
      if (kind === "timeout") {
        keep(nowMs);
        perTokenS.add(target, TIMEOUT_S);
      }
      if (kind !== "ok") return;
      keep(nowMs);
      usage.turnTo(nowMs);
      usage.count(target, inputTokens + outputTokens);
      perTokenS.add(target, e2eMs / 1_000 / (outputTokens || 1));
      if (isStreaming && !Number.isNaN(ttftMs)) firstTokenS.add(target, ttftMs / 1_000);
    },
  };
}
