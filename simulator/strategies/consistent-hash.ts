/** Strategy `consistent-hash`: requests with the same key go to the same target. */
import { checkOptions } from "../client/options.ts";
import type { RequestView, StrategyDefinition } from "../client/strategy.ts";
import { keyedUniform, purposeKey } from "../random/keyed-random.ts";

const options = {
  key: {
    type: "choice",
    values: ["prefix", "session", "class", "origin", "request"],
    default: "prefix",
    doc: "What must stay together: a session, else a shared prompt (prefix); sessions alone; a class; the callers' place; request spreads evenly",
  },
  weights: { type: "targetWeights", doc: "Share of keys by target; left out, every target has the same" },
  loadFactor: {
    type: "number",
    min: 0,
    default: 0,
    doc: "A target with more than this times the mean in flight is passed over, at least 1; 0 for no bound",
  },
} as const;

/**
 * Weighted rendezvous hashing: score_i = -w_i / ln u_i with u_i a uniform hash of (key, target); the highest wins. Each
 * target gets its share of the keys, and only the keys of a target that comes or goes move: no ring, no table. With
 * `loadFactor` c a target is passed over once it has more than c × (in flight of the eligible + 1) × its share in flight,
 * and the key's next-best target takes the request (bounded loads). A retry passes over the target that just failed.
 *
 * A request without a session or prefix is its own key: such requests spread evenly. Hashes do not depend on the seed, so that all
 * routers agree. No draws.
 *
 * Source: Thaler and Ravishankar, "Using name-based mappings to increase hit rates", IEEE/ACM ToN 6(1), 1998; Schindelhauer
 * and Schomaker, SPAA 2005, for weights; Mirrokni, Thorup, Zadimoghaddam, SODA 2018, for bounded loads.
 */
export const consistentHash: StrategyDefinition = {
  name: "consistent-hash",
  summary: "Sends what has the same key to the same target, by weighted rendezvous hashing.",
  options,
  signals: ["inFlight"],
  create(given, context) {
    const checked = checkOptions("consistent-hash", options, given, context);
    const weights = checked.weights("weights");
    const of = checked.choice("key");
    const factor = checked.number("loadFactor");
    const keys = Int32Array.from(context.targetIds, (id) => purposeKey(0, id));

    return {
      choose(request, { eligible, eligibleCount, inFlight }) {
        const { key, kind } = keyOf(request, of);
        let weight = 0;
        let load = 1;
        for (let i = 0; i < eligibleCount; i++) {
          weight += weights[eligible[i]!]!;
          load += inFlight[eligible[i]!]!;
        }
        let best = -1;
        let bestScore = Number.NEGATIVE_INFINITY;
        let spare = -1;
        let spareScore = Number.NEGATIVE_INFINITY;
        for (let i = 0; i < eligibleCount; i++) {
          const target = eligible[i]!;
          if (target === request.previousTarget) continue;
          const own = weight > 0 ? weights[target]! : 1;
          const score = -own / Math.log(keyedUniform(keys[target]!, key, kind));
          if (score > spareScore) {
            spare = target;
            spareScore = score;
          }
          const room =
            factor > 0 ? Math.ceil((Math.max(1, factor) * load * own) / (weight || eligibleCount)) : Infinity;
          if (inFlight[target]! >= room || score <= bestScore) continue;
          best = target;
          bestScore = score;
        }
        if (best >= 0) return best;
        return spare >= 0 ? spare : request.previousTarget;
      },
    };
  },
};

/** Number that stands for what must stay together, and a second one that keeps kinds of keys apart. */
function keyOf({ prefixId, sessionId, classIndex, originIndex, requestId }: RequestView, of: string): Key {
  if (sessionId >= 0 && (of === "prefix" || of === "session")) return keyed(SESSION, sessionId);
  if (prefixId >= 0 && of === "prefix") return keyed(0, prefixId);
  if (of === "class") return keyed(1, classIndex);
  if (of === "origin") return keyed(2, originIndex);
  return keyed(3, requestId);
}

const SESSION = 4;

function keyed(kind: number, key: number): Key {
  KEY.kind = kind;
  KEY.key = key;
  return KEY;
}

interface Key {
  key: number;
  kind: number;
}

/** Used again for each decision. */
const KEY: Key = { key: 0, kind: 0 };
