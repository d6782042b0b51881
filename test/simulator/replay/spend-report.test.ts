import assert from "node:assert/strict";
import { it } from "node:test";
import type { AttemptRow, RequestRow } from "../../../simulator/replay/rows.ts";
import { leftOf, shareOf, spendReport } from "../../../simulator/replay/spend-report.ts";
import { planOf, scenarioInput } from "../scenario/base.ts";
import { replayPlanOf } from "./virtual-wire.ts";

const PRICES = [1, 10, 0, 0];
const SPEND = { budgetUsd: 6, dearestUsdPerMTok: [[PRICES, PRICES]], inputFactor: [2], inputTokensMore: 50 };

it("what a run spent follows from its rows", () => {
  const schedule = [[0, 0, 0, 1000, 50, 200, 0, -1] as const, [1, 0, 0, 1000, 50, 0, 0, -1] as const];
  const plan = planOf(scenarioInput());
  const attempt = (i: number, c: number, u: AttemptRow["u"]): AttemptRow =>
    ({ t: "a", i, o: 0, g: 0, s: 0, e: 1, k: "ok", c, f: null, u, id: "", x: "" }) satisfies AttemptRow;
  const attempts = [
    attempt(0, 200, [1000, 100, 0, 0]),
    attempt(0, 429, null),
    attempt(0, 0, null),
    attempt(1, 0, null),
  ];
  const stopped: RequestRow = { t: "r", i: 1, b: 0, e: 1, end: 7, n: 0, w: -1, why: "budget" };
  const report = spendReport(replayPlanOf(plan, 0, schedule), SPEND, schedule, { attempts, requests: [stopped] });
  const reported = 1000 + 100 * 10;
  const silent = 2000 + 50 + 200 * 10;
  const silentWithoutLimit = 2000 + 50 + plan.models[0]!.maxOutputTokens * 10;
  assert.ok(Math.abs(report.spentUsd * 1e6 - (reported + silent + silentWithoutLimit)) < 1e-3, `${report.spentUsd}`);
  assert.deepEqual([report.budgetUsd, report.requestsStopped], [6, 1]);
});

it("strategies share what is left; after one was stopped there is nothing left", () => {
  assert.equal(shareOf(SPEND, 3).budgetUsd, 2);
  assert.equal(leftOf(SPEND, { budgetUsd: 2, spentUsd: 0.5, requestsStopped: 0 }).budgetUsd, 5.5);
  assert.equal(leftOf(SPEND, { budgetUsd: 2, spentUsd: 0.5, requestsStopped: 1 }).budgetUsd, 0);
});
