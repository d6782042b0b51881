/**
 * Signals with an age: a router is not shown what it knows now but a picture of it that is taken at most once per age,
 * as where gateways read their signals from a metrics store. The engine and the k6 router take pictures alike.
 */
import type { TargetViewState } from "../strategies/target-view.ts";

/**
 * When the next picture may be taken after one at `nowMs`, ms: at multiples of the age, so that all routers of a run
 * take theirs at the same instants whenever their own decisions fall.
 *
 * @param ageMs above 0
 * @example nextPictureMs(2_300, 1_000) // => 3_000
 * @example nextPictureMs(3_000, 1_000) // => 4_000
 */
export function nextPictureMs(nowMs: number, ageMs: number): number {
  return Math.floor(nowMs / ageMs + 1) * ageMs;
}

/**
 * Copies what a router has learnt into what its strategy is shown, model by model. Its own counts of attempts in flight
 * are no part of a picture: a client knows what it has sent itself.
 */
export function takePicture(learnt: readonly TargetViewState[], shown: readonly TargetViewState[]): void {
  for (let model = 0; model < learnt.length; model++) copySignals(learnt[model]!, shown[model]!);
}

function copySignals(from: TargetViewState, to: TargetViewState): void {
  to.e2eMsMean.set(from.e2eMsMean);
  to.ttftMsMean.set(from.ttftMsMean);
  to.e2eMsP95.set(from.e2eMsP95);
  to.throttleShare.set(from.throttleShare);
  to.failureShare.set(from.failureShare);
  to.lastOutcomeMs.set(from.lastOutcomeMs);
}
