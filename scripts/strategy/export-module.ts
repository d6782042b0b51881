/** A scenario's strategy as a module: its options, targets, prices and classes, wired to a router and to a client. */
import { MeridianError } from "../../simulator/base/errors.ts";
import type { Plan, StrategyPlan } from "../../simulator/scenario/plan.ts";
import { priceUsdPerMTok } from "../../simulator/service/pricing/price-schedule.ts";
import { INPUT, OUTPUT } from "../../simulator/service/pricing/prices.ts";
import { comments, type ExportFormat, lostOf } from "./export-format.ts";

export const moduleFormat: ExportFormat = {
  name: "module",
  summary: "JavaScript that routes with createRouter, or calls Bedrock with a routed client",
  write(plan, strategy) {
    if (strategy.source !== null) {
      const what = "a strategy of your own is a module already";
      const fix = "import it, and give it to createRouter or RoutedBedrockClient as its strategy";
      throw new MeridianError("usage", {
        code: "STRATEGY_NOT_EXPORTED",
        what,
        where: `strategy ${strategy.name}`,
        fix,
      });
    }
    const wiring = wiringOf(plan, strategy);
    const lost = lostOf(plan, strategy, { residency: true, deadline: true });
    return { text: moduleText(plan, strategy, wiring, lost), document: wiring, lost };
  },
};

/** What the module holds: the options of a routed client. */
export interface Wiring {
  readonly strategy: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly targets: readonly {
    readonly id: string;
    readonly region: string;
    readonly models: Readonly<Record<string, string>>;
    readonly priceInUsdPerMTok?: number;
    readonly priceOutUsdPerMTok?: number;
    readonly rttMs?: number;
  }[];
  readonly classes: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly retry: unknown;
  readonly timeoutMs?: number;
  readonly deadlineMs?: number;
}

function wiringOf(plan: Plan, strategy: StrategyPlan): Wiring {
  const { retry, timeout } = strategy.client ?? plan.client;
  const targets = plan.targets.flatMap(({ id, region, calledIds, isAsync }, t) => {
    const sold = plan.models.flatMap(({ name }, m) => (calledIds[m] === null ? [] : [[name, calledIds[m]!] as const]));
    if (isAsync || sold.length === 0) return [];
    const models = Object.fromEntries(sold);
    return [{ id, region: plan.regionNames[region]!, models, ...pricesOf(plan, t), rttMs: roundTripMs(plan, region) }];
  });
  const ids = new Set(targets.map(({ id }) => id));
  const classes = plan.classes.map((each, c) => {
    const may = strategy.offered === null ? each.legal : strategy.offered[c]!;
    return [
      each.name,
      {
        model: plan.models[each.model]!.name,
        targets: plan.targets.flatMap(({ id }, t) => (each.legal[t] === 1 && may[t] === 1 && ids.has(id) ? [id] : [])),
        ...(Number.isFinite(each.sloE2eMs) ? { sloE2eMs: each.sloE2eMs } : {}),
        ...(each.deferrable ? { deferrable: true } : {}),
      },
    ] as const;
  });
  return {
    strategy: strategy.kind,
    options: strategy.options,
    targets,
    classes: Object.fromEntries(classes),
    retry,
    ...(Number.isFinite(timeout.attemptMs) ? { timeoutMs: timeout.attemptMs } : {}),
    ...(Number.isFinite(timeout.requestMs) ? { deadlineMs: timeout.requestMs } : {}),
  };
}

/** List prices of the first model that the target sells: hours are left out. */
function pricesOf({ money, models }: Plan, target: number) {
  const key = models.map((_, m) => money.keyOfTarget[target * models.length + m]!).find((each) => each >= 0);
  if (key === undefined) return {};
  const price = (kind: number) =>
    Number((priceUsdPerMTok(money.schedule, 0, key, kind) / money.schedule.factor[key]!).toPrecision(8));
  return { priceInUsdPerMTok: price(INPUT), priceOutUsdPerMTok: price(OUTPUT) };
}

/** From the first origin; where callers are, the module's user knows better. */
function roundTripMs({ network, originNames }: Plan, region: number): number {
  return originNames.length === 0 ? 0 : Math.round(network.rttMs[region]! * 1000) / 1000;
}

function moduleText(plan: Plan, strategy: StrategyPlan, wiring: Wiring, lost: readonly string[]): string {
  const several = plan.models.length > 1 ? ["Prices are those of the first model of each target."] : [];
  const head = comments("//", [
    `The strategy ${strategy.name} of ${plan.name}, with its options, written by meridian strategy export --as module.`,
    ...lost,
    ...several,
    "Round trips are from the scenario's first origin. What is lost here is kept by RoutedBedrockClient.fromScenario.",
  ]);
  return `${head}import { RoutedBedrockClient } from "meridian/bedrock";
import { createRouter } from "meridian/strategies";

/** What was simulated: strategy, options, targets, classes with what is legal for each, retries and limits. */
export const routing = ${JSON.stringify(wiring, null, 2)};

/**
 * A router of one class, for callers that send by themselves: decide or choose, then observe. Only targets that are legal
 * for the class are in it.
 */
export function createClassRouter(name, over = {}) {
  const { strategy, options, targets, classes } = routing;
  const legal = targets.filter(({ id }) => classes[name].targets.includes(id));
  return createRouter({ strategy, options, targets: legal, ...over });
}

/** A client of Bedrock that routes every call so, and writes its decisions where \`log\` says. */
export function createClient(over = {}) {
  return new RoutedBedrockClient({ ...routing, ...over });
}
`;
}
