/** One line of a bill, whatever export it comes from, and what a reader of exports must give. */
import type { Decimal } from "./usd.ts";

/**
 * What a line is charged for. Only `usage` is spend that a route could change; the others are kept apart, since adding
 * a credit or a tax to usage would make every price per token wrong.
 */
export type ChargeKind = "usage" | "correction" | "commitment" | "discount" | "credit" | "refund" | "tax" | "fee";

/** Undefined: the export does not say. An export grouped by one dimension says little. */
export interface BillLine {
  /** Charge period, ms since 1970, UTC; the end is not included. */
  readonly startMs: number;
  readonly endMs: number;
  readonly kind: ChargeKind;
  readonly costUsd: Decimal;
  /** In `unit`: the number of thousands or millions of tokens, of gigabytes, of hours. */
  readonly quantity: Decimal | undefined;
  readonly unit: string | undefined;
  readonly service: string | undefined;
  readonly usageType: string | undefined;
  readonly operation: string | undefined;
  /** Region that is billed: the one that was called, wherever the call was served. */
  readonly region: string | undefined;
  readonly account: string | undefined;
  /** ARN of the caller; CUR 2.0 has it where the account asked for it. */
  readonly identity: string | undefined;
  /** Cost allocation tags by key, without the prefix `user:`. A key with the empty value is known to be untagged. */
  readonly tags: Readonly<Record<string, string>>;
  /** The amount may still change. */
  readonly estimated: boolean;
  /** Line or record of the file, from 1. */
  readonly line: number;
}

/** A file of a bill, read wholly: daily or hourly lines, of which a year has some hundred thousand. */
export interface BillExport {
  /** Name of the format, e.g. `cost-explorer-console`. */
  readonly format: string;
  /** Two exports of one view replace one another on the days that they share; those of two views describe the same spend. */
  readonly view: string;
  readonly lines: readonly BillLine[];
  /** What the file itself states as its sum, where it does. */
  readonly statedTotalUsd: Decimal | undefined;
  /** Which cost column was summed: `unblended`, `billed`, ... */
  readonly costBasis: string;
  /** What a person should know of it, e.g. that pages are missing. */
  readonly notes: readonly string[];
}

/** A table as the edge has parsed it: CSV and Parquet alike. */
export interface BillTable {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Line of the file on which each row begins. */
  readonly lineOf: (row: number) => number;
}
