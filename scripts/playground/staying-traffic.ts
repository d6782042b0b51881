/** Traffic of which only a share may leave its home region: each class becomes two, and one of them stays. */

import { type Block, isBlock, listOf, regionsOf, targetsOf } from "./plain-scenario.ts";

export interface StayingTraffic {
  /** The classes in their order, then those that stay. */
  readonly traffic: readonly unknown[];
  /** Classes that could not be divided: no target in their home, or no rate. */
  readonly left: readonly string[];
}

/**
 * Divides each class: `share` of its requests goes on as before, the rest may use targets of its home region only. The
 * home is where most of its callers are.
 *
 * @param plain  the scenario, for its targets and regions
 * @param share  of the traffic that may move, in [0, 1]
 */
export function stayingTraffic(plain: Block, traffic: readonly unknown[], share: number): StayingTraffic {
  const regions = regionsOf(plain);
  const targets = targetsOf(plain, regions);
  const left: string[] = [];
  const staying: unknown[] = [];
  const moving = traffic.map((one) => {
    if (!isBlock(one)) return one;
    const home = homeOf(one, regions);
    const allowed = one.targets === undefined ? targets : targets.filter(({ id }) => listOf(one.targets).includes(id));
    const own = allowed.filter(({ region }) => region === home).map(({ id }) => id);
    if (own.length === 0 || own.length === allowed.length) {
      if (own.length === 0) left.push(String(one.class));
      return one;
    }
    if (share <= 0) return { ...one, targets: own };
    const part = faster(one, 1 - share);
    if (part === one) {
      left.push(String(one.class));
      return one;
    }
    staying.push({ ...part, class: `${String(one.class)} that stays`, targets: own });
    return faster(one, share);
  });
  return { traffic: [...moving, ...staying], left };
}

/** The region where most of the callers are; the first one unless the class says. */
function homeOf({ origin }: Block, regions: readonly string[]): string | undefined {
  if (typeof origin === "string") return origin;
  if (!isBlock(origin)) return regions[0];
  const [first] = Object.entries(origin).sort(([, a], [, b]) => Number(b) - Number(a));
  return first?.[0];
}

/**
 * The class with its arrivals at `factor` times their load; as it is where it has none.
 *
 * @example faster({ class: "chat", arrivals: { poisson: "20/s", scale: 3 } }, 2) // => { class: "chat", arrivals: { poisson: "20/s", scale: 6 } }
 */
export function faster(one: Block, factor: number): Block {
  const { arrivals } = one;
  return isBlock(arrivals) ? { ...one, arrivals: { ...arrivals, scale: timesFactor(arrivals.scale, factor) } } : one;
}

/** A factor of the scenario times another: 1 where it says nothing, six digits, and within what a scenario may say. */
export function timesFactor(stated: unknown, factor: number): number {
  const product = (typeof stated === "number" ? stated : 1) * factor;
  return Number(Math.min(1e4, Math.max(1e-3, product)).toPrecision(6));
}
