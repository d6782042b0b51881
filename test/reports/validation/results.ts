import type { HarnessError, ValidationResult } from "../../../simulator/validate/result.ts";
import { validationResult } from "../../../simulator/validate/validate.ts";
import { planOf } from "../../simulator/scenario/base.ts";
import { oneQuantity, strategyOf } from "../../simulator/validate/results.ts";
import { tightScenario } from "../../simulator/validate/two-sides.ts";

const harness: HarnessError = {
  requests: 200,
  law: "29 servers, first come first served, 1000 ms each",
  lagMsP99: 1.9,
  serverLateMsP99: 4.5,
  rows: (["e2e", "ttft"] as const).flatMap((metric) =>
    (["p50", "p95", "p99"] as const).map((percentile) => ({
      metric,
      percentile,
      exactMs: 1000,
      measuredMs: 1002,
      errorMs: 2,
      errorShare: 0.002,
      shareOfMargin: null,
    })),
  ),
};

/** A validation of two strategies, one of them undecided. */
export function validation(names: readonly [string, string] = ["alone", "with fallbacks"]): ValidationResult {
  const latencies = (["e2e", "ttft"] as const).flatMap((metric) =>
    (["p50", "p95", "p99"] as const).map((p) =>
      oneQuantity({ id: `${metric}.${p}`, name: `${p} ${metric.toUpperCase()}`, margin: p === "p99" ? 0.1 : 0.05 }),
    ),
  );
  const open = oneQuantity({
    id: "throttled",
    name: "attempts answered 429",
    unit: "share",
    isRelative: false,
    simulated: 0.31,
    measured: 0.317,
    difference: -0.007,
    low: -0.014,
    high: 0,
    margin: 0.01,
    outcome: "undecided",
    requestsNeeded: 5444,
  });
  return validationResult(planOf(tightScenario()), {
    strategies: [
      strategyOf(names[0], "undecided", [...latencies, open]),
      strategyOf(names[1], "equivalent", latencies),
    ],
    harness,
    requests: 1000,
    lengthMs: 120_000,
    place: "the emulator on this machine",
    resamples: 1000,
    invalid: [],
    notes: ["A note."],
    scenarioSha256: "0123456789abcdef",
    meridianVersion: "0.1.0",
  });
}
