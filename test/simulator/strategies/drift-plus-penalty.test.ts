import assert from "node:assert/strict";
import { test } from "node:test";
import { keyedUniform } from "../../../simulator/random/keyed-random.ts";
import { driftPlusPenalty } from "../../../simulator/strategies/drift-plus-penalty.ts";
import { contextOf, outcomeOf, requestOf, uniforms, viewOf } from "./fixtures.ts";

const context = contextOf("cheap", "dear");
const none = uniforms();

function priced() {
  const view = viewOf(context);
  view.priceInUsdPerMTok.set([10, 12]);
  view.priceOutUsdPerMTok.set([10, 12]);
  return view;
}

/** cheap misses 20 % of objectives, dear 0 %; the tail of a long run. */
function longRun(options: Record<string, unknown>): { readonly missed: number; readonly cheap: number } {
  const strategy = driftPlusPenalty.create(options, context);
  const view = priced();
  const [n, from] = [12_000, 4_000];
  let missed = 0;
  let cheap = 0;
  for (let i = 0; i < n; i++) {
    const nowMs = i * 100;
    const target = strategy.choose(requestOf({ requestId: i, sloE2eMs: 1_000 }), view, nowMs, none);
    const isMiss = target === 0 && keyedUniform(5, i, 0) < 0.2;
    strategy.observe!(outcomeOf(target, "ok", nowMs, isMiss ? 2_000 : 500));
    if (i < from) continue;
    missed += isMiss ? 1 : 0;
    cheap += target === 0 ? 1 : 0;
  }
  return { missed: missed / (n - from), cheap: cheap / (n - from) };
}

test("keeps the share of missed objectives at the limit, with the mix that the linear programme has", () => {
  // min cost with 0.2 x <= 0.05: x = 0.25 of the requests go to the cheap target.
  const { missed, cheap } = longRun({ missed: 0.05 });
  assert.ok(Math.abs(missed - 0.05) < 0.008, `missed ${missed}`);
  assert.ok(Math.abs(cheap - 0.25) < 0.04, `cheap ${cheap}`);
});

test("a limit that does not bind leaves the cheapest", () => {
  assert.equal(longRun({ missed: 0.3 }).cheap, 1);
});

test("a rate holds over a minute: what is above it goes to the other target", () => {
  // 2,000 tokens a second are asked for, 60,000 a minute allowed at cheap: half of the requests.
  const strategy = driftPlusPenalty.create({ tokensPerMinute: { cheap: 60_000 } }, context);
  const view = priced();
  let cheap = 0;
  for (let i = 0; i < 3_600; i++) {
    if (strategy.choose(requestOf({ requestId: i }), view, i * 1_000, none) === 0) cheap++;
  }
  assert.ok(Math.abs(cheap / 3_600 - 0.5) < 0.01, `${cheap / 3_600}`);
});
