import assert from "node:assert/strict";
import { it } from "node:test";
import { nextPictureMs, takePicture } from "../../../simulator/client/aged-signals.ts";
import { TargetViewState } from "../../../simulator/strategies/target-view.ts";

it("pictures are taken at multiples of the age", () => {
  const cases = [
    [0, 1_000, 1_000],
    [2_300, 1_000, 3_000],
    [3_000, 1_000, 4_000],
    [0.5, 0.25, 0.75],
  ] as const;
  for (const [nowMs, ageMs, nextMs] of cases) assert.equal(nextPictureMs(nowMs, ageMs), nextMs);
});

it("a picture of signals stays as it was taken; attempts in flight are no part of it", () => {
  const views = () => [new TargetViewState(["a", "b"], ["e2e"]), new TargetViewState(["a", "b"], ["e2e"])];
  const [learnt, shown] = [views(), views()];
  const outcome = { target: 0, kind: "ok", sentMs: 0, nowMs: 100, ttftMs: 50, e2eMs: 100, rttMs: 0 } as const;
  learnt[1]!.onOutcome(outcome);
  takePicture(learnt, shown);
  learnt[1]!.onOutcome({ ...outcome, nowMs: 400, e2eMs: 300 });
  learnt[1]!.onSent(1);
  assert.equal(shown[1]!.e2eMsMean[0], 100);
  assert.equal(shown[1]!.lastOutcomeMs[0], 100);
  assert.equal(shown[1]!.inFlight[1], 0);
  assert.ok(Number.isNaN(shown[0]!.e2eMsMean[0]!), "each model has its own");
});
