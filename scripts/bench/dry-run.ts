/** `bench --dry-run`: what would be sent, where, and what it would cost, as plain data and as text. No model is called. */
import { requestOf, type ScheduleRow } from "../../simulator/bench/rows.ts";
import { spendPlanOf } from "../../simulator/bench/spend-plan.ts";
import type { Plan } from "../../simulator/scenario/plan.ts";
import { type CommonOptions, JSON_SCHEMA_VERSION } from "../commands/command.ts";
import { formatSpan } from "../io/progress.ts";
import type { Terminal } from "../io/terminal.ts";
import { stableJson } from "../io/text-files.ts";
import type { BedrockEndpoint } from "./bedrock/endpoints.ts";
import { confirmToken, type Purchase, type SpendLocks, usdText } from "./bedrock/locks.ts";
import type { BedrockPlan } from "./bedrock/plan.ts";
import { type BenchEstimate, estimateBench } from "./estimate.ts";
import { k6Arguments } from "./k6-process.ts";
import { findK6 } from "./k6-program.ts";
import type { BenchSetup } from "./setup.ts";

/** What a bench would do, as plain data. No secrets: of credentials only what kind they are and where they are from. */
export interface DryRun {
  readonly scenario: string;
  readonly target: string;
  readonly requests: number;
  readonly lengthMs: number;
  readonly strategies: BenchEstimate["strategies"];
  readonly expectedUsd: number;
  /** Null where a client may try for ever. */
  readonly worstUsd: number | null;
  readonly busiestMinuteTokens: number;
  readonly budgetUsd: number | null;
  /** The first requests. */
  readonly prompts: readonly {
    readonly inputTokens: number;
    readonly prefixTokens: number;
    readonly maxTokens: number;
  }[];
  readonly notes: readonly string[];
  readonly k6: string;
  readonly bedrock: BedrockFacts | null;
  /** What has to be open before anything is sent; null where all calls stay on this machine. */
  readonly locks: LockFacts | null;
}

interface BedrockFacts {
  readonly endpoints: readonly Pick<BedrockEndpoint, "region" | "url" | "isStandard" | "hasAddress">[];
  readonly credentials: { readonly kind: string; readonly source: string; readonly expiresAt: string | null } | null;
  readonly endsAt: string;
}

interface LockFacts {
  readonly flag: boolean;
  readonly budget: boolean;
  /** The token that confirms exactly this run, for an hour. */
  readonly confirm: string;
}

const PROMPTS = 5;

/** The dry run of a bench on Bedrock. */
export function bedrockDryRun(file: string, plan: Plan, planned: BedrockPlan, k6: string): DryRun {
  const { credentials, locks } = planned;
  return {
    ...common(file, plan, planned.schedule, planned.estimate),
    target: "Amazon Bedrock",
    budgetUsd: locks.budgetUsd ?? null,
    notes: planned.notes,
    k6,
    bedrock: {
      endpoints: planned.endpoints.map(({ region, url, isStandard, hasAddress }) => ({
        region,
        url,
        isStandard,
        hasAddress,
      })),
      credentials:
        credentials === undefined
          ? null
          : {
              kind: credentials.kind,
              source: credentials.source,
              expiresAt: credentials.expiresAtMs === null ? null : new Date(credentials.expiresAtMs).toISOString(),
            },
      endsAt: new Date(planned.endsAtMs).toISOString(),
    },
    locks: lockFacts(locks, planned.purchase),
  };
}

function lockFacts({ flag, budgetUsd }: SpendLocks, { facts }: Purchase): LockFacts {
  return { flag, budget: budgetUsd !== undefined, confirm: confirmToken(facts, Date.now()) };
}

/** The dry run of a bench elsewhere. */
export function freeDryRun(file: string, plan: Plan, setup: BenchSetup, k6: string): DryRun {
  const counted =
    setup.spend ??
    spendPlanOf(
      plan,
      Number.POSITIVE_INFINITY,
      plan.models.map(() => "exact"),
    );
  return {
    ...common(file, plan, setup.schedule, estimateBench(plan, setup.schedule, counted)),
    target: setup.target.place,
    budgetUsd: Number.isFinite(setup.spend?.budgetUsd) ? setup.spend!.budgetUsd : null,
    notes: setup.notes,
    k6,
    bedrock: null,
    locks: setup.paid === undefined ? null : lockFacts(setup.paid.locks, setup.paid.purchase),
  };
}

function common(file: string, plan: Plan, schedule: readonly ScheduleRow[], estimate: BenchEstimate) {
  const { strategies, expectedUsd, worstUsd, busiestMinuteTokens } = estimate;
  return {
    scenario: file,
    requests: schedule.length,
    lengthMs: Math.round(schedule.at(-1)![0] - plan.arrivalsFromMs),
    strategies,
    expectedUsd,
    worstUsd: Number.isFinite(worstUsd) ? worstUsd : null,
    busiestMinuteTokens,
    prompts: schedule.slice(0, PROMPTS).map((row, id) => {
      const { inputTokens, prefixTokens, maxTokens } = requestOf(row, id);
      return { inputTokens, prefixTokens, maxTokens };
    }),
  };
}

