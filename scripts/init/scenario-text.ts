/** The scenario that `meridian init` writes: about thirty lines, each of which says what to put in its place. */
import { stringify } from "yaml";
import type { Answers, RecordedCalls } from "./answers.ts";

export interface ScenarioTextInput {
  /** Of the scenario, in any spelling. */
  readonly name: string;
  readonly answers: Answers;
  /** Where editors find the schema, relative to the scenario's folder. */
  readonly schema: string;
  /** Profiles through which the model is sold, where it is not sold in the regions alone; else none. */
  readonly profiles: readonly string[];
  /** Regions where these may run calls too. */
  readonly reached: readonly string[];
}

/** The text of the file. */
export function scenarioText({ name, answers, schema, profiles, reached }: ScenarioTextInput): string {
  const { regions, model, objective, quota, recorded } = answers;
  const targets = profiles.length > 0 ? profiles : regions;
  const lines = [
    `# yaml-language-server: $schema=${schema}`,
    "# Which routing of these calls is fastest, which is cheapest? Check it, change it, simulate it; nothing is called.",
    `name: ${scalar(slug(name))}`,
    "seed: 1                # the same seed draws the same traffic",
    ...(recorded?.start === null || recorded?.start === undefined ? [] : [`start: ${recorded.start}`]),
    `duration: ${recorded === null ? "1h" : `${recorded.minutes}m`}${recorded === null ? "           # of the busiest time of the day" : ""}`,
    "replications: 5        # more of them make the intervals narrower",
    "world:",
    `  regions: [${[...regions, ...reached].join(", ")}]`,
    ...(reached.length === 0
      ? []
      : ["  # The profiles may run calls in any of these; they are called as these targets:"]),
    ...(profiles.length === 0 ? [] : [`  targets: [${profiles.join(", ")}]`]),
    "  models:",
    "    main:",
    `      id: ${scalar(model)}   # list prices and limits come with the id`,
    "      # How fast it answers, and how much slower under load: a guess, as AWS publishes none. meridian calibrate",
    "      # fits it to your own measurements: do so before a decision hangs on it.",
    "      capacity:",
    "        { kind: batching, stepBase: 9ms, stepPerSequence: 0.2ms, prefill: { base: 400ms, perToken: 0.1ms }, maxBatch: 64 }",
    ...quotaLines(quota),
    "traffic:",
    "  - class: calls       # one entry for each kind of call: chat, code, nightly batch ...",
    ...(recorded === null ? drawnLines(answers) : recordedLines(recorded)),
    `    origin: ${regions[0]}   # where the callers are${recorded === null ? "" : ", unless a recorded call says so"}; or shares: { ${regions[0]}: 0.7, ${regions[1] ?? "eu-west-1"}: 0.3 }`,
    `    slo: { e2e: ${objective}, share: 95% }   # 95 % of the calls are to be answered within it`,
    "client: { retry: standard, timeout: 60s }   # what the AWS SDK does by itself",
    "strategies:            # the first is what the others are compared with; all of them: meridian list strategies",
    `  - { name: home, single: { target: ${targets[0]} } }`,
    ...(targets.length < 2
      ? []
      : [`  - { name: fallback, priority: { targets: [${targets.join(", ")}] } }`, "  - least-outstanding"]),
  ];
  return `${lines.join("\n")}\n`;
}

function quotaLines(quota: string | null): readonly string[] {
  if (quota === null)
    return ["  # quotas: [{ tokensPerMinute: 200k }]   # none is set; yours are in the Service Quotas console"];
  return [`  quotas: [{ tokensPerMinute: ${quota} }]   # in each region; yours are in the Service Quotas console`];
}

const DRAWN_TOKENS =
  "    tokens: { input: { lognormal: { mean: 1200, cv: 1 } }, output: { lognormal: { mean: 250, cv: 0.8 } }, maxTokens: 1000 }";

function drawnLines({ rate }: Answers): readonly string[] {
  return [
    `    arrivals: { poisson: ${rate} }   # at the busiest time; your own calls: meridian init --from calls.csv`,
    DRAWN_TOKENS,
  ];
}

function recordedLines({ trace, requests, tokens, reading }: RecordedCalls): readonly string[] {
  const options = [`trace: ${scalar(trace)}`, "tile: true", "shift: random", ...reading];
  const arrivals = `    arrivals: { ${options.join(", ")} }   # scale: 3 sends three times as many`;
  const calls = `${requests.toLocaleString("en-US")} recorded calls`;
  if (tokens === null)
    return [`    # ${calls}; they do not say how long they are, so lengths are drawn.`, arrivals, DRAWN_TOKENS];
  const lengths = `${Math.round(tokens.inputMean)} tokens in and ${Math.round(tokens.outputMean)} out on average`;
  // Less than the longest answer would be more than the calls had asked for.
  const maxTokens = Math.max(1000, Math.ceil(tokens.outputMax / 100) * 100);
  return [
    `    # ${calls}, ${lengths}.`,
    arrivals,
    `    tokens: { maxTokens: ${maxTokens} }   # of calls that record none; a quota reserves it when the call starts`,
  ];
}

/** A text as a YAML scalar within a flow collection. */
function scalar(text: string): string {
  return /^[\w./:-]+$/.test(text) && !text.endsWith(":") ? stringify(text).trim() : JSON.stringify(text);
}

/** A name as scenarios have it: lower case, without what paths and shells would trip over. */
function slug(name: string): string {
  const kept = name
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, "-")
    .replace(/^[._-]+/, "")
    .slice(0, 48);
  return kept === "" ? "scenario" : kept;
}
