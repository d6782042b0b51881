/** `meridian tune`: finds a strategy's options on one part of the traffic, and says what they are worth on another. */

import { stringify } from "yaml";
import { EXIT_CODES, MeridianError } from "../../simulator/base/errors.ts";
import { suggestOneOf } from "../../simulator/base/near-names.ts";
import { parseShare } from "../../simulator/base/quantities.ts";
import { hasPercentile, TUNE_METRICS, type TuneGoal, type TuneMetric } from "../../simulator/compare/tuning.ts";
import { prepareExperiment } from "../io/experiment.ts";
import { createStatusLine } from "../io/progress.ts";
import { parseVary } from "../sweep/plan-sweep.ts";
import { settingsOf, TunedStrategy } from "../tune/candidates.ts";
import { runTuning, type Tuning } from "../tune/run-tune.ts";
import { type CommandDefinition, type CommandInput, type CommonOptions, jsonDocument } from "./command.ts";
import { addScenarioOptions, overridesOf, wholeNumber } from "./options.ts";

export const tuneCommand: CommandDefinition = {
  examples: [
    ["meridian tune a.yaml --strategy cheapest-within --vary p95=3s..15s", "the ceiling with the lowest cost"],
    [
      "meridian tune a.yaml --strategy cheapest-within --vary p95=3s..15s --vary 'failureCeiling=[5%, 20%]' --within 95%",
      "two options, where 95 % of requests meet their objectives",
    ],
    [
      "meridian tune a.yaml --strategy score --vary score.price=0..4 --vary score.latency=0..4 --metric p95 --held-out 30%",
      "weights, chosen on the first 70 % of the time and judged on the rest",
    ],
    [
      "meridian tune a.yaml --strategy spill-over --vary 'world.reserved[0].inputTokensPerMinute=[100k, 200k]'",
      "a place in the scenario: how many reserved units",
    ],
  ],
  configure: (command) => {
    command.argument("<scenario>", "scenario file");
    addScenarioOptions(command);
    command
      .requiredOption("--strategy <name>", "the strategy that is tuned, by its label in the scenario")
      .requiredOption("--vary <option=values...>", "an option or a path: low..high, 'low..high log' or [list]")
      .option("--metric <name>", `what is made small: ${TUNE_METRICS.join(", ")}`, "cost")
      .option("--within <share>", "limit: at least this share of requests within their objectives, e.g. 95%")
      .option("--failed <share>", "limit: at most this share of requests not served, e.g. 0.5%")
      .option("--delta <share>", "a smaller difference does not matter, as a share of the own setting's loss", "0.5%")
      .option("--candidates <n>", "settings that are tried, beside the scenario's own", wholeNumber(1), 16)
      .option("--held-out <share>", "hold out the last share of the run's time; other seeds of all of it unless given")
      .option("--workers <n>", "worker threads; the result does not depend on it", wholeNumber(1))
      .option("-o, --output <file>", "write the tuned strategy as YAML to a file");
  },
  run: runTune,
};

/** Replications of a finalist unless given: enough for an interval, and for KN to decide clear cases. */
const REPLICATIONS = 10;

async function runTune({ args, options, terminal, signal }: CommandInput): Promise<number> {
  const file = args[0]!;
  const goal = goalOf(options);
  const label = String(options.strategy);
  const base = await prepareExperiment(file, { overrides: overridesOf(options), strategies: [label] });
  const factors = (options.vary as readonly string[]).map(parseVary);
  const tuned = settingsOf(factors, options.candidates as number);
  const strategy = new TunedStrategy(base, tuned);
  const status = createStatusLine({ stream: process.stderr, live: terminal.live, quiet: terminal.quiet });
  const tuning = await runTuning({
    base,
    file,
    tuned,
    strategy,
    goal,
    deltaShare: shareOf(options.delta, "--delta"),
    replications: (options.replications as number | undefined) ?? REPLICATIONS,
    heldOutShare: options.heldOut === undefined ? null : shareOf(options.heldOut, "--held-out"),
    workers: options.workers as number | undefined,
    signal,
    onStep: (text) => (terminal.live ? status.show(text) : terminal.note(text)),
  }).finally(() => status.stop());
  const yaml = (isShownBetter(tuning) ? "" : `# ${UNPROVEN}\n`) + pasteable(strategy, tuning.winner);
  if (typeof options.output === "string") {
    const { default: writeFileAtomic } = await import("write-file-atomic");
    await writeFileAtomic(options.output, yaml);
    terminal.note(`wrote ${options.output}`);
  }
  if (options.json === true) {
    const vary = factors.map(({ path }) => path);
    terminal.out(jsonDocument("tune", { scenario: file, strategy: label, goal, vary, ...tuning, yaml }));
  } else terminal.out(tuningText(tuning, { goal, label, yaml, vary: factors.map(({ path }) => path) }));
  return EXIT_CODES.ok;
}

