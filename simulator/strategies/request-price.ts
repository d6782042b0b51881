import type { RequestView, TargetView } from "./strategy.ts";

/**
 * What the request would cost at a target now, in millionths of a USD, from what the caller knows: its own input
 * tokens and an expected answer. Infinity where the price is not known, so that such a target comes last.
 *
 * @param outputTokens expected answer; the request's max_tokens is its upper limit, so Infinity stands for max_tokens
 */
export function requestPriceMicroUsd(
  request: RequestView,
  targets: TargetView,
  target: number,
  outputTokens: number,
): number {
  const answer = Math.min(outputTokens, request.maxTokens);
  const price = request.inputTokens * targets.priceInUsdPerMTok[target]! + answer * targets.priceOutUsdPerMTok[target]!;
  return Number.isNaN(price) ? Infinity : price;
}
