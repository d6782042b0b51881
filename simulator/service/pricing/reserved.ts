/** Capacity paid by the hour: provisioned throughput, and the reserved tier. */
import { MeridianError } from "../../base/errors.ts";
import { didYouMean } from "../../base/near-names.ts";
import { HOUR_MS } from "../../base/time.ts";
import type { PriceBookData } from "./price-book-data.ts";
import { fUsdOf } from "./prices.ts";

/** Capacity paid by the hour, used or not: a line of its own on the bill. */
export interface CapacityLine {
  readonly name: string;
  readonly hours: number;
  readonly usdPerHour: number;
  readonly costFUsd: bigint;
}

/**
 * One line of hourly capacity.
 *
 * @param hours may be a fraction of an hour; the cost is rounded to the femto-dollar
 */
export function capacityLine(name: string, usdPerHour: number, hours: number): CapacityLine {
  const milliseconds = BigInt(Math.round(hours * HOUR_MS));
  return { name, hours, usdPerHour, costFUsd: (fUsdOf(usdPerHour) * milliseconds) / BigInt(HOUR_MS) };
}

export const PROVISIONED_TERMS = ["noCommit", "oneMonth", "sixMonth"] as const;
export type ProvisionedTerm = (typeof PROVISIONED_TERMS)[number];

/**
 * Provisioned throughput: USD per hour for a number of model units.
 *
 * @param modelId Bedrock id, or the beginning under which the model is sold (`meta.llama3-1-70b`)
 * @throws MeridianError usage, CAPACITY_NOT_SOLD, when the model or the term is not sold that way
 */
export function provisionedUsdPerHour(
  data: PriceBookData,
  request: { readonly modelId: string; readonly term: ProvisionedTerm; readonly units: number },
): number {
  const row = data.provisionedThroughput.find((candidate) => isSoldAs(request.modelId, candidate.model));
  const price = row?.[request.term];
  if (price !== undefined && price !== null) return price * request.units;
  const sold = data.provisionedThroughput.map((candidate) => candidate.model);
  const what =
    row === undefined
      ? `provisioned throughput of "${request.modelId}" has no known price${didYouMean(request.modelId, sold)}`
      : `provisioned throughput of "${request.modelId}" has no known price for the term ${request.term}`;
  throw notSold(what, "state usdPerUnitHour, the price of one model unit, or choose a model or term with a price");
}

/** Smallest reservation of the reserved tier, tokens per minute. Source: Bedrock User Guide, service tiers, 2026. */
export const RESERVED_MINIMUM_TPM = { input: 100_000, output: 10_000 } as const;

/**
 * Reserved tier: USD per hour for tokens per minute, input and output apart.
 *
 * @throws MeridianError usage, CAPACITY_NOT_SOLD or CAPACITY_TOO_SMALL
 */
export function reservedTierUsdPerHour(
  data: PriceBookData,
  request: {
    readonly modelId: string;
    readonly routing: "global" | "geo";
    readonly termMonths: number;
    readonly inputTpm: number;
    readonly outputTpm: number;
  },
): number {
  const row = data.reservedTier.find(
    (candidate) =>
      candidate.model === request.modelId &&
      candidate.routing === request.routing &&
      candidate.termMonths === request.termMonths,
  );
  if (row === undefined) {
    const sold = [...new Set(data.reservedTier.map((candidate) => candidate.model))];
    throw notSold(
      `the reserved tier of "${request.modelId}" (${request.routing}, ${request.termMonths} months) has no known price${didYouMean(request.modelId, sold)}`,
      `choose 1 or 3 months of one of: ${sold.join(", ")}; or state usdPerHour`,
    );
  }
  const minimum = RESERVED_MINIMUM_TPM;
  if (request.inputTpm < minimum.input || request.outputTpm < minimum.output) {
    throw new MeridianError("usage", {
      code: "CAPACITY_TOO_SMALL",
      what: `a reservation of ${request.inputTpm} input and ${request.outputTpm} output tokens per minute is below what is sold`,
      where: "reserved",
      fix: `reserve at least ${minimum.input} input and ${minimum.output} output tokens per minute`,
    });
  }
  return (
    (request.inputTpm / 1000) * row.usdPerHourPer1KInputTpm + (request.outputTpm / 1000) * row.usdPerHourPer1KOutputTpm
  );
}

/** `meta.llama3-1-70b` sells `meta.llama3-1-70b-instruct-v1:0` but not `meta.llama3-1-700b`. */
function isSoldAs(modelId: string, soldAs: string): boolean {
  return modelId === soldAs || modelId.startsWith(`${soldAs}-`) || modelId.startsWith(`${soldAs}:`);
}

function notSold(what: string, fix: string): MeridianError {
  return new MeridianError("usage", { code: "CAPACITY_NOT_SOLD", what, where: "reserved", fix });
}
