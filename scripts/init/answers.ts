/** What a first scenario is made from: the answers to five questions, how each is read, and what stands for no answer. */

import { MeridianError, type Problem } from "../../simulator/base/errors.ts";
import { nearNames } from "../../simulator/base/near-names.ts";
import { parseCount, parseDurationMs, parseRatePerS } from "../../simulator/base/quantities.ts";
import { AWS_REGIONS } from "../../simulator/base/regions.ts";

/** Recorded calls that are replayed, and what was seen in them. */
export interface RecordedCalls {
  /** A bundled recording's name, or a path relative to the scenario's folder. */
  readonly trace: string;
  readonly requests: number;
  /** Whole minutes, at least 1, at most a day. */
  readonly minutes: number;
  /** ISO 8601 in UTC; null where times count from a start. */
  readonly start: string | null;
  /** Null where the calls do not say their lengths. */
  readonly tokens: { readonly inputMean: number; readonly outputMean: number; readonly outputMax: number } | null;
  /** Options beside the trace that say how its file is read, as YAML. */
  readonly reading: readonly string[];
}

/** Texts as a scenario has them. */
export interface Answers {
  /** The first is home. */
  readonly regions: readonly string[];
  /** Bedrock id. */
  readonly model: string;
  /** Calls at the busiest time of the day, like `2/s` or `50k/d`; unused where calls are recorded. */
  readonly rate: string;
  /** Time for a whole answer, like `20s`. */
  readonly objective: string;
  /** Tokens a minute in each region; null = no limit is set. */
  readonly quota: string | null;
  readonly recorded: RecordedCalls | null;
}

export const DEFAULTS: Answers = {
  regions: ["us-east-1", "us-west-2"],
  model: "amazon.nova-pro-v1:0",
  rate: "2/s",
  objective: "20s",
  quota: "200k",
  recorded: null,
};

/** The questions that are answered by a line of text. */
export type Question = "regions" | "model" | "rate" | "objective" | "quota";

/** Says what is wrong with an answer, and how to write it; undefined where nothing is. */
export const FAULTS: Readonly<Record<Question, (text: string) => string | undefined>> = {
  regions: (text) => {
    const names = regionsOf(text);
    if (names.length === 0) return "name at least one region, like us-east-1,eu-west-1";
    const known = AWS_REGIONS.map(({ id }) => id);
    const unknown = names.find((name) => !known.includes(name));
    if (unknown === undefined) return undefined;
    const near = nearNames(unknown, known)[0];
    return `there is no region "${unknown}"${near === undefined ? "; see meridian list regions" : `; did you mean ${near}?`}`;
  },
  model: (text) => (/^[\w.:-]+$/.test(text) ? undefined : "write a Bedrock model id, like amazon.nova-pro-v1:0"),
  rate: (text) => (isAbove0(parseRatePerS(text)) ? undefined : "write a rate, like 2/s, 300/min or 50k/d"),
  objective: (text) => (isAbove0(parseDurationMs(text)) ? undefined : "write a time, like 20s or 800ms"),
  quota: (text) =>
    text === "none" || isAbove0(parseCount(text)) ? undefined : "write tokens a minute, like 200k or 1.5M; or none",
};

/**
 * Answers from options, the defaults for what is not given.
 *
 * @throws MeridianError usage INIT_ANSWER, one problem for each answer that cannot be read
 */
export function answersFrom(given: Readonly<Partial<Record<Question, string>>>, base: Answers): Answers {
  const problems = Object.entries(given).flatMap(([question, text]): Problem[] => {
    const fault = FAULTS[question as Question](text);
    if (fault === undefined) return [];
    return [{ code: "INIT_ANSWER", where: `--${question}`, what: `"${text}" cannot be used`, fix: fault }];
  });
  if (problems.length > 0) throw new MeridianError("usage", problems);
  return {
    ...base,
    regions: given.regions === undefined ? base.regions : regionsOf(given.regions),
    model: given.model ?? base.model,
    rate: given.rate ?? base.rate,
    objective: given.objective ?? base.objective,
    quota: given.quota === undefined ? base.quota : given.quota === "none" ? null : given.quota,
  };
}

/** @example regionsOf("us-east-1, eu-west-1") // => ["us-east-1", "eu-west-1"] */
export function regionsOf(text: string): readonly string[] {
  return [...new Set(text.split(/[\s,]+/).filter((name) => name !== ""))];
}

function isAbove0(value: number | undefined): boolean {
  return value !== undefined && Number.isFinite(value) && value > 0;
}
