import type { CurvePoint, QuantityResult, StrategyValidation } from "../../../simulator/validate/result.ts";

/** A quantity that is equivalent unless said otherwise. */
export function oneQuantity(over: Partial<QuantityResult>): QuantityResult {
  return {
    id: "e2e.p50",
    name: "p50 E2E",
    unit: "ms",
    isRelative: true,
    simulated: 1010,
    measured: 1000,
    difference: 0.01,
    low: 0,
    high: 0.02,
    margin: 0.05,
    outcome: "equivalent",
    isGating: true,
    count: 500,
    requestsNeeded: null,
    ...over,
  };
}

export function strategyOf(
  name: string,
  outcome: StrategyValidation["outcome"],
  quantities: readonly QuantityResult[],
): StrategyValidation {
  const curve = Array.from({ length: 99 }, (_, i): CurvePoint => {
    const measuredMs = 400 + 20 * i + i ** 2;
    const simulatedMs = measuredMs * (1 + 0.0004 * (i - 50));
    const residual = simulatedMs / measuredMs - 1;
    return { share: (i + 1) / 100, simulatedMs, measuredMs, residual, low: residual - 0.01, high: residual + 0.012 };
  });
  return {
    name,
    kind: "single",
    outcome,
    total: { name: "total", blockRequests: 7, quantities },
    byClass: [{ name: "chat", blockRequests: 1, quantities: [oneQuantity({ isGating: false, outcome: "undecided" })] }],
    byRegion: [],
    e2eCurve: curve,
    ttftCurve: curve.map((point) => ({
      ...point,
      measuredMs: point.measuredMs / 5,
      simulatedMs: point.simulatedMs / 5,
    })),
  };
}
