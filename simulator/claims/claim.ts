/**
 * The contract of a tested claim, how a figure becomes a verdict, and what claims are tested with: every figure that a verdict
 * depends on and that is not in the bundled data.
 */
import { MeridianError, type Problem } from "../base/errors.ts";
import { suggest } from "../base/near-names.ts";
import { parseShare } from "../base/quantities.ts";
import { regionDirectory, requireRegion } from "../base/regions.ts";
import type { RoundTripData } from "../service/network.ts";
import type { PriceBookData } from "../service/pricing/price-book-data.ts";
import type { QuotaData } from "../service/quota/default-quotas.ts";

/** `holds if`: not with these assumptions, but with those that the condition names. */
export type Verdict = "holds" | "holds if" | "fails";

/** A claim under one billing rule and one reading. */
export interface ClaimCase {
  /** Whose price a call has, and who routes it; `any` where that makes no difference. */
  readonly billing: string;
  /** What a word of the claim is taken to mean. */
  readonly reading: string;
  /** The figure that came out, with its unit. */
  readonly found: string;
  readonly verdict: Verdict;
  /** What must be true for it to hold, or why nothing makes it hold. */
  readonly condition: string;
}

/** What claims are held against. */
export interface ClaimInputs {
  readonly assumptions: Assumptions;
  readonly prices: PriceBookData;
  readonly quotas: QuotaData;
  readonly roundTrips: RoundTripData;
}

export interface Claim {
  /** Short name for the command line. */
  readonly id: string;
  /** What public write-ups say, in one sentence. */
  readonly says: string;
  /** @throws MeridianError usage, when the assumed model or region has no price */
  judge(inputs: ClaimInputs): readonly ClaimCase[];
}

/** A figure as a percentage with one decimal; no minus before a zero. */
export function percent(value: number): string {
  return `${(Math.round(value * 1000) / 10 + 0).toFixed(1)} %`;
}

/**
 * The smallest value between two at which a growing quantity reaches a target, by halving.
 *
 * @returns undefined when it is not reached even at `high`
 * @example smallestReaching((x) => x * x, 0.25, { low: 0, high: 1 }) // => 0.5
 */
export function smallestReaching(
  quantity: (value: number) => number,
  target: number,
  range: { readonly low: number; readonly high: number },
): number | undefined {
  if (quantity(range.high) < target) return undefined;
  let { low, high } = range;
  if (quantity(low) >= target) return low;
  for (let step = 0; step < 40 && high - low > 1e-9; step++) {
    const middle = (low + high) / 2;
    if (quantity(middle) >= target) high = middle;
    else low = middle;
  }
  return Math.round(high * 1e6) / 1e6;
}

interface Form<T> {
  readonly value: T;
  /** One line, with the unit. */
  readonly doc: string;
  /** Undefined for a text that is no such value. */
  readonly read: (text: string) => T | undefined;
}

const share = (value: number, doc: string): Form<number> => ({ value, doc, read: readShare });
const count = (value: number, doc: string): Form<number> => ({ value, doc, read: readCount });
const text = (value: string, doc: string): Form<string> => ({ value, doc, read: (given) => given.trim() || undefined });