function goalOf(options: CommonOptions): TuneGoal {
  const metric = String(options.metric) as TuneMetric;
  if (!TUNE_METRICS.includes(metric)) {
    const what = `there is no metric "${metric}"`;
    throw new MeridianError("usage", {
      code: "TUNE_METRIC",
      what,
      where: "--metric",
      fix: suggestOneOf(metric, TUNE_METRICS),
    });
  }
  return {
    metric,
    withinMin: options.within === undefined ? null : shareOf(options.within, "--within"),
    failedMax: options.failed === undefined ? null : shareOf(options.failed, "--failed"),
  };
}

function shareOf(text: unknown, where: string): number {
  const share = parseShare(String(text));
  if (share !== undefined && share > 0 && share < 1) return share;
  throw new MeridianError("usage", {
    code: "TUNE_SHARE",
    what: `"${text}" is not a share between 0 and 1`,
    where,
    fix: "write for example 95%",
  });
}

/** The strategy with the winner's options, to be pasted into `strategies:`, and what it wants elsewhere. */
function pasteable(strategy: TunedStrategy, winner: number): string {
  const elsewhere = strategy.overridesOf(winner).map(({ origin }) => `# and in the scenario: ${origin}\n`);
  return `${stringify({ strategies: [strategy.entryOf(winner)] })}${elsewhere.join("")}`;
}

const UNPROVEN = "not shown to be better than the scenario's own setting";

/** False only where another setting than the scenario's own was chosen, and held-out traffic does not bear it out. */
function isShownBetter({ heldOut: { gain, without } }: Tuning): boolean {
  return without !== "winner" && (gain === null || gain.high < 0);
}

interface TextParts {
  readonly goal: TuneGoal;
  readonly label: string;
  readonly yaml: string;
  readonly vary: readonly string[];
}

/** The answer for people: a sentence, the finalists, and what to paste. */
export function tuningText(tuning: Tuning, { goal, label, yaml, vary }: TextParts): string {
  const number = (value: number, digits: number) => (Number.isFinite(value) ? value.toPrecision(digits) : "none");
  const rows = tuning.finalists.map(({ setting, figures, loss }) => [
    settingText(tuning, setting, vary),
    number(figures.cost, 5),
    hasPercentile([figures], "p95") ? number(figures.p95 / 1000, 4) : "none",
    `${(100 * (1 - figures.missed)).toFixed(1)} %`,
    `${(100 * figures.failed).toFixed(2)} %`,
    number(loss, 5),
    setting === tuning.winner ? (isShownBetter(tuning) ? "chosen" : "chosen, not borne out") : "",
  ]);
  const head = ["setting", "USD/1k", "p95 s", "within", "failed", "loss", ""];
  const widths = head.map((name, i) => Math.max(name.length, ...rows.map((row) => row[i]!.length)));
  const table = [head, ...rows].map((row) =>
    row
      .map((cell, i) => (i >= 1 && i <= 5 ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)))
      .join("  ")
      .trimEnd(),
  );
  return [
    answerText(tuning, goal, label, vary),
    "",
    `Finalists on held-out traffic, means of ${tuning.heldOut.replications} replications:`,
    ...table,
    "",
    yaml.trimEnd(),
  ].join("\n");
}

function settingText({ settings }: Tuning, setting: number, vary: readonly string[]): string {
  if (setting === 0) return "the scenario's own";
  return settings[setting]!.values.map((value, i) => `${vary[i]}=${value}`).join(" ");
}

