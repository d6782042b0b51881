/**
 * The playground's engine room: checks the text, turns the knobs, simulates and draws, as messages ask. It knows neither
 * a page nor a worker. Long work is done in slices, so that a later message ends an earlier run.
 */

import { DARK, LIGHT } from "../../reports/base/theme.ts";
import { liveAnswer } from "../../reports/live/answer.ts";
import { MeridianError, type Problem } from "../../simulator/base/errors.ts";
import {
  assembleResult,
  type JobOutput,
  planJobs,
  planPilots,
  runJob,
  runPilot,
  settleWarmup,
} from "../../simulator/experiment/index.ts";
import type { RunResult } from "../../simulator/experiment/result.ts";
import { demandRemarks } from "../../simulator/scenario/demand.ts";
import type { Plan } from "../../simulator/scenario/plan.ts";
import { type ResolveInputs, resolvePlan } from "../../simulator/scenario/resolve.ts";
import { scenarioSchema } from "../../simulator/scenario/schema.ts";
import { createModelFacts } from "../../simulator/service/model-facts.ts";
import { parseScenario } from "../io/scenario-text.ts";
import { completionsAt } from "./completions.ts";
import { type KnobValues, knobsOf } from "./knobs.ts";
import type { Ask, Extent, PlacedProblem, Reply, ThemeName } from "./messages.ts";
import { missingNames } from "./missing-names.ts";
import { adjusted, type Part, partOf, WITHOUT_MEASURE } from "./part-of-run.ts";
import { type ScenarioText, scenarioText, turnedText } from "./turned-text.ts";

/** What the session needs of where it runs. */
export interface Surroundings {
  readonly post: (reply: Reply) => void;
  readonly nowMs: () => number;
  /** Lets messages that have come meanwhile be handled. */
  readonly pause: () => Promise<void>;
}

/** The least time between two pauses of a run, ms. */
const SLICE_MS = 60;

type RunAsk = Extract<Ask, { kind: "run" }>;

/** Steps of some work, as the engine gives them. */
type Work<T> = Generator<{ readonly share: number }, T>;

export class PlaygroundSession {
  private inputs: ResolveInputs | undefined;
  private file = "scenario.yaml";
  private version = "";
  private source: ScenarioText | undefined;
  /** The scenario as it is written: what the pictures show the change from. */
  private before: RunResult | null = null;
  private shown: RunResult | null = null;
  private whole: RunResult | null = null;
  private latestRun = 0;
  private measure = WITHOUT_MEASURE;
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
      else if (ask.kind === "complete") this.complete(ask);
      else if (ask.kind === "save") this.save(ask.id, ask.values);
      else if (ask.kind === "result") this.around.post({ kind: "result", id: ask.id, result: this.whole });
      else if (this.shown !== null)
        this.around.post({ kind: "drawn", answer: await liveAnswer(this.shown, this.before, themeOf(ask.theme)) });
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
    this.before = null;
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

  private async run({ id, values, extent, theme }: RunAsk): Promise<void> {
    this.latestRun = id;
    const { nowMs } = this.around;
    const beganMs = nowMs();
    const plan = this.planOf(turnedText(this.written(), this.file, values));
    const part: Part = extent === "whole" ? { plan: await this.settled(plan, id) } : partOf(plan, this.measure);
    const simulateMs = nowMs();
    const outputs: JobOutput[] = [];
    const jobs = planJobs(part.plan, 1);
    for (const [done, job] of jobs.entries()) {
      const share = (own: number) => (done + own) / jobs.length;
      const output = await this.inSlices(runJob({ plan: part.plan }, job), { id, share, isSliced: extent === "whole" });
      if (output === undefined) return;
      outputs.push(output);
    }
    const simulatedMs = nowMs() - simulateMs;
    const provenance = { scenarioSha256: "", meridianVersion: this.version, traces: [] };
    const result = assembleResult({ plan: part.plan }, outputs, provenance);
    if (Object.keys(values).length === 0) this.before = result;
    this.shown = result;
    if (extent === "whole") this.whole = result;
    const answer = await liveAnswer(result, this.before, themeOf(theme));
    const tookMs = nowMs() - beganMs;
    this.measure = adjusted(this.measure, { result, simulatedMs, tookMs });
    this.around.post({ kind: "answer", id, answer, extent: extentOf(result, plan, part, { tookMs, simulatedMs }) });
  }

  /** The plan with its warm-up settled, by pilot runs where it was left to them. */
  private async settled(plan: Plan, id: number): Promise<Plan> {
    const outputs = [];
    for (const pilot of planPilots(plan)) {
      const output = await this.inSlices(runPilot({ plan }, pilot), { id, share: () => 0, isSliced: true });
      if (output === undefined) return plan;
      outputs.push(output);
    }
    return outputs.length === 0 ? plan : settleWarmup(plan, outputs);
  }

  /** Does the work; undefined where a later message has made it pointless. */
  private async inSlices<T>(
    work: Work<T>,
    how: { readonly id: number; readonly share: (own: number) => number; readonly isSliced: boolean },
  ): Promise<T | undefined> {
    const { nowMs, pause, post } = this.around;
    let pausedMs = nowMs();
    for (;;) {
      const step = work.next();
      if (step.done === true) return step.value;
      if (!how.isSliced || nowMs() - pausedMs < SLICE_MS) continue;
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
    const problem = { code: "SCENARIO_SYNTAX", what: "the scenario is not valid YAML", fix: "mend it first" };
    throw new MeridianError("usage", problem);
  }
}

function extentOf(result: RunResult, plan: Plan, part: Part, { tookMs, simulatedMs }: Took): Extent {
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
