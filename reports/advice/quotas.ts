/** Which quota binds, what to ask for, and what max_tokens costs in quota. */
import type { Advice } from "../../simulator/advice/advice.ts";
import { findCodeLineOf, type QuotaRequest, requestLineOf } from "../../simulator/advice/quota-requests.ts";
import type { Estimate } from "../../simulator/base/statistics.ts";
import { formatCount, formatShare } from "../base/text.ts";
import { type Cell, leftColumn, rightColumn, type Table, textCell } from "../tables/table.ts";
import { type AdviceQuestion, tokens, usd } from "./section.ts";

const FAMILY = { regional: "on-demand", geographic: "cross-region", global: "global cross-region" } as const;

/** What to ask Service Quotas for. */
export const QUOTA: AdviceQuestion = {
  id: "quota",
  question: "Which quota binds, and what should I ask for?",
  answer: (advice) => {
    const { quotas } = advice;
    if (quotas.length === 0)
      return {
        answer: ["No call draws on a quota that could be asked for."],
        table: undefined,
        commands: [],
        runs: [],
      };
    const asked = quotas.filter(needsMore);
    return {
      answer: [...answers(advice, asked), ...codes(asked), ...checked(advice)],
      table: quotaTable(quotas),
      commands: asked.map((each) => requestLineOf(each) ?? findCodeLineOf(each)),
      runs: ["as it is", "quotas"],
    };
  },
};

function answers({ strategy, quotas, headroom }: Advice, asked: readonly QuotaRequest[]): readonly string[] {
  const binding = quotas.filter(({ binds }) => binds);
  const first =
    binding.length === 0
      ? `Under ${strategy} no quota that is set binds.`
      : `Under ${strategy} ${binding.length === 1 ? "one quota binds" : `${binding.length} quotas bind`}: ${binding.map(({ id, limitNow, refused }) => `${id} (${limitNow === null ? "no limit a minute" : tokens(limitNow)}; refused ${formatCount(refused)} attempts)`).join(", ")}.`;
  const ask = asked.map(
    ({ model, family, region, askTpm, askTpd, needTpm, needRange, strictestLaw, mildestTpm, limitNow }) =>
      `Ask for ${formatCount(askTpm)} tokens a minute of ${model}, ${FAMILY[family]}, in ${region}, and for ${tokens(askTpd)} a day: the busiest minute needs ${tokens(needTpm)}${needText(needRange)} for at most 1 % throttled calls by the strictest window law (${strictestLaw.replace("-", " ")}), ${tokens(mildestTpm)} by the mildest, and ${formatShare(headroom)} are headroom; ${limitNow === null ? "nothing is set in the scenario" : `${tokens(limitNow)} are set`}.`,
  );
  const worth = quotas
    .filter(({ worthUsdPerMillionTpm }) => worthUsdPerMillionTpm > 0)
    .map(
      ({ id, worthUsdPerMillionTpm }) =>
        `Even with foresight ${id} costs money: a million tokens a minute more would have saved USD ${usd(worthUsdPerMillionTpm)} over the run.`,
    );
  const enough = quotas.length > asked.length ? ["What is not named here has enough."] : [];
  return [first, ...ask, ...worth, ...(asked.length > 0 ? enough : [])];
}

/** Of the replications that were counted, whose largest is what is asked for. */
function needText(range: Estimate | undefined): string {
  if (range === undefined || range.value === null || range.low === null || range.high === null) return "";
  if (range.low === range.high) return ` in each of ${range.n} replications`;
  return ` (the most of ${range.n} replications; their mean ${tokens(range.value)}, 95 % ${tokens(Math.max(0, range.low))}–${tokens(range.high)})`;
}

/** Where what is set, or AWS's default, is less than the need. */
function needsMore({ limitNow, defaultTpm, askTpm, needTpm }: QuotaRequest): boolean {
  if (limitNow !== null) return limitNow < needTpm;
  return defaultTpm === null || defaultTpm < askTpm;
}

function codes(asked: readonly QuotaRequest[]): readonly string[] {
  const unknown = asked.filter(({ quotaCode }) => quotaCode === undefined);
  if (unknown.length === 0) return [];
  const names = unknown.map(({ modelId, family }) => `${modelId}, ${FAMILY[family]}`);
  return [
    `The Service Quotas code of ${[...new Set(names)].join("; ")} is not known here: the line below lists the names, look for "tokens per minute" of the model.`,
  ];
}

