/** Runs a tuning: halving, then KN on one part of the traffic, and the verdict on a part that chose nothing. */
import { MeridianError } from "../../simulator/base/errors.ts";
import { meanNumber } from "../../simulator/base/statistics.ts";
import {
  figuresOf,
  type HeldOutAnswer,
  halvingRounds,
  isKnown,
  judge,
  KN_FIRST,
  knState,
  lossesOf,
  survivorsOf,
  type TuneFigures,
  type TuneGoal,
} from "../../simulator/compare/tuning.ts";
import type { ExperimentInputs } from "../../simulator/experiment/index.ts";
import type { PreparedExperiment } from "../io/experiment.ts";
import type { Override } from "../io/overrides.ts";
import { runJobs, withWarmup } from "../io/run-experiment.ts";
import type { Setting, Tuned, TunedStrategy } from "./candidates.ts";

export interface TuneRequest {
  readonly base: PreparedExperiment;
  readonly file: string;
  readonly tuned: Tuned;
  readonly strategy: TunedStrategy;
  readonly goal: TuneGoal;
  /** Difference that does not matter, as a share of the own setting's loss. */
  readonly deltaShare: number;
  /** Most replications of a finalist on the part that chooses; as many are held out. */
  readonly replications: number;
  /** The last share of the run's time is held out; null = other seeds only. */
  readonly heldOutShare: number | null;
  readonly workers: number | undefined;
  readonly signal: AbortSignal;
  readonly onStep: (text: string) => void;
}

/** What came of it. */
export interface Tuning {
  readonly settings: readonly {
    readonly setting: number;
    readonly values: Setting;
    /** Mean loss over the replications that it ran in while choosing, and how many those were. */
    readonly loss: number;
    readonly replications: number;
    /** The round in which it was left behind; null for finalists. */
    readonly leftIn: string | null;
  }[];
  readonly finalists: readonly {
    readonly setting: number;
    /** On the held-out part: means over its replications. */
    readonly figures: TuneFigures;
    readonly loss: number;
  }[];
  readonly winner: number;
  readonly delta: number;
  readonly heldOut: HeldOutAnswer & { readonly replications: number };
  /** Simulated runs in all. */
  readonly runs: number;
}

/** Held-out replications have numbers, and so seeds, of their own. */
const HELD_OUT_FROM = 100_000;

/** @throws MeridianError for settings that cannot run; INTERRUPTED */
export async function runTuning(request: TuneRequest): Promise<Tuning> {
  const { tuned, goal, onStep } = request;
  const parts = partsOf(request);
  const training = new Part(request, parts.training, 0);
  const leftIn = new Map<number, string>();
  let alive: readonly number[] = [...tuned.settings.keys()];
  for (const [i, { replications, keep }] of halvingRounds(alive.length).entries()) {
    onStep(
      `round ${i + 1}: ${alive.length} settings, ${replications} ${replications === 1 ? "replication" : "replications"} each`,
    );
    await training.run(alive, replications);
    const kept = survivorsOf(training.losses(alive, goal), keep);
    for (const setting of alive) if (!kept.includes(setting)) leftIn.set(setting, `round ${i + 1}`);
    alive = kept;
  }
  const { winner, delta } = await select(request, training, alive);
  const heldOut = new Part(request, parts.heldOut, HELD_OUT_FROM);
  onStep(`held-out traffic: ${alive.length} settings, ${request.replications} replications each`);
  await heldOut.run(alive, request.replications);
  const losses = alive.map((setting) => heldOut.losses(alive, goal).get(setting)!);
  const answer = judge(losses, { winner: alive.indexOf(winner), own: alive.indexOf(0), delta });
  return {
    settings: tuned.settings.map((values, setting) => {
      const own = training.losses([setting], goal).get(setting)!;
      return { setting, values, loss: meanNumber(own), replications: own.length, leftIn: leftIn.get(setting) ?? null };
    }),
    finalists: alive.map((setting, i) => ({
      setting,
      figures: meanFigures(heldOut.figures.get(setting)!),
      loss: meanNumber(losses[i]!),
    })),
    winner,
    delta,
    heldOut: { ...answer, replications: request.replications },
    runs: training.runs + heldOut.runs,
  };
}

/**
 * KN among the finalists, batch by batch. Those that fail so much that they have no loss cannot be chosen, and a difference
 * that does not matter is measured by the scenario's own loss, or by the least where it has none.
 */
