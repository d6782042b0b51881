import type { Capacity } from "../build.ts";
import { duration } from "../build.ts";
import type { Oracle, OracleScenario } from "../oracle.ts";

/** What a further row says; the rest has defaults. */
export interface FurtherRow {
  readonly id: string;
  readonly model: string;
  readonly quantity: string;
  readonly formula: string;
  readonly value: number;
  /** Of one 500,000-request estimate, as measured over 20: the size of the noise, never the answer. 0 for exact rows. */
  readonly sd: number;
  readonly floor?: number;
  readonly scenario: OracleScenario;
}

export function further({ sd, floor, ...row }: FurtherRow): Oracle {
  const exact = 1e-9;
  return {
    ...row,
    compare: "two-sided",
    sdRelative500k: sd,
    toleranceFloor: floor ?? (sd === 0 ? exact : 0.005),
  };
}

/** c servers with exponential service, first come, first served. */
export function exponentialSlots(servers: number, meanS: number, more: Partial<Capacity> = {}): Capacity {
  return { kind: "slots", servers, service: { exponential: { mean: duration(meanS) } }, ...more } as Capacity;
}