function checked({ quotaCheck, strategy }: Advice): readonly string[] {
  if (quotaCheck === null) return [];
  const { throttledShare, failedShare } = quotaCheck;
  return [
    `Tried before asking: with all of the figures below as limits, under a rolling window, ${formatShare(throttledShare)} of the attempts of ${strategy} are throttled and ${formatShare(failedShare)} of its requests fail.`,
  ];
}

function needCell({ needTpm, needRange }: QuotaRequest): Cell {
  const isWide = needRange !== undefined && needRange.low !== null && needRange.low !== needRange.high;
  const detail = isWide
    ? `${formatCount(Math.max(0, Math.round(needRange.low!)))}–${formatCount(Math.round(needRange.high!))}`
    : undefined;
  return { text: formatCount(needTpm), value: needTpm, ...(detail === undefined ? {} : { detail }) };
}

function quotaTable(quotas: readonly QuotaRequest[]): Table {
  const count = (value: number) => ({ text: formatCount(value), value });
  return {
    id: "quotas",
    caption:
      "Need: the most of the replications that were counted, below it the 95 % interval of their mean. Ask = need with headroom, two digits. Tokens a day: settled, an output token times the burndown. Calls a minute are not enforced for text models since 2026-05-27.",
    columns: [
      leftColumn("quota", "quota"),
      rightColumn("set", "limit_tpm"),
      rightColumn("AWS default", "default_tpm"),
      rightColumn("need TPM", "need_tpm"),
      rightColumn("ask TPM", "ask_tpm"),
      rightColumn("ask TPD", "ask_tpd"),
      rightColumn("ask RPM", "ask_rpm"),
      leftColumn("code", "quota_code"),
    ],
    rows: quotas.map((each) => ({
      cells: [
        textCell(each.id),
        each.limitNow === null ? { text: "none", value: null } : count(each.limitNow),
        each.defaultTpm === null ? { text: "not known", value: null } : count(each.defaultTpm),
        needCell(each),
        count(each.askTpm),
        count(each.askTpd),
        count(each.askRpm),
        textCell(each.quotaCode ?? "not known"),
      ],
    })),
  };
}

/** What leaving out max_tokens costs, and what setting it well saves. */
export const MAX_TOKENS: AdviceQuestion = {
  id: "max-tokens",
  question: "What does an unset max_tokens cost in quota?",
  answer: ({ quotas }) => {
    const most = quotas.toSorted((a, b) => b.unsetTpm - a.unsetTpm)[0];
    if (most === undefined) return { answer: ["No call draws on a quota."], table: undefined, commands: [], runs: [] };
    const caps = most.explicitMaxTokens.map(({ name, tokens: cap }) => `${name} ${formatCount(cap)}`).join(", ");
    const saved = 1 - most.explicitTpm / most.needTpm;
    return {
      answer: [
        `Left out, each call reserves the ${formatCount(most.maxOutputTokens)} tokens that ${most.model} may write: ${most.id} would then need ${tokens(most.unsetTpm)} tokens a minute, ${(most.unsetTpm / most.needTpm).toFixed(1)} times what it needs as it is.`,
        saved > 0.02
          ? `Set to what 99 % of the answers stay within (${caps}) it would need ${tokens(most.explicitTpm)}, ${formatShare(saved)} less, at no price but that 1 % of the answers are cut.`
          : `What is set is near what answers need (99 % of them stay within ${caps}): nothing to gain.`,
      ],
      table: {
        id: "max-tokens",
        caption:
          "Tokens a minute that throttle at most 1 % of the calls: as it is by the strictest window law, the others by a rolling window.",
        columns: [
          leftColumn("quota", "quota"),
          rightColumn("unset", "unset_tpm"),
          rightColumn("as it is", "need_tpm"),
          rightColumn("99 % of answers", "explicit_tpm"),
        ],
        rows: quotas.map((each) => ({
          cells: [
            textCell(each.id),
            ...[each.unsetTpm, each.needTpm, each.explicitTpm].map((value) => ({ text: formatCount(value), value })),
          ],
        })),
      },
      commands: [],
      runs: ["as it is"],
    };
  },
};