async function select(request: TuneRequest, training: Part, finalists: readonly number[]) {
  const { goal, replications, deltaShare, onStep } = request;
  await training.run(finalists, Math.min(KN_FIRST, replications));
  for (;;) {
    const losses = training.losses(finalists, goal);
    const known = finalists.filter((setting) => isKnown(losses.get(setting)!));
    const means = known.map((setting) => meanNumber(losses.get(setting)!));
    const delta = deltaShare * Math.abs(known.includes(0) ? means[known.indexOf(0)]! : Math.min(...means));
    if (!(delta > 0) || !Number.isFinite(delta)) throw nothingToTune();
    const state = knState(
      known.map((setting) => losses.get(setting)!),
      delta,
      replications,
    );
    if (state.isDone) {
      const best = state.survivors.reduce((least, i) => (means[i]! < means[least]! ? i : least));
      return { winner: known[best]!, delta };
    }
    const done = losses.get(finalists[0]!)!.length;
    onStep(`KN: ${state.survivors.length} of ${finalists.length} settings left after ${done} replications`);
    // All finalists run on: their values stay aligned, and a setting that is out may not come back, but is reported.
    await training.run(finalists, done + state.more);
  }
}

function nothingToTune(): MeridianError {
  return new MeridianError("usage", {
    code: "TUNE_NOTHING",
    what: "no setting has a loss to measure a difference by: it is 0, or too many requests fail",
    fix: "choose another --metric, or a scenario that serves",
  });
}

function partsOf({ base, heldOutShare }: TuneRequest): {
  readonly training: readonly Override[];
  readonly heldOut: readonly Override[];
} {
  if (heldOutShare === null) return { training: [], heldOut: [] };
  const { durationMs, arrivalsFromMs } = base.inputs.plan;
  if (!Number.isFinite(durationMs)) {
    const what = "a run that ends after a number of requests has no later part to hold out";
    throw new MeridianError("usage", {
      code: "TUNE_HELD_OUT",
      what,
      where: "--held-out",
      fix: "give the scenario a duration, or leave --held-out out: other seeds are held out",
    });
  }
  const cutMs = Math.round(arrivalsFromMs + (1 - heldOutShare) * (durationMs - arrivalsFromMs));
  const origin = "--held-out";
  return {
    training: [{ path: ["duration"], value: `${cutMs}ms`, origin }],
    heldOut: [{ path: ["arrivalsFrom"], value: `${cutMs}ms`, origin }],
  };
}

/** One part of the traffic: what has been run of each setting, replication by replication. */
class Part {
  readonly figures = new Map<number, TuneFigures[]>();
  runs = 0;
  private readonly request: TuneRequest;
  private readonly window: readonly Override[];
  private readonly from: number;
  /** By what a setting changes beside options: the scenario that holds all such settings. */
  private readonly groups = new Map<string, { readonly settings: number[]; inputs?: ExperimentInputs }>();

  constructor(request: TuneRequest, window: readonly Override[], from: number) {
    this.request = request;
    this.window = window;
    this.from = from;
    for (const setting of request.tuned.settings.keys()) {
      const key = JSON.stringify(request.strategy.overridesOf(setting).map(({ path, value }) => [path, value]));
      const group = this.groups.get(key) ?? { settings: [] };
      group.settings.push(setting);
      this.groups.set(key, group);
      this.figures.set(setting, []);
    }
  }

  /** Runs settings up to a number of replications, on the same draws as all others. */
  async run(settings: readonly number[], replications: number): Promise<void> {
    const { base, file, strategy, workers, signal } = this.request;
    for (const group of this.groups.values()) {
      const wanted = group.settings.filter((setting) => settings.includes(setting));
      const open = wanted.filter((setting) => this.figures.get(setting)!.length < replications);
      if (open.length === 0) continue;
      const options = { workers, signal, onProgress: () => undefined };
      group.inputs ??= await withWarmup(
        (await strategy.prepare(base, file, group.settings, this.window)).inputs,
        options,
      );
      const { plan } = group.inputs;
      const jobs = open.flatMap((setting) => {
        const done = this.figures.get(setting)!.length;
        const index = group.settings.indexOf(setting);
        return Array.from({ length: replications - done }, (_, r) => ({
          setting,
          replication: this.from + done + r,
          index,
        }));
      });
      const specs = jobs.map(({ replication, index }) => ({ replication, strategyIndices: [index] }));
      // Nothing that is tuned for needs to know which quotas the calls would need.
      const outputs = await runJobs({ ...group.inputs, skipQuotaNeeds: true }, specs, { ...options, bound: false });
      outputs.forEach(({ stats }, i) => {
        this.figures.get(jobs[i]!.setting)!.push(figuresOf(stats[0]!, plan.money.billing));
      });
      this.runs += jobs.length;
    }
  }

  losses(settings: readonly number[], goal: TuneGoal): ReadonlyMap<number, readonly number[]> {
    return new Map(settings.map((setting) => [setting, lossesOf(this.figures.get(setting)!, goal)]));
  }
}

function meanFigures(all: readonly TuneFigures[]): TuneFigures {
  const mean = (name: keyof TuneFigures) => meanNumber(all.map((each) => each[name]));
  return {
    cost: mean("cost"),
    p95: mean("p95"),
    p99: mean("p99"),
    "ttft-p95": mean("ttft-p95"),
    failed: mean("failed"),
    missed: mean("missed"),
  };
}