export function printDryRun(dry: DryRun, options: CommonOptions, terminal: Terminal): void {
  if (options.json === true) {
    terminal.out(stableJson({ schemaVersion: JSON_SCHEMA_VERSION, kind: "bench-dry-run", ...dry }).trimEnd());
  } else terminal.out(dryRunText(dry));
}

/** For people: one fact a line, its name first. */
export function dryRunText(dry: DryRun): string {
  const lines: (readonly [string, string])[] = [
    ["dry run", `${dry.scenario} against ${dry.target}; no model is called`],
    ...(dry.bedrock === null ? [] : bedrockLines(dry.bedrock)),
    ["traffic", `${dry.requests} requests in ${formatSpan(dry.lengthMs)} for each strategy`],
    ["first prompts", dry.prompts.map(promptText).join("; ")],
    ["busiest minute", `${dry.busiestMinuteTokens} tokens are asked for (input and max_tokens)`],
    ...dry.strategies.flatMap(strategyLines),
    ["expected", `${usdText(dry.expectedUsd)} USD, as simulated, at the scenario's prices`],
    ["worst case", worstText(dry)],
    ...dry.notes.map((note) => ["note", note] as const),
    ["k6", dry.k6],
    ...(dry.locks === null ? [] : lockLines(dry.locks, dry.budgetUsd)),
  ];
  return lines.map(([name, text]) => `${name.padEnd(16)}${text}`).join("\n");
}

function bedrockLines({ endpoints, credentials, endsAt }: BedrockFacts): readonly (readonly [string, string])[] {
  const until = credentials?.expiresAt == null ? "" : `, until ${credentials.expiresAt}`;
  return [
    ...endpoints.map((endpoint) => ["endpoint", endpointText(endpoint)] as const),
    ["credentials", credentials === null ? "none found" : `${credentials.kind} from ${credentials.source}${until}`],
    ["would end", endsAt],
  ];
}

function endpointText({ region, url, isStandard, hasAddress }: BedrockFacts["endpoints"][number]): string {
  const marks = [
    ...(isStandard ? [] : ["set in the environment or a profile"]),
    ...(hasAddress ? [] : ["no address from this machine"]),
  ];
  return `${region}  ${url}${marks.length === 0 ? "" : `  (${marks.join("; ")})`}`;
}

function promptText({ inputTokens, prefixTokens, maxTokens }: DryRun["prompts"][number]): string {
  const prefix = prefixTokens > 0 ? `, ${prefixTokens} of them a cacheable prefix` : "";
  const limit = maxTokens > 0 ? `max_tokens ${maxTokens}` : "no max_tokens";
  return `${inputTokens} tokens${prefix}, ${limit}`;
}

function strategyLines(each: DryRun["strategies"][number]): readonly (readonly [string, string])[] {
  const tight = each.quotas
    .filter(({ utilisationMax }) => utilisationMax >= 0.5)
    .map(({ id, utilisationMax }) => `${id} ${Math.round(100 * utilisationMax)} %`);
  const parts = [
    `${each.attempts} attempts, ${each.attemptsThrottled} of them answered 429`,
    `${usdText(each.expectedUsd)} USD expected`,
    ...(tight.length === 0 ? [] : [`quotas: ${tight.join(", ")}`]),
  ];
  return [["strategy", `${each.name}: ${parts.join("; ")}`]];
}

function worstText({ worstUsd, budgetUsd, strategies }: DryRun): string {
  const most = Math.max(...strategies.map(({ attemptsMax }) => attemptsMax));
  const budget = budgetUsd === null ? "no budget" : `the budget stops it at ${usdText(budgetUsd)} USD`;
  if (worstUsd === null) return `unlimited: clients may try for ever; ${budget}`;
  if (Number.isNaN(worstUsd) || worstUsd === 0) return "nothing to count";
  return `${usdText(worstUsd)} USD if every request took ${most} attempts, all billed to max_tokens; ${budget}`;
}

function lockLines(locks: LockFacts, budgetUsd: number | null): readonly (readonly [string, string])[] {
  return [
    ["lock 1", locks.flag ? "open: --spend-real-money" : "shut: add --spend-real-money"],
    ["lock 2", budgetUsd === null ? "shut: add --budget-usd" : `open: --budget-usd ${budgetUsd}`],
    [
      "lock 3",
      budgetUsd === null
        ? "shut: the token needs the budget"
        : `shut: add --confirm ${locks.confirm} within an hour, or type the most it can cost when asked`,
    ],
  ];
}

/** How k6 would be started, for each strategy. */
export async function k6Command(): Promise<string> {
  const k6 = await findK6(process.env);
  return `${k6?.path ?? "(to be built first) k6"} ${k6Arguments("rows.jsonl").join(" ")}`;
}
