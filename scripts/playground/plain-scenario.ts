/** A scenario as its YAML parses, before anything has checked it: looked into without trusting its shape. */

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
export function regionsOf(plain: Block): readonly string[] {
  return listOf(blockAt(plain, "world").regions).map((one) => String(isBlock(one) ? one.name : one));
}

export interface NamedTarget {
  readonly id: string;
  readonly region: string;
}

/** The targets by their ids; every region's own endpoint where the world names none. */
export function targetsOf(plain: Block, regions: readonly string[]): readonly NamedTarget[] {
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
