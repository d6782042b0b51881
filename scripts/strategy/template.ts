/** The file that `meridian strategy new` writes: a strategy that works, to be changed. */

/** @param name lower case with hyphens @param isTypeScript with types, or plain JavaScript */
export function strategyTemplate(name: string, isTypeScript: boolean): string {
  const types = isTypeScript ? "" : "// @ts-check\n";
  const asConst = isTypeScript ? " as const" : "";
  return `${types}/**
 * Strategy \`${name}\`: the cheapest target that did not fail lately.
 *
 * In a scenario:   strategies: [{ file: ./${name}.${isTypeScript ? "ts" : "js"}, options: { cooldown: 20s } }]
 * Try it:          npx meridian conformance ${name}.${isTypeScript ? "ts" : "js"}
 *
 * It must be pure: no clock, no Math.random, no packages. Draw from \`random\`, keep state in the instance, and allocate
 * nothing per decision.
 */
import { checkOptions, defineStrategy } from "meridian/strategies";

const options = {
  cooldown: { type: "durationMs", default: 30_000, doc: "How long a target is left alone after a failure" },
}${asConst};

export const strategy = defineStrategy({
  name: "${name}",
  summary: "Takes the cheapest target that did not fail lately.",
  options,
  // Only the columns of \`targets\` that are named here are kept up to date.
  signals: ["price"],
  // One call for each router: what is kept here is its own.
  create(given, context) {
    const cooldownMs = checkOptions("${name}", options, given, context).number("cooldown");
    const failedMs = new Float64Array(context.targetIds.length).fill(-Infinity);
    return {
      choose(request, targets, nowMs) {
        const { eligible, eligibleCount, priceInUsdPerMTok } = targets;
        let best = -1;
        for (let i = 0; i < eligibleCount; i++) {
          const target = eligible[i]${isTypeScript ? "!" : ""};
          // Not where the last attempt of this request just failed, and not where another did a moment ago.
          if (target === request.previousTarget || nowMs - failedMs[target]${isTypeScript ? "!" : ""} < cooldownMs) continue;
          if (best < 0 || priceInUsdPerMTok[target]${isTypeScript ? "!" : ""} < priceInUsdPerMTok[best]${isTypeScript ? "!" : ""}) best = target;
        }
        return best >= 0 ? best : eligible[0]${isTypeScript ? "!" : ""};
      },
      observe({ target, kind, nowMs }) {
        if (kind !== "ok") failedMs[target] = nowMs;
      },
    };
  },
});
`;
}
