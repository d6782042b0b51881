/** A plan with one of everything, in round figures. */
import type { Advice } from "../../../simulator/advice/advice.ts";
import type { Outcome } from "../../../simulator/advice/routes.ts";
import { ONE } from "../../../simulator/bill/bill-line.ts";

export const exact = (value: number) => ({ value, low: null, high: null, n: 1 });
export const between = (value: number, low: number, high: number) => ({ value, low, high, n: 3 });

export function outcome(strategy: string, over: Partial<Outcome> = {}): Outcome {
  return {
    run: "routes",
    strategy,
    usdPerMonth: exact(1000),
    usdPer1kServed: exact(2),
    savingShare: null,
    isLikeBaseline: true,
    p95Ms: exact(4000),
    throttledShare: exact(0.2),
    failedShare: exact(0),
    level: "keeps objectives",
    reason: null,
    ...over,
  };
}

const one = outcome("one region");
const global = outcome("global profile", { savingShare: between(0.09, 0.08, 0.1), usdPerMonth: exact(910) });
const lists = { targets: { chat: ["a"] }, left: [] };

export function advice(over: Partial<Advice> = {}): Advice {
  return {
    scenario: "shop",
    strategy: "home",
    isRecommended: true,
    watchedClass: "chat",
    replications: 3,
    hours: 24,
    ofHours: 24,
    callsPerReplication: 1200,
    headroom: 0.2,
    quotas: [
      {
        id: "default/us-east-1/m/geographic",
        account: "default",
        region: "us-east-1",
        model: "m",
        modelId: "amazon.nova-pro-v1:0",
        modelName: "Nova Pro",
        family: "geographic",
        limitNow: 600_000,
        defaultTpm: 800_000,
        needTpm: 700_000,
        strictestLaw: "rolling-window",
        mildestTpm: 580_000,
        askTpm: 840_000,
        askTpd: 1_200_000_000,
        askRpm: 250,
        binds: true,
        refused: 12,
        quotaCode: "L-C0326783",
        unsetTpm: 3_000_000,
        explicitTpm: 560_000,
        explicitMaxTokens: [{ name: "chat", tokens: 470 }],
        maxOutputTokens: 10_000,
        worthUsdPerMillionTpm: 3.5,
      },
    ],
    capacity: [
      { id: "us-east-1/m", usdPerMonthPerTenth: 12.5 },
      { id: "eu-west-1/m", usdPerMonthPerTenth: 0 },
    ],
    quotaCheck: outcome("home", { throttledShare: exact(0.004) }),
    strategies: [outcome("home")],
    routes: [
      { option: { kind: "one region", name: "one region", classes: ["chat"], ...lists }, outcome: one },
      {
        option: {
          kind: "global profile",
          name: "global profile",
          classes: ["chat"],
          ...lists,
          left: [{ name: "eu", reason: "may run outside (residency eu)" }],
        },
        outcome: global,
      },
    ],
    pool: {
      steps: [
        { regions: 1, outcome: one },
        { regions: 2, outcome: outcome("2 regions", { throttledShare: exact(0) }) },
      ],
      worthIt: 2,
    },
    demandReplications: 1,
    precision: null,
    deferrals: [
      { className: "chat", deferrable: false, usdPerMonth: 800, savingShare: 0.5, target: "a@batch", isListed: true },
      { className: "digest", deferrable: true, usdPerMonth: 200, savingShare: 0.5, target: "a@batch", isListed: true },
    ],
    reservations: [
      {
        target: "us-east-1/us",
        region: "us-east-1",
        model: "m",
        routing: "geo",
        termMonths: 3,
        classes: ["chat"],
        kinds: (["input", "output"] as const).map((kind) => ({
          kind,
          reservedUsdPerHour: ONE,
          onDemandUsdPerMTok: ONE,
          breakEvenShare: 0.9,
          usedAtMinimum: 0.4,
          bestTpm: 0,
        })),
        onDemandUsd: 1000n * ONE,
        minimumUsd: 19_428n * ONE,
        bestUsd: undefined,
        source: "S2",
      },
    ],
    loadDurations: [{ target: "us-east-1/us", kind: "input", tokens: [100, 50, 0] }],
    reservedCheck: null,
    tiers: [
      { tier: "priority", factor: 1.75, left: [] },
      { tier: "flex", factor: null, left: ["chat"] },
    ],
    provisioned: [
      {
        model: "m",
        region: "us-east-1",
        term: "sixMonth",
        usdPerHour: 13.08,
        breakEvenTpm: 300_000,
        meanTpm: 1_000,
        onDemandUsd: 100,
      },
    ],
    residencyCheck: {
      className: "eu",
      kept: outcome("cheapest in time", { usdPerMonth: between(1100, 1080, 1120) }),
      dropped: outcome("cheapest in time", { usdPerMonth: between(1000, 980, 1020), p95Ms: exact(4200) }),
    },
    residency: [
      { className: "eu", rule: "eu", withRuleUsd: 1100, withoutRuleUsd: 1000, forbidden: ["us-east-1/global"] },
    ],
    frontier: [
      { outcome: outcome("fast", { p95Ms: exact(3000) }), savedUsd: null, savedRange: null, slowerMs: null },
      { outcome: global, savedUsd: 90, savedRange: null, slowerMs: 1000 },
    ],
    runs: [
      { label: "as it is", run: "shop-plan-1", folder: "runs/shop-plan-1", about: "the scenario's own strategies" },
    ],
    notes: ["The runs assume list prices."],
    ...over,
  };
}