/** All assumptions with their defaults, which are those of the public write-ups where they state any. */
export const ASSUMPTIONS = {
  swing: share(0.31, "size of the daily price swing, read in each of its meanings; below 100 %"),
  regions: {
    value: ["us-east-1", "us-west-2", "eu-west-1", "ap-southeast-1", "ap-northeast-1"] as readonly string[],
    doc: "regions between which is routed, with commas",
    read: readList,
  } satisfies Form<readonly string[]>,
  home: text("us-east-1", "region that is called without routing; one of the regions"),
  model: text("anthropic.claude-3-5-sonnet-20240620-v1:0", "Bedrock id of the model that is routed"),
  peakHour: count(15, "local hour at which prices peak"),
  demandSwing: share(0, "how far demand swings up and down over the day, peaking at the same hour at home"),
  movableShare: share(1, "share of the tokens that may leave the home region"),
  inputTokens: count(1000, "input tokens of a call"),
  outputTokens: count(200, "output tokens of a call"),
  profileWeight: share(0.4, "share of the calls that a weighted profile sends away from home, as in 60/40"),
  batchShare: share(1, "share of the tokens that can wait for batch"),
  cachingModel: text("anthropic.claude-sonnet-4-5-20250929-v1:0", "Bedrock id of the model whose prompts are cached"),
  cachedShare: share(0.8, "share of the input tokens that stand in a prefix that is sent again"),
  cacheHits: share(0.9, "share of the calls with such a prefix that find it in the cache"),
  feeUsdPer1kDecisions: {
    value: 0.0005,
    doc: "routing fee, USD per 1,000 decisions",
    read: readAmount,
  } satisfies Form<number>,
} as const;

export type AssumptionName = keyof typeof ASSUMPTIONS;
export type Assumptions = {
  readonly [Name in AssumptionName]: (typeof ASSUMPTIONS)[Name]["value"] extends readonly string[]
    ? readonly string[]
    : (typeof ASSUMPTIONS)[Name]["value"] extends string
      ? string
      : number;
};

/**
 * The defaults with some of them changed.
 *
 * @param changes `name=value`, as after `--set`
 * @throws MeridianError usage with every unknown name and unreadable value at once
 */
export function assumptionsFrom(changes: readonly string[] = []): Assumptions {
  const values: Record<string, unknown> = Object.fromEntries(
    Object.entries(ASSUMPTIONS).map(([name, { value }]) => [name, value]),
  );
  const problems: Problem[] = [];
  for (const change of changes) {
    const cut = change.indexOf("=");
    const name = cut < 0 ? change : change.slice(0, cut);
    if (!Object.hasOwn(ASSUMPTIONS, name)) {
      const fix = suggest(name, Object.keys(ASSUMPTIONS));
      problems.push({
        code: "CLAIMS_UNKNOWN_ASSUMPTION",
        what: `there is no assumption "${name}"`,
        where: "--set",
        fix,
      });
      continue;
    }
    const form: Form<unknown> = ASSUMPTIONS[name as AssumptionName];
    const value = cut < 0 ? undefined : form.read(change.slice(cut + 1));
    if (value !== undefined) values[name] = value;
    else
      problems.push({ code: "CLAIMS_ASSUMPTION", what: `"${change}" cannot be read`, where: "--set", fix: form.doc });
  }
  if (problems.length > 0) throw new MeridianError("usage", problems);
  const assumptions = values as unknown as Assumptions;
  checkRegions(assumptions);
  return assumptions;
}

function checkRegions({ regions, home, swing }: Assumptions): void {
  const directory = regionDirectory();
  for (const region of regions) requireRegion(directory, region, "--set regions");
  if (regions.length >= 2 && regions.includes(home) && swing < 1) return;
  const what =
    swing >= 1
      ? "a price cannot swing by 100 % or more"
      : "two or more regions are needed, and home must be one of them";
  const fix = "write for example --set regions=us-east-1,eu-west-1 home=eu-west-1 swing=31%";
  throw new MeridianError("usage", { code: "CLAIMS_ASSUMPTION", what, where: "--set", fix });
}

function readShare(given: string): number | undefined {
  const value = parseShare(given);
  return value !== undefined && value >= 0 && value <= 1 ? value : undefined;
}

function readCount(given: string): number | undefined {
  return /^\d{1,9}$/.test(given.trim()) ? Number(given) : undefined;
}

function readAmount(given: string): number | undefined {
  return /^\d{1,6}(\.\d{1,12})?$/.test(given.trim()) ? Number(given) : undefined;
}

function readList(given: string): readonly string[] | undefined {
  const names = [...new Set(given.split(",").map((name) => name.trim()))].filter((name) => name !== "");
  return names.length === 0 ? undefined : names;
}
