/**
 * The playground's engine room: checks the text, turns the knobs, simulates and draws, as messages ask. It knows neither
 * a page nor a worker. Long work is done in slices, so that a later message ends an earlier run.
 */

import { DARK, LIGHT } from "../../reports/base/theme.ts";
import { liveAnswer } from "../../reports/live/answer.ts";
import { MeridianError, type Problem } from "../../simulator/base/errors.ts";
import {
  assembleResult,
  boundOf,
  type JobOutput,
  type JobSpec,
  planJobs,
  planPilots,
  runJob,
  runPilot,
  settleWarmup,
} from "../../simulator/experiment/index.ts";
import type { RunResult } from "../../simulator/experiment/result.ts";
import type { Plan } from "../../simulator/scenario/plan.ts";
import { demandRemarks } from "../../simulator/scenario/remarks.ts";
import { type ResolveInputs, resolvePlan } from "../../simulator/scenario/resolve.ts";
import { type Scenario, scenarioSchema } from "../../simulator/scenario/schema.ts";
import { createModelFacts } from "../../simulator/service/model-facts.ts";
import { recordedPriceFiles } from "../../simulator/service/pricing/schema.ts";
import { traceNamesOf } from "../../simulator/traffic/class-stream.ts";
import { parseScenario } from "../io/scenario-text.ts";
import { completionsAt } from "./completions.ts";
import { type KnobValues, knobsOf, type ScenarioText, scenarioText, turnedText } from "./knobs.ts";
import type { Ask, Extent, PartAsk, PlacedProblem, Reply, RunAsk, ThemeName } from "./messages.ts";
import { adjusted, type Part, partOf, REQUESTS_AT_FIRST } from "./part-of-run.ts";

/** What the session needs of where it runs. */
export interface Surroundings {
  readonly post: (reply: Reply) => void;
  readonly nowMs: () => number;
  /** Lets messages that have come meanwhile be handled. */
  readonly pause: () => Promise<void>;
}

/** The least time between two pauses of a run, ms. */
const SLICE_MS = 60;

/** Steps of some work, as the engine gives them. */
type Work<T> = Generator<{ readonly share: number }, T>;

interface Before {
  /** Of a part; null of the whole. */
  readonly requestsMax: number | null;
  readonly result: RunResult;
}

export class PlaygroundSession {
  private inputs: ResolveInputs | undefined;
  private file = "scenario.yaml";
  private version = "";
  private source: ScenarioText | undefined;
  /** The scenario as it is written, in parts of some sizes: what the pictures show the change from. */
  private before: readonly Before[] = [];
  private shown: { readonly result: RunResult; readonly before: RunResult | null } | null = null;
  private whole: RunResult | null = null;
  private latestRun = 0;
  private answers = 0;
  private readonly helped = new Map<number, (output: JobOutput) => void>();
  private readonly around: Surroundings;

  constructor(around: Surroundings) {
    this.around = around;
  }

  /** Answers a message; what takes long goes on in slices. */
  async handle(ask: Ask): Promise<void> {
    try {
      if (ask.kind === "inputs") this.take(ask);
      else if (ask.kind === "scenario") this.check(ask.id, ask.text);
      else if (ask.kind === "run") await this.run(ask);
      else if (ask.kind === "help") this.help(ask);
      else if (ask.kind === "helped") this.helped.get(ask.id)?.(ask.output);
      else if (ask.kind === "complete") this.complete(ask);
      else if (ask.kind === "save") this.save(ask.id, ask.values);
      else if (ask.kind === "result") this.around.post({ kind: "result", id: ask.id, result: this.whole });
      else if (this.shown !== null) {
        const { result, before } = this.shown;
        this.around.post({ kind: "drawn", answer: await liveAnswer(result, before, themeOf(ask.theme)) });
      }
    } catch (error) {
      this.around.post({ kind: "problems", id: "id" in ask ? ask.id : 0, problems: problemsOf(error) });
    }
  }

  private take({ inputs, file, meridianVersion }: Extract<Ask, { kind: "inputs" }>): void {
    this.inputs = { ...inputs, models: createModelFacts(inputs.models) };
    this.file = file;
    this.version = meridianVersion;
  }

