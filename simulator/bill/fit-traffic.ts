/** A scenario whose traffic is fitted to a bill: replayed as it was routed, it costs what was billed. */
import { HOUR_MS } from "../base/time.ts";
import type { PriceBook } from "../service/pricing/price-book.ts";
import { shortModelName } from "../traffic/labels.ts";
import { type Decimal, formatCents, sumOf, toNumber } from "./bill-line.ts";
import { reasonAgainst, type Workloads, workloadOf } from "./candidates.ts";
import type { ClassifiedLine } from "./classify.ts";
import { endsOf } from "./coverage.ts";
import {
  ASSUMED_SIZES,
  type CachedTokens,
  type CallSizes,
  cheapestRoute,
  effectivePrice,
  type FittedClass,
  HITS_LOST_ASSUMED,
  hitsAtStake,
  isByDay,
  joined,
  lossOf,
  otherRoutes,
  type RoutePrice,
  usdByDay,
  writeOverInput,
} from "./fitted-class.ts";
import { type Bill, type SpendDimension, spendKeyOf, tokenLines, usageDaysOf } from "./spend.ts";

export interface FitOptions {
  readonly bill: Bill;
  /** Whose values are the teams. */
  readonly dimension: SpendDimension;
  readonly book: PriceBook;
  /** By Bedrock id. */
  readonly sizes: ReadonlyMap<string, CallSizes>;
  /** What teams can live with, where that is known: other routes are only for what may move there. */
  readonly workloads?: Workloads | undefined;
  /** Requests of the simulated day: a larger one is thinned, a smaller one made denser; `costFactor` says by how much. */
  readonly requestsMax: number;
}

export interface FittedTraffic {
  /** A scenario file as plain data. */
  readonly scenario: Readonly<Record<string, unknown>>;
  /** The simulated cost of the day times this is that of the bill's days. */
  readonly costFactor: number;
  /** What is replayed. */
  readonly fittedUsd: Decimal;
  /** The same by team. */
  readonly fittedByTeamUsd: ReadonlyMap<string, Decimal>;
  /** Usage of tokens that cannot be: hourly capacity, and lines without a model, a region or a quantity. */
  readonly leftUsd: Decimal;
  readonly days: number;
  readonly classes: readonly FittedClass[];
  /** Whether the bill tells one day from another. */
  readonly isByDay: boolean;
}

/**
 * One class of traffic for each team, model, region, tier and family of routes, in one average day, by the hour where
 * the bill is hourly. Cached tokens are part of the prompt at the price that prompts cost on average: the share of cache
 * hits stays as it was. Other routes cost what was billed times the ratio of list prices, so that a discount stays.
 *
 * @returns undefined when nothing of the bill can be replayed
 */
export function fitTraffic(options: FitOptions): FittedTraffic | undefined {
  const all = tokenLines(options.bill);
  const lines = all.filter(isFitted);
  if (lines.length === 0) return undefined;
  const onDays = daysWithin(options.bill);
  const days = onDays.length;
  const groups = groupsOf(lines, options.dimension);
  const drafts = groups
    .flatMap((group, index) => classesOf(group, index, { ...options, onDays }))
    .filter(({ callsPerDay }) => callsPerDay > 0);
  const calls = drafts.reduce((sum, { callsPerDay }) => sum + callsPerDay, 0);
  // Few calls a day would cost now more and now less than the bill by chance: then each is simulated several times.
  const thinning = Math.max(1 / COPIES_MAX, calls / options.requestsMax);
  const fittedUsd = sumOf(lines.map(({ line }) => line.costUsd));
  const leftUsd = sumOf(all.map(({ line }) => line.costUsd)) - fittedUsd;
  const costFactor = days * thinning;
  const scenario = scenarioOf(drafts, { thinning, costFactor, days, fittedUsd, leftUsd, sizes: options.sizes.size });
  const fittedByTeamUsd = new Map<string, Decimal>();
  for (const { team, lines: own } of groups)
    fittedByTeamUsd.set(team, sumOf(own.map(({ line }) => line.costUsd)) + (fittedByTeamUsd.get(team) ?? 0n));
  const classes = drafts.map((draft) => {
    const sizes = options.sizes.get(draft.modelId);
    const hitsLost = joined(sizes?.hitsLost ?? HITS_LOST_ASSUMED, lossOf(cachedTokens(groups, draft.modelId)));
    return { ...fittedClass(draft, sizes), hitsLost };
  });
  return { scenario, costFactor, fittedUsd, fittedByTeamUsd, leftUsd, days, classes, isByDay: isByDay(lines) };
}

const COPIES_MAX = 1000;

/** All days from the bill's first usage to its last, as its figures by month have them: days without spend are days, too. */
function daysWithin(bill: Bill): readonly number[] {
  const { first, last } = endsOf(usageDaysOf(bill));
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}

function isFitted({ model, region, tokens, tier, tokenKind }: ClassifiedLine): boolean {
  const isByToken = tier !== "reserved" && tier !== "provisioned" && tokenKind !== undefined;
  return isByToken && model !== undefined && region !== undefined && tokens !== undefined && tokens > 0n;
}

