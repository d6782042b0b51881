import { KeyedRandom } from "../../random/keyed-random.ts";

/** What can go wrong. Regions and models are plan indices; -1 = every one. */
export type FaultKind =
  | "outage"
  | "brownout"
  | "quota-cut"
  | "latency-surge"
  | "packet-loss"
  | "errors"
  | "wrong-health";

export interface FaultSpec {
  readonly kind: FaultKind;
  readonly region: number;
  readonly model: number;
  /** Scheduled: when it begins, ms; random: NaN. */
  readonly atMs: number;
  /** Scheduled: how long it lasts, ms. */
  readonly forMs: number;
  /** Random: mean time between failures and to repair, ms, both exponential; NaN when scheduled. */
  readonly mtbfMs: number;
  readonly mttrMs: number;
  /**
   * brownout, quota-cut: share of capacity or limit that is left; latency-surge: ms added to each round trip;
   * packet-loss, errors: share of messages or attempts; outage, wrong-health: not used.
   */
  readonly amount: number;
}

/** A fault's beginning or end. */
export interface FaultEdge {
  readonly atMs: number;
  /** Index into the specs. */
  readonly fault: number;
  readonly begins: boolean;
}

/**
 * Edges in order of time: of all scheduled faults, and of the random ones that begin before the horizon. Random faults
 * draw from (seed, fault) alone, so every strategy meets the same ones, and a later horizon only adds to them. At equal
 * instants ends come before beginnings.
 */
export function faultTimeline(specs: readonly FaultSpec[], seed: number, horizonMs: number): readonly FaultEdge[] {
  const edges: FaultEdge[] = [];
  specs.forEach((spec, fault) => {
    if (!Number.isNaN(spec.atMs)) {
      edges.push({ atMs: spec.atMs, fault, begins: true }, { atMs: spec.atMs + spec.forMs, fault, begins: false });
      return;
    }
    const random = new KeyedRandom(seed, "faults");
    random.seek(fault, 0);
    for (let ms = 0; ; ) {
      ms += -spec.mtbfMs * Math.log(1 - random.next());
      if (ms >= horizonMs) break;
      edges.push({ atMs: ms, fault, begins: true });
      ms += -spec.mttrMs * Math.log(1 - random.next());
      edges.push({ atMs: ms, fault, begins: false });
    }
  });
  return edges.sort((a, b) => a.atMs - b.atMs || Number(a.begins) - Number(b.begins) || a.fault - b.fault);
}
