/**
 * The pages that are made from the bundled data: of model facts, every statement with its source and date; and of tested
 * claims, every verdict as `meridian claims` computes it.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { joinedCases, summaryOf } from "../../reports/claims/text.ts";
import { ASSUMPTIONS, assumptionsFrom } from "../../simulator/claims/claim.ts";
import { judgeClaims } from "../../simulator/claims/index.ts";
import { ceilings } from "../../simulator/claims/price-routing.ts";
import {
  createModelFacts,
  FACT_LABELS,
  type FactName,
  type Lifecycle,
  type LongContextPrice,
  type ModelFacts,
  type ModelFactsData,
  modelFactsSchema,
  type Thinking,
} from "../../simulator/service/model-facts.ts";
import { PACKAGE_ROOT } from "../io/process.ts";
import { loadReference } from "../io/reference.ts";
import { anchor, code, table, wrapped } from "./markdown.ts";

const FILE = "scenarios/reference/bedrock-models.json";

/** What a fact means where its name does not say it. */
const MEANINGS: Readonly<Partial<Record<FactName, string>>> = {
  burndown: "Output tokens count this often against tokens per minute and per day when a call is settled.",
  contextTokens: "Tokens of prompt and answer together.",
  extendedContextTokens: "Only with a beta that the caller asks for.",
  maxOutputTokens: "The largest answer, and what a call without max_tokens reserves.",
  longContextPrice:
    "Factors over the list price for calls with more input tokens than the threshold, cached ones included. They hold for the whole call, and for cache reads and writes as for input.",
  cacheMinimumTokens: "A prefix with fewer tokens is not cached; the call succeeds.",
  samplingParameters:
    "one of two: a call with both temperature and top_p is refused; refused: a call with either is refused. Models without a statement may accept both.",
  thinking: "A budget must be at least the minimum and below max_tokens.",
  serviceTiers: "Tiers with a list price. A tier that is not listed here may be sold all the same.",
  converseLacks: "Requests of Converse that use one of these are refused; none: all are taken.",
  prefill: "A conversation may end with a message of the assistant, which the answer goes on with.",
  latencyOptimizedIn:
    "Source regions whose profile of the model serves such calls. Elsewhere, and with the bare model id, they are refused.",
  profileOnly: "yes: an on-demand call with the bare model id is refused outside GovCloud.",
  lifecycle: "The state on the day of the source; a last day after that may have passed since.",
};

/** The columns of the overview; the other facts are in their own sections. */
const COLUMNS: readonly (readonly [head: string, name: FactName])[] = [
  ["burndown", "burndown"],
  ["context", "contextTokens"],
  ["maximum output", "maxOutputTokens"],
  ["long prompts", "longContextPrice"],
  ["cached from", "cacheMinimumTokens"],
  ["cache lifetimes", "cacheTtls"],
  ["only through profiles", "profileOnly"],
  ["lifecycle", "lifecycle"],
];

/** @throws ZodError when the data file does not hold together */
export function modelsPage(): string {
  const data = modelFactsSchema().parse(JSON.parse(readFileSync(join(PACKAGE_ROOT, FILE), "utf8")));
  const facts = createModelFacts(data);
  return [
    "# Model facts",
    wrapped(
      `What Meridian knows of each model beyond its prices, quotas and profiles, as of ${data.asOf}. Every value has a source; what no source says is unknown and is never filled in. The file is \`${FILE}\`.`,
    ),
    "## Models",
    "An empty cell is unknown.",
    overview(facts),
    ...(Object.keys(FACT_LABELS) as FactName[]).map((name) => factSection(data, name)),
    "## Unknown",
    "What no source says, or sources disagree about.",
    unknownTable(facts),
    "## Sources",
    table(
      ["key", "source"],
      Object.entries(data.sources).map(([key, source]) => [key, source]),
    ),
  ].join("\n\n");
}

function overview(facts: ModelFacts): string {
  const rows = facts.ids.map((id) => [
    code(id),
    ...COLUMNS.map(([, name]) => {
      const fact = facts.fact(id, name);
      return fact === undefined ? "" : factText(name, fact.value);
    }),
  ]);
  return table(["model", ...COLUMNS.map(([head]) => head)], rows);
}

function factSection(data: ModelFactsData, name: FactName): string {
  const label = FACT_LABELS[name];
  const rows = data.facts[name].map(({ value, models, source, asOf, confidence, note }) => [
    value === null ? "unknown" : factText(name, value),
    models === "others" ? "all others" : models.map(code).join(", "),
    source,
    asOf,
    confidence,
    note ?? "",
  ]);
  const meaning = MEANINGS[name];
  return [
    `## ${label[0]!.toUpperCase()}${label.slice(1)}`,
    `Key ${code(name)}.${meaning === undefined ? "" : ` ${wrapped(meaning)}`}`,
    table(["value", "models", "source", "as of", "confidence", "note"], rows),
  ].join("\n\n");
}