  /** Everything that `meridian check` finds, stage by stage: YAML, form, meaning. */
  private check(id: number, text: string): void {
    this.latestRun = 0;
    const parsed = scenarioText(text, this.file);
    const isText = "plain" in parsed;
    this.source = isText ? parsed : undefined;
    this.before = [];
    this.answers = 0;
    let problems: readonly PlacedProblem[] = isText ? [] : parsed.map(withLine);
    let notes: readonly string[] = [];
    let missing: readonly string[] = [];
    if (isText)
      try {
        const { value } = parseScenario(text, this.file, scenarioSchema);
        missing = missingNames(value, this.needed());
        if (missing.length === 0) {
          const plan = this.planOf(text);
          notes = [...plan.notes, ...demandRemarks(plan, value.traffic)];
        }
      } catch (error) {
        problems = problemsOf(error);
      }
    const knobs = isText && problems.length === 0 ? knobsOf(parsed.plain) : [];
    this.around.post({ kind: "checked", id, problems, notes, knobs, missing });
  }

  private async run(ask: RunAsk): Promise<void> {
    const { id, values, theme, part: asked } = ask;
    this.latestRun = id;
    const { nowMs } = this.around;
    const beganMs = nowMs();
    const plan = this.planOf(turnedText(this.written(), this.file, values));
    const part: Part = asked === undefined ? { plan: await this.settled(plan, id) } : partOf(plan, asked.requestsMax);
    const simulateMs = nowMs();
    const outputs = await (asked === undefined
      ? this.simulateAll(part.plan, id)
      : this.simulateShared(part.plan, id, asked));
    if (outputs === undefined) return;
    const simulatedMs = nowMs() - simulateMs;
    const provenance = { scenarioSha256: "", meridianVersion: this.version, traces: [] };
    const assembled = assembleResult({ plan: part.plan }, outputs, provenance);
    // The solver is larger than the page.
    const result = { ...assembled, bound: boundOf(part.plan, outputs, null) };
    const length = asked?.requestsMax ?? null;
    const others = this.before.filter((one) => one.requestsMax !== length);
    if (Object.keys(values).length === 0) this.before = [...others, { requestsMax: length, result }];
    const before = this.before.find((one) => one.requestsMax === length)?.result ?? null;
    this.shown = { result, before };
    if (asked === undefined) this.whole = result;
    const answer = await liveAnswer(result, before, themeOf(theme));
    const took = { tookMs: nowMs() - beganMs, simulatedMs };
    this.answers++;
    const requestsMax =
      asked === undefined ? REQUESTS_AT_FIRST : adjusted(asked.requestsMax, { ...took, result, answers: this.answers });
    this.around.post({ kind: "answer", id, answer, extent: { ...extentOf(result, plan, part, took), requestsMax } });
  }

  /** Every job of the plan, in slices; undefined where a later message has made it pointless. */
  private async simulateAll(plan: Plan, id: number): Promise<readonly JobOutput[] | undefined> {
    const outputs: JobOutput[] = [];
    const jobs = planJobs({ plan }, 1);
    for (const [done, job] of jobs.entries()) {
      const share = (own: number) => (done + own) / jobs.length;
      const output = await this.inSlices(runJob({ plan }, job), { id, share });
      if (output === undefined) return undefined;
      outputs.push(output);
    }
    return outputs;
  }

  /** The first job here and at once; the others come from helpers, which have been asked by the page. */
  private async simulateShared(plan: Plan, id: number, { workers }: PartAsk): Promise<readonly JobOutput[]> {
    const jobs = jobsOfHelpers(plan, workers);
    const others: JobOutput[] = [];
    const all = new Promise<void>((resolve) => {
      if (jobs.length === 1) resolve();
      this.helped.set(id, (output) => {
        others.push(output);
        if (others.length === jobs.length - 1) resolve();
      });
    });
    const own = atOnce(plan, jobs[0]!);
    await all;
    this.helped.delete(id);
    return [own, ...others];
  }

  private help({ id, values, place, requestsMax, workers }: Extract<Ask, { kind: "help" }>): void {
    const { plan } = partOf(this.planOf(turnedText(this.written(), this.file, values)), requestsMax);
    const job = jobsOfHelpers(plan, workers)[place];
    if (job !== undefined) this.around.post({ kind: "helped", id, output: atOnce(plan, job) });
  }

  /** The plan with its warm-up settled, by pilot runs where it was left to them. */
  private async settled(plan: Plan, id: number): Promise<Plan> {
    const outputs = [];
    for (const pilot of planPilots(plan)) {
      const output = await this.inSlices(runPilot({ plan }, pilot), { id, share: () => 0 });
      if (output === undefined) return plan;
      outputs.push(output);
    }
    return outputs.length === 0 ? plan : settleWarmup(plan, outputs);
  }

