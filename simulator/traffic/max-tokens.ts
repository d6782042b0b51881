/** max_tokens as a quantile of a class's own answers: what a caller would set who knows them. */
import { MeridianError } from "../base/errors.ts";
import { createLaw } from "../random/laws/index.ts";
import type { ArrivalSpec } from "./arrivals/index.ts";
import { selectedRows } from "./arrivals/trace.ts";
import { lengthLaw, type TokenInput, type TokenSpec } from "./tokens.ts";
import type { Recording } from "./traffic.ts";

/** A class whose limit may still have to be settled. */
interface Unsettled {
  readonly name: string;
  readonly arrivals: ArrivalSpec;
  readonly tokens: TokenInput;
  readonly recordings: Readonly<Record<string, Recording>>;
}

/**
 * Token counts with `outputQuantile` settled: the smallest number that the share of the answers stays within, of the
 * law of outputs or of the recorded rows that the class takes.
 *
 * @throws MeridianError usage TRAFFIC_TOKENS_MISSING, TRAFFIC_UNKNOWN_RECORDING, TRACE_EMPTY_SELECTION
 */
export function settleMaxTokens({ name, arrivals, tokens, recordings }: Unsettled): TokenSpec {
  const { maxTokens, ...rest } = tokens;
  if (maxTokens === undefined) return rest;
  if (maxTokens.kind !== "outputQuantile") return { ...rest, maxTokens };
  const value = quantileOf({ name, arrivals, tokens, recordings }, maxTokens.share);
  return { ...rest, maxTokens: { kind: "constant", value: Math.max(1, Math.ceil(value)) } };
}

function quantileOf({ name, arrivals, tokens, recordings }: Unsettled, share: number): number {
  if (tokens.output !== undefined || arrivals.process !== "trace") {
    const law = createLaw(lengthLaw(tokens.output, "output", { className: name, recordings }));
    return Math.round(law.quantile(share));
  }
  const recording = recordings[arrivals.trace];
  if (recording?.kind !== "trace") return 1;
  const { columns } = recording;
  const rows = selectedRows(arrivals, columns, name);
  return outputQuantile(
    Int32Array.from(rows, (row) => columns.outputTokens[row]!),
    share,
  );
}

/** The smallest value that the share of the values does not exceed. @throws MeridianError where there is none */
export function outputQuantile(values: Int32Array, share: number): number {
  if (values.length === 0) {
    const what = "there are no answers to take a quantile of";
    throw new MeridianError("usage", {
      code: "TRAFFIC_TOKENS_MISSING",
      where: "maxTokens",
      what,
      fix: "give a number",
    });
  }
  return values.toSorted()[Math.min(values.length - 1, Math.ceil(share * values.length) - 1)]!;
}