function unknownTable(facts: ModelFacts): string {
  const rows = facts.ids.map((id) => [code(id), facts.unknownFacts(id).join("; ")]);
  return table(
    ["model", "unknown"],
    rows.filter(([, unknown]) => unknown !== ""),
  );
}

/** A value for people: `1,000,000`, `above 200,000 tokens: input x 2, output x 1.5`. */
export function factText(name: FactName, value: unknown): string {
  if (typeof value === "number") return value.toLocaleString("en-US");
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "string") return value === "none" ? "no surcharge" : value.replaceAll("-", " ");
  if (Array.isArray(value)) return value.length === 0 ? "none" : value.join(", ");
  if (name === "longContextPrice") {
    const { aboveInputTokens, inputFactor, outputFactor } = value as LongContextPrice;
    return `above ${aboveInputTokens.toLocaleString("en-US")} tokens: input x ${inputFactor}, output x ${outputFactor}`;
  }
  return name === "thinking" ? thinkingText(value as Thinking) : lifecycleText(value as Lifecycle);
}

function thinkingText({ modes, minimumBudgetTokens, alwaysOn }: Thinking): string {
  if (modes.length === 0) return "no";
  const budget =
    minimumBudgetTokens === undefined ? "" : `, from ${minimumBudgetTokens.toLocaleString("en-US")} tokens`;
  return `${modes.join(" or ")}${budget}${alwaysOn ? ", always on" : ""}`;
}

function lifecycleText({ state, legacySince, extendedAccessFrom, endOfLife }: Lifecycle): string {
  const parts = [
    state,
    legacySince === undefined ? undefined : `legacy since ${legacySince}`,
    extendedAccessFrom === undefined ? undefined : `extended access from ${extendedAccessFrom}`,
    endOfLife === undefined ? undefined : `last day ${endOfLife}`,
  ];
  return parts.filter((part) => part !== undefined && !(part === "legacy" && legacySince !== undefined)).join(", ");
}

/** @throws MeridianError, when the bundled data cannot be read */
export async function claimsPage(): Promise<string> {
  const assumptions = assumptionsFrom();
  const claims = judgeClaims({ assumptions, ...(await loadReference()) });
  return [
    "# Claims, tested",
    wrapped(
      "What public write-ups say of routing over Amazon Bedrock's regions, under each billing rule and each meaning of their figures. Every figure is computed: one day of calls at the prices of the reading, counted in a ledger and billed in exact integers by the code that bills runs, or a comparison of the bundled price, quota and round-trip data. `holds only if` names what would have to be true; it is found by halving, so it is the smallest such value.",
    ),
    "```sh\nnpx meridian claims\nnpx meridian claims saving\nnpx meridian claims saving --set swing=52%\n```",
    table(
      ["claim", "says", "verdicts over billing rules and readings"],
      claims.map(({ id, says, cases }) => [`[${id}](#${anchor(id)})`, says, summaryOf(cases)]),
    ),
    "## Ceiling",
    wrapped(
      "With N regions whose prices are equal sine waves of amplitude a and phases spread evenly, following the cheapest saves at most a (N/π) sin(π/N) ([derivation](../model/pricing.md#what-price-routing-can-save-at-most)), if demand does not follow the price.",
    ),
    table(
      [`${(100 * assumptions.swing).toFixed(0)} % read as`, "a", "2 regions", "3", "5"],
      ceilings(assumptions.swing).map(({ reading, amplitude, byRegions }) => [
        reading,
        amplitude.toFixed(4),
        ...byRegions.map((share) => `${(100 * share).toFixed(1)} %`),
      ]),
    ),
    ...claims.flatMap(({ id, says, cases }) => [
      `## ${id}`,
      wrapped(says),
      table(
        ["billing", "reading", "found", "verdict", "only if, or why"],
        joinedCases(cases).map(({ billings, readings, found, verdict, condition }) => [
          billings.join("; "),
          readings.join("; "),
          found,
          verdict === "holds if" ? "holds only if" : verdict,
          condition,
        ]),
      ),
    ]),
    "## Assumptions",
    "`--set name=value` changes one for the command.",
    table(
      ["name", "value here", "meaning"],
      Object.entries(ASSUMPTIONS).map(([name, { value, doc }]) => [code(name), String(value), doc]),
    ),
  ].join("\n\n");
}