/** Of a model that is not in the table of models: its name on the bill. It is replayed as billed, without other routes. */
function idOf({ modelId, model }: ClassifiedLine): string {
  return modelId ?? `billed.${slug(model!)}`;
}

interface Group {
  readonly team: string;
  readonly first: ClassifiedLine;
  readonly lines: readonly ClassifiedLine[];
}

function groupsOf(lines: readonly ClassifiedLine[], dimension: SpendDimension): readonly Group[] {
  const groups = new Map<string, ClassifiedLine[]>();
  for (const line of lines) {
    const key = JSON.stringify([spendKeyOf(line, dimension) ?? "", idOf(line), line.region, line.routing, line.tier]);
    const members = groups.get(key);
    if (members === undefined) groups.set(key, [line]);
    else members.push(line);
  }
  return [...groups.values()].map((members) => ({
    team: spendKeyOf(members[0]!, dimension) || "untagged",
    first: members[0]!,
    lines: members,
  }));
}

interface GroupOptions extends FitOptions {
  /** Days since 1970, ascending. */
  readonly onDays: readonly number[];
}

interface Draft {
  readonly name: string;
  readonly model: string;
  readonly modelId: string;
  readonly team: string;
  readonly region: string;
  readonly home: string;
  readonly targets: readonly string[];
  /** What each target costs, in the order of targets. */
  readonly overrides: readonly RoutePrice[];
  readonly callsPerDay: number;
  readonly input: number;
  readonly output: number;
  readonly sizes: CallSizes;
  readonly hours: readonly number[] | undefined;
  readonly usdByDay: readonly number[];
  readonly hitsAtStake: number;
}

/** One class, or two where a share of a team's calls may not move. */
function classesOf(group: Group, index: number, options: GroupOptions): readonly Draft[] {
  const draft = classOf(group, index, options);
  const moves = workloadOf(options.workloads, group.team)?.mayMove ?? 1;
  if (moves >= 1 || draft.targets.length === 1) return [draft];
  const part = (share: number): Draft => ({
    ...draft,
    callsPerDay: draft.callsPerDay * share,
    usdByDay: draft.usdByDay.map((usd) => usd * share),
  });
  const stays = { ...part(1 - moves), name: `${draft.name}-stays`, targets: [draft.home] };
  return moves === 0 ? [{ ...stays, name: draft.name }] : [part(moves), stays];
}

function classOf(group: Group, index: number, options: GroupOptions): Draft {
  const { first, lines, team } = group;
  const modelId = idOf(first);
  const region = first.region!;
  // A model that no table knows has no profile in it either; what it costs is on the bill.
  const isGlobal = first.routing === "global" && first.modelId !== undefined;
  const output = lines.filter(({ tokenKind }) => tokenKind === "output");
  const prompt = lines.filter(({ tokenKind }) => tokenKind !== "output");
  const sizes = options.sizes.get(modelId) ?? ASSUMED_SIZES;
  const outputTokens = toNumber(sumOf(output.map(({ tokens }) => tokens!)));
  const promptTokens = toNumber(sumOf(prompt.map(({ tokens }) => tokens!)));
  // An embedding or a bill of prompts alone has no output to count calls by.
  const calls = outputTokens > 0 ? outputTokens / sizes.meanOutput : promptTokens / 1000;
  const name = `${slug(team)}-${slug(shortModelName(modelId))}-${region}-${index + 1}`;
  const billed = { input: effectivePrice(prompt), output: effectivePrice(output) };
  const home = isGlobal ? `${region}/global` : region;
  const own = { model: name, region, family: isGlobal ? ("global" as const) : ("regional" as const) };
  const workload = workloadOf(options.workloads, team);
  const others =
    first.tier === "standard"
      ? otherRoutes(options, first, billed, name).filter(({ way }) => reasonAgainst(workload, way) === undefined)
      : [];
  return {
    name,
    model: name,
    modelId,
    team,
    region,
    home,
    targets: [home, ...others.map(({ target }) => target)],
    overrides: [{ ...own, ...billed }, ...others.map(({ override }) => override)],
    callsPerDay: calls / options.onDays.length,
    input: Math.max(1, promptTokens / calls),
    output: Math.max(1, outputTokens / calls),
    sizes,
    hours: hoursOf(lines),
    usdByDay: usdByDay(lines, options.onDays),
    hitsAtStake: hitsAtStake(lines, writeOverInput(options.book, first)),
  };
}

/** What each team has cached of a model in each region, by the bill. */
function cachedTokens(groups: readonly Group[], modelId: string): readonly CachedTokens[] {
  return groups
    .filter(({ first }) => idOf(first) === modelId)
    .flatMap(({ first, lines }) => {
      const tokensOf = (kinds: RegExp) =>
        toNumber(sumOf(lines.filter(({ tokenKind }) => kinds.test(tokenKind ?? "")).map(({ tokens }) => tokens ?? 0n)));
      const [readTokens, writeTokens] = [tokensOf(/^cacheRead$/), tokensOf(/^cacheWrite/)];
      const isGlobal = first.routing === "global";
      return readTokens + writeTokens === 0 ? [] : [{ readTokens, writeTokens, isGlobal }];
    });
}