  /** Does the work; undefined where a later message has made it pointless. */
  private async inSlices<T>(
    work: Work<T>,
    how: { readonly id: number; readonly share: (own: number) => number },
  ): Promise<T | undefined> {
    const { nowMs, pause, post } = this.around;
    let pausedMs = nowMs();
    for (;;) {
      const step = work.next();
      if (step.done === true) return step.value;
      if (nowMs() - pausedMs < SLICE_MS) continue;
      await pause();
      if (this.latestRun !== how.id) return undefined;
      post({ kind: "progress", id: how.id, share: how.share(step.value.share) });
      pausedMs = nowMs();
    }
  }

  private complete({ id, text, offset }: Extract<Ask, { kind: "complete" }>): void {
    const { from, options } = completionsAt(text, offset, this.inputs);
    this.around.post({ kind: "completions", id, from, options });
  }

  private save(id: number, values: KnobValues): void {
    this.around.post({ kind: "saved", id, text: turnedText(this.written(), this.file, values) });
  }

  /** @throws MeridianError with every problem, each with its line */
  private planOf(text: string): Plan {
    const loaded = parseScenario(text, this.file, scenarioSchema);
    try {
      return resolvePlan(loaded.value, this.needed());
    } catch (error) {
      if (!(error instanceof MeridianError) || error.kind === "internal") throw error;
      throw new MeridianError(error.kind, error.problems.map(loaded.place), { cause: error });
    }
  }

  private needed(): ResolveInputs {
    if (this.inputs === undefined) throw new MeridianError("internal", { code: "INTERNAL", what: "no inputs yet" });
    return this.inputs;
  }

  private written(): ScenarioText {
    if (this.source !== undefined) return this.source;
    const problem = { code: "SCENARIO_SYNTAX", what: "the scenario is not valid YAML", fix: "correct it first" };
    throw new MeridianError("usage", problem);
  }
}

/**
 * Recordings, recorded prices and own strategies that the scenario names and the inputs lack, once each.
 *
 * @param inputs what has been loaded so far
 */
export function missingNames(scenario: Scenario, inputs: ResolveInputs): readonly string[] {
  const recordings = scenario.traffic
    .flatMap(({ arrivals, tokens }) => [...traceNamesOf(tokens === undefined ? { arrivals } : { arrivals, tokens })])
    .filter((name) => !Object.hasOwn(inputs.recordings, name));
  const prices = recordedPriceFiles(scenario.world.prices).filter(
    (name) => !Object.hasOwn(inputs.recordedPrices, name),
  );
  const strategies = scenario.strategies.flatMap(({ file }) =>
    file === undefined || Object.hasOwn(inputs.strategySources ?? {}, file) ? [] : [file],
  );
  return [...new Set([...recordings, ...prices, ...strategies])];
}

/** The jobs of a part whose runs are shared with helpers, of which each has one: its runs are short, and keep few calls. */
function jobsOfHelpers(plan: Plan, workers: number): readonly JobSpec[] {
  return planJobs({ plan, skipQuotaNeeds: true }, workers);
}

/** A job of a part, without a pause. What the calls ask of quotas is for whole runs. */
function atOnce(plan: Plan, job: JobSpec): JobOutput {
  const steps = runJob({ plan, skipQuotaNeeds: true }, job);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

function extentOf(
  result: RunResult,
  plan: Plan,
  part: Part,
  { tookMs, simulatedMs }: Took,
): Omit<Extent, "requestsMax"> {
  const requests = result.strategies[0]?.total.counts.sent ?? 0;
  const { done } = result.replications;
  const ofRun = part.share ?? 1;
  return {
    replications: done,
    replicationsAsked: plan.replications,
    ...(part.firstRequests === undefined ? {} : { firstRequests: part.firstRequests }),
    requests,
    tookMs,
    simulatedMs,
    wholeMs: (simulatedMs * plan.replications) / done / ofRun,
  };
}

interface Took {
  readonly tookMs: number;
  readonly simulatedMs: number;
}

function themeOf(name: ThemeName) {
  return name === "dark" ? DARK : LIGHT;
}

function withLine(problem: Problem): PlacedProblem {
  const line = /:(\d+)(?: |$)/.exec(problem.where ?? "")?.[1];
  return line === undefined ? problem : { ...problem, line: Number(line) };
}

function problemsOf(error: unknown): readonly PlacedProblem[] {
  if (error instanceof MeridianError) return error.problems.map(withLine);
  return [{ code: "INTERNAL", what: String(error), fix: "report it with the scenario" }];
}
