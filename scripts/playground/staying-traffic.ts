/**
 * Traffic of which only a share may leave its home region: each class becomes two, and one of them stays. Made from a scenario as
 * its YAML parses, before anything has checked it: looked into without trusting its shape.
 */

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

/** A map of the scenario. */
export type Block = Readonly<Record<string, unknown>>;

/** Whether a value is a map: no list, no text. */
export function isBlock(value: unknown): value is Block {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The list, or an empty one where the value is none. */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as readonly unknown[]) : [];
}

/** The map below some keys; an empty one where there is none. */
export function blockAt(value: unknown, ...keys: readonly string[]): Block {
  let block: unknown = value;
  for (const key of keys) block = isBlock(block) && Object.hasOwn(block, key) ? block[key] : undefined;
  return isBlock(block) ? block : {};
}

/** Keys of a strategy's entry that are not the strategy's name. */
const COMMON = ["name", "client", "file", "options"];

/**
 * A strategy's entry: `round-robin`, or `{ name: ..., cheapest-within: { p95: 8s } }`.
 *
 * @example entryOf({ name: "a", cheapest: {} }) // => { kind: "cheapest", label: "a", options: {} }
 */
export function entryOf(strategy: unknown): { readonly kind: string; readonly label: string; readonly options: Block } {
  if (typeof strategy === "string") return { kind: strategy, label: strategy, options: {} };
  if (!isBlock(strategy)) return { kind: "", label: "", options: {} };
  const kind = Object.keys(strategy).find((key) => !COMMON.includes(key)) ?? "";
  return { kind, label: String(strategy.name ?? kind), options: blockAt(strategy, kind) };
}

/** Names of the regions. */
function regionsOf(plain: Block): readonly string[] {
  return listOf(blockAt(plain, "world").regions).map((one) => String(isBlock(one) ? one.name : one));
}

export interface NamedTarget {
  readonly id: string;
  readonly region: string;
}

/** The targets by their ids; every region's own endpoint where the world names none. */
function targetsOf(plain: Block, regions: readonly string[]): readonly NamedTarget[] {
  const { targets } = blockAt(plain, "world");
  if (targets === undefined) return regions.map((region) => ({ id: region, region }));
  return listOf(targets).map((one) => {
    if (!isBlock(one)) return { id: String(one), region: /^[^/@]*/.exec(String(one))![0] };
    const route = one.route === undefined || one.route === "regional" ? "" : `/${String(one.route)}`;
    const tier = one.tier === undefined || one.tier === "standard" ? "" : `@${String(one.tier)}`;
    const region = String(one.region);
    return { id: String(one.id ?? `${region}${route}${tier}`), region };
  });
}