function fittedClass(draft: Draft, sizes: CallSizes | undefined): FittedClass {
  const { name, team, usdByDay: usd, callsPerDay, home, targets, hitsAtStake: stake } = draft;
  const isGlobal = (target: string) => target.endsWith("/global");
  const global = targets.find(isGlobal) ?? home;
  const moves = (target: string) => isGlobal(target) && target !== home;
  const chosen = { "global profile": global, cheapest: cheapestRoute(draft) };
  const globalUnder = Object.entries(chosen).flatMap(([strategy, target]) => (moves(target) ? [strategy] : []));
  return { name, team, usdByDay: usd, callsPerDay, sizes, hitsAtStake: stake, globalUnder };
}

/** Weights of the 24 hours, UTC; undefined where a line is longer than an hour. */
function hoursOf(lines: readonly ClassifiedLine[]): readonly number[] | undefined {
  if (lines.some(({ line }) => line.endMs - line.startMs > HOUR_MS)) return undefined;
  const weights = new Array<number>(24).fill(0);
  for (const { line, tokens } of lines) weights[new Date(line.startMs).getUTCHours()]! += toNumber(tokens!) / 1e6;
  return weights.map((weight) => Number(weight.toPrecision(6)));
}

function slug(text: string): string {
  const plain = text
    .toLowerCase()
    .replace(/[^a-z0-9.]+/g, "-")
    .replace(/^-|-$/g, "");
  return plain === "" ? "other" : plain.slice(0, 24);
}

interface Frame {
  readonly thinning: number;
  readonly costFactor: number;
  readonly days: number;
  readonly fittedUsd: Decimal;
  readonly leftUsd: Decimal;
  /** Models whose calls have a size from logs. */
  readonly sizes: number;
}

function scenarioOf(drafts: readonly Draft[], frame: Frame): Readonly<Record<string, unknown>> {
  const { thinning, costFactor, days, fittedUsd, leftUsd, sizes } = frame;
  const targets = [...new Set(drafts.flatMap((draft) => draft.targets))];
  const regions = [...new Set(targets.map((target) => target.split("/")[0]!))];
  const byClass = (targetOf: (draft: Draft) => string) =>
    Object.fromEntries(drafts.map((draft) => [draft.name, [targetOf(draft)]]));
  const globalOf = ({ targets: all, home }: Draft) => all.find((target) => target.endsWith("/global")) ?? home;
  return {
    name: "replayed-bill",
    description: [
      `One average of ${days} days of a bill, USD ${formatCents(fittedUsd)} of tokens; USD ${formatCents(leftUsd)} could not be replayed.`,
      `Cost of this day x ${Number(costFactor.toPrecision(9))} is the bill's${copiesText(thinning)}.`,
      sizes > 0 ? "Sizes of calls are those of logs." : "Sizes of calls are assumed, a bill does not tell them.",
      "Intervals of a run of this hold chance alone; meridian bill --replay adds what the bill does not tell.",
      "Latency is assumed, without queues. Cache hits stay as they were. Routes stay in the legal area of the billed region, but for the global profile.",
    ].join(" "),
    seed: 1,
    duration: "1d",
    warmup: "none",
    replications: 10,
    world: {
      regions,
      profiles: { restrictToWorld: true },
      models: Object.fromEntries(
        // A class that stays has its model's entry in common with the one that moves.
        drafts.map(({ model, modelId }) => [
          model,
          {
            id: modelId,
            longContext: "none",
            // A bill does not tell a geographic profile from the region that was called: both have its price.
            onDemand: true,
            capacity: { kind: "slots", servers: 100_000, service: "500ms", perOutputToken: "15ms" },
          },
        ]),
      ),
      targets,
      prices: { book: "none", overrides: [...new Set(drafts.flatMap(({ overrides }) => overrides))] },
    },
    traffic: drafts.map((draft) => classEntry(draft, thinning)),
    baseline: "as billed",
    strategies: [
      { name: "as billed", "by-class": { targets: byClass(({ home }) => home) } },
      { name: "global profile", "by-class": { targets: byClass(globalOf) } },
      "cheapest",
    ],
  };
}

function copiesText(thinning: number): string {
  if (thinning > 1) return `: one call in ${thinning.toPrecision(4)} is simulated`;
  return thinning < 1
    ? `: each call is simulated ${(1 / thinning).toPrecision(4)} times, so that chance evens out`
    : "";
}

function classEntry(
  { name, model, team, region, targets, callsPerDay, input, output, sizes, hours }: Draft,
  thinning: number,
) {
  const rate = `${Number((callsPerDay / thinning).toPrecision(12))}/d`;
  const length = (mean: number, cv: number) => (cv === 0 ? Math.round(mean) : { lognormal: { mean, cv } });
  return {
    class: name,
    tags: { team },
    model,
    arrivals: hours === undefined ? { poisson: rate } : { diurnal: { rate, shape: hours } },
    tokens: { input: length(input, sizes.cvInput), output: length(output, sizes.cvOutput), maxTokens: "unset" },
    origin: region,
    targets,
  };
}
