/** The contract of a design: which points of the factors' space a sweep runs. */
import type { Factor } from "./factor.ts";

/** Values of all factors, in their order. */
export type Point = readonly unknown[];

export interface DesignInput {
  readonly factors: readonly Factor[];
  /** Points of a design that samples; a grid has its own number. */
  readonly points: number;
  readonly seed: number;
}

export interface Design {
  readonly name: string;
  /** One line for `meridian list`. */
  readonly summary: string;
  /**
   * The points, in a fixed order.
   * @throws MeridianError usage, where the factors do not suit the design
   */
  points(input: DesignInput): readonly Point[];
}
