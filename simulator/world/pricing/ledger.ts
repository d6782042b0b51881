import { invariant } from "../../errors.ts";
import { TOKEN_KINDS } from "./prices.ts";

/**
 * A pair of prices that a billed attempt may be charged by: the key of the target that was called and the key of the
 * region that ran it. Both are positions in `PriceSchedule.keys`.
 */
export interface Placement {
  readonly sourceKey: number;
  readonly destinationKey: number;
}

export interface LedgerShape {
  readonly epochs: number;
  readonly placements: number;
  readonly classes: number;
}

/**
 * What a run counts for its bill. The engine adds integers on the hot path; prices meet counts once, at the end.
 * An attempt is counted in the epoch in which it starts.
 */
export interface Ledger extends LedgerShape {
  /** Token counts, indexed `ledgerCell(...) * TOKEN_KINDS.length + kind`; integers. */
  readonly tokens: Float64Array;
  /** Routing decisions, indexed by `ledgerCell(...)`; integers. */
  readonly decisions: Float64Array;
}

export function createLedger(shape: LedgerShape): Ledger {
  const cells = shape.epochs * shape.placements * shape.classes;
  return {
    epochs: shape.epochs,
    placements: shape.placements,
    classes: shape.classes,
    tokens: new Float64Array(cells * TOKEN_KINDS.length),
    decisions: new Float64Array(cells),
  };
}

/** Position of (epoch, placement, class): `(epoch * placements + placement) * classes + class`. */
export function ledgerCell(shape: LedgerShape, epoch: number, placement: number, classIndex: number): number {
  return (epoch * shape.placements + placement) * shape.classes + classIndex;
}

/** Adds the counts of one ledger to another of the same shape. */
export function addToLedger(into: Ledger, from: Ledger): void {
  invariant(
    into.tokens.length === from.tokens.length && into.classes === from.classes && into.placements === from.placements,
    "ledgers that are added have one shape",
  );
  for (let i = 0; i < into.tokens.length; i++) into.tokens[i]! += from.tokens[i]!;
  for (let i = 0; i < into.decisions.length; i++) into.decisions[i]! += from.decisions[i]!;
}