function answerText(tuning: Tuning, goal: TuneGoal, label: string, vary: readonly string[]): string {
  const { heldOut, winner, delta, settings, runs } = tuning;
  const tried = `${settings.length} settings of ${label} in ${runs} runs`;
  const hasLimits = goal.withinMin !== null || goal.failedMax !== null;
  const unit = hasLimits ? "in loss (see below)" : UNIT[goal.metric];
  const small = `${Number(delta.toPrecision(3))} ${unit}`;
  const missed = limitText(tuning, goal);
  if (heldOut.without !== null) return withoutText(tuning, { tried, metric: goal.metric, vary, missed });
  if (heldOut.gain === null) {
    const also = heldOut.answer === "equal" ? `; no difference above ${small} between the finalists` : "";
    return `Nothing better than the scenario's own setting was found among ${tried}${also}.${missed}`;
  }
  const { value, low, high } = heldOut.gain;
  const number = (each: number) => `${each > 0 ? "+" : ""}${Number(each.toPrecision(3))}`;
  const share = heldOut.gainShare === null ? "" : ` (${number(100 * heldOut.gainShare)} %)`;
  const interval = `${number(value)}${share}, 95 % interval ${number(low)} to ${number(high)} ${unit}`;
  const shown =
    high < 0
      ? "better than the scenario's own"
      : low > 0
        ? "worse than the scenario's own"
        : "not shown to differ from the scenario's own";
  const found = `Of ${tried}, ${settingText(tuning, winner, vary)} is ${shown} on held-out traffic: ${interval} (less is better)`;
  const act = isShownBetter(tuning) ? "" : " Keep the scenario's own setting, or give it more --replications.";
  return `${found}; ${AMONG[heldOut.answer](small)}.${act}${missed}`;
}

/** The answer where the winner or the scenario's own setting fails so much on held-out traffic that it has no loss. */
function withoutText(
  tuning: Tuning,
  {
    tried,
    metric,
    vary,
    missed,
  }: { readonly tried: string; readonly metric: TuneMetric; readonly vary: readonly string[]; readonly missed: string },
): string {
  const { heldOut, winner, finalists } = tuning;
  const failedOf = (setting: number) => finalists.find((each) => each.setting === setting)!.figures.failed;
  const chosen = settingText(tuning, winner, vary);
  const none = (setting: number) =>
    `no ${metric}, since ${(100 * failedOf(setting)).toFixed(1)} % of its requests fail`;
  return heldOut.without === "own"
    ? `Of ${tried}, ${chosen} is better than the scenario's own on held-out traffic, which has ${none(0)} there.${missed}`
    : `Of ${tried}, ${chosen} was chosen, but has ${none(winner)} on held-out traffic. Keep the scenario's own setting, or give it more --replications.${missed}`;
}

const UNIT: Readonly<Record<TuneMetric, string>> = {
  cost: "USD per 1,000 served",
  p95: "ms",
  p99: "ms",
  "ttft-p95": "ms",
  failed: "of requests",
  missed: "of requests",
};

const AMONG: Readonly<Record<Tuning["heldOut"]["answer"], (small: string) => string>> = {
  equal: (small) => `no difference above ${small} is left between the finalists`,
  best: () => "it is better than every other finalist",
  open: () => "which finalist is best stays open",
};

/** What loss means, and whether the winner keeps the limits. */
function limitText({ finalists, winner }: Tuning, { withinMin, failedMax }: TuneGoal): string {
  if (withinMin === null && failedMax === null) return "";
  const { figures } = finalists.find(({ setting }) => setting === winner)!;
  const percent = (share: number) => `${Number((100 * share).toPrecision(4))} %`;
  const broken = [
    ...(withinMin !== null && 1 - figures.missed < withinMin
      ? [
          `${percent(1 - figures.missed)} of requests are within their objectives where ${percent(withinMin)} was asked for`,
        ]
      : []),
    ...(failedMax !== null && figures.failed > failedMax
      ? [`${percent(figures.failed)} fail where ${percent(failedMax)} was asked for`]
      : []),
  ];
  const loss = " Loss is the metric, and 10 % more of it for each percentage point by which a limit is missed.";
  return broken.length === 0 ? `${loss} The limits hold.` : `${loss} A limit is missed even so: ${broken.join("; ")}.`;
}
