import assert from "node:assert/strict";
import { test } from "node:test";
import { recordSchedule } from "../../../simulator/bench/make-plan.ts";
import { measuredOutput } from "../../../simulator/bench/measured.ts";
import { measuredBound } from "../../../simulator/bench/measured-bound.ts";
import { summarise } from "../../../simulator/experiment/replication-stats.ts";
import type { Plan } from "../../../simulator/scenario/plan.ts";
import { planOf, scenarioInput, worldInput } from "../scenario/base.ts";
import { replayVirtually } from "./virtual-wire.ts";

/** Region b is dearer; from the second hour on both cost half. */
const overrides = [
  { model: "m", region: "a", input: 1, output: 5 },
  { model: "m", region: "b", input: 2, output: 7 },
];

/** The attempts of a virtual bench of a plan's first strategy, and their bound. */
function measured(plan: Plan) {
  const single = { ...plan, replications: 1 };
  const schedule = recordSchedule(plan);
  const { attempts, requests } = replayVirtually(plan, 0);
  const run = { schedule, attempts, requests, isStreaming: true, ranIn: () => undefined };
  const stats = summarise(single, 0, 0, measuredOutput(single, run));
  const [bound] = measuredBound(single, [stats], schedule).strategies;
  return { attempts, bound };
}

test("the bound of a measured run buys what was served at the cheapest region's prices", () => {
  const plan = planOf(
    scenarioInput({
      strategies: ["round-robin"],
      world: worldInput({ prices: { book: "none", overrides } } as never),
    }),
  );
  const { attempts, bound } = measured(plan);
  const sum = (of: (input: number, output: number, target: number) => number) =>
    attempts.reduce((usd, { u, g }) => usd + (u === null ? 0 : of(u[0]!, u[1]!, g)), 0) / 1e6;
  const least = sum((input, output) => input + 5 * output);
  const paid = sum((input, output, target) => (target === 0 ? input + 5 * output : 2 * input + 7 * output));
  assert.ok(paid > 1.1 * least);
  assert.ok(Math.abs(bound!.boundUsd.value! - least) < 1e-9, `${bound!.boundUsd.value} and ${least}`);
  assert.ok(Math.abs(bound!.placementUsd.value! - (paid - least)) < 1e-9);
});

test("work that may wait could have been bought in a cheaper hour", () => {
  const hours = Array.from({ length: 24 }, (_, hour) => (hour === 0 ? 1 : 0.5));
  const plan = planOf(
    scenarioInput({
      start: "2026-01-05T00:59:00Z",
      duration: "2m",
      requests: undefined,
      strategies: [{ single: { target: "a" } }],
      world: worldInput({
        prices: { book: "none", overrides, hourly: { table: { factors: hours, clock: "utc" } } },
      } as never),
      traffic: [
        {
          class: "digest",
          arrivals: { poisson: "5/s" },
          tokens: { input: 100, output: 10 },
          slo: { e2e: "2h" },
          deferrable: true,
        },
      ],
    } as never),
  );
  const { attempts, bound } = measured(plan);
  const inDearHour = attempts.filter(({ s }) => s < 60_000).length;
  const each = (100 + 5 * 10) / 1e6;
  assert.ok(inDearHour > 100);
  assert.ok(Math.abs(bound!.timingUsd.value! - 0.5 * each * inDearHour) < 1e-9, `${bound!.timingUsd.value}`);
  assert.equal(bound!.placementUsd.value, 0);
});
