import type { Placement } from "../../world/pricing/ledger.ts";
import { type PriceKey, priceKeyName } from "../../world/pricing/prices.ts";

/** Price keys and billing placements, each once. */
export class PlacementList {
  readonly priceKeys: PriceKey[] = [];
  readonly placements: Placement[] = [];
  /** Region of each placement's destination. */
  readonly placementRegion: number[] = [];
  private readonly keyIndex = new Map<string, number>();
  private readonly placementIndex = new Map<string, number>();

  key(key: PriceKey): number {
    const name = priceKeyName(key);
    const known = this.keyIndex.get(name);
    if (known !== undefined) return known;
    this.keyIndex.set(name, this.priceKeys.length);
    return this.priceKeys.push(key) - 1;
  }

  placement(sourceKey: number, destinationKey: number, region: number): number {
    const name = `${sourceKey}/${destinationKey}/${region}`;
    const known = this.placementIndex.get(name);
    if (known !== undefined) return known;
    this.placementIndex.set(name, this.placements.length);
    this.placementRegion.push(region);
    return this.placements.push({ sourceKey, destinationKey }) - 1;
  }
}
