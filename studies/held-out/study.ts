/** Derives the cases of the study: the measured figures, the predicted ones, and two benchmarks for the prediction. */
import { join } from "node:path";
import { coefficientOfVariation } from "simple-statistics";
import type { SimulationObserver } from "../../simulator/engine/observer.ts";
import { replicationSeed, Simulation } from "../../simulator/engine/simulation.ts";
import type { Plan } from "../../simulator/scenario/plan.ts";
import { OUTCOME } from "../../simulator/service/service.ts";
import { createTraffic } from "../../simulator/traffic/source.ts";
import { CALIBRATION, CONDITIONS, type Condition, fittedWorld, prepareCondition } from "./conditions.ts";
import {
  e2eInterval,
  type Figures,
  figuresOf,
  type Interval,
  meanFigures,
  type Sample,
  type ServedRequest,
  sampleOf,
} from "./figures.ts";
import { readMeasured, worldFolder } from "./runs.ts";
import { runVirtually } from "./virtual.ts";
import type { HeldOutWorld } from "./worlds.ts";

/** One measured run and its predictions. */
export interface CaseResult {
  readonly world: string;
  readonly condition: Condition["name"];
  readonly load: number;
  readonly strategy: string;
  readonly requests: number;
  readonly measured: Figures;
  /** 95 % interval of the measured p95 of E2E, ms. */
  readonly e2eMsP95Interval: Interval;
  /** The simulator with the world that was fitted to the calibration run. */
  readonly predicted: Figures;
  /** "As before": the figures of the calibration run. */
  readonly naive: Figures;
  /** The true model re-run with other noise draws: no prediction can be better. */
  readonly twin: Figures;
  /** Coefficient of variation of its p95 of E2E over the runs. */
  readonly twinE2eP95Spread: number;
}

/** Runs of the endpoint's own program behind `twin`. */
const TWIN_RUNS = 10;

/** Derives every figure of the worlds from the rows and fitted worlds of a folder, as `worldFolder` finds them. */
export async function deriveStudy(
  worlds: readonly HeldOutWorld[],
  folder: string,
  say: (line: string) => void,
): Promise<readonly CaseResult[]> {
  const cases: CaseResult[] = [];
  for (const world of worlds) {
    const naive = await measuredFigures(folder, world, CALIBRATION);
    for (const condition of CONDITIONS) {
      cases.push(await deriveCase(folder, world, condition, naive));
      say(`${world.name}/${condition.name}`);
    }
  }
  return cases;
}

/** Derives one case. @param naive figures of the calibration run */
export async function deriveCase(
  folder: string,
  world: HeldOutWorld,
  condition: Condition,
  naive: Figures,
): Promise<CaseResult> {
  const own = await worldFolder(folder, world.name);
  const measured = await readMeasured(join(own, condition.name));
  const sample = sampleOf(measured);
  const { plan } = (await prepareCondition(world.name, condition, fittedWorld(own))).inputs;
  const twins: Figures[] = [];
  for (let run = 1; run <= TWIN_RUNS; run++) {
    twins.push(figuresOf(sampleOf(await runVirtually(world, condition, TWIN_SEED * run))));
  }
  return {
    world: world.name,
    condition: condition.name,
    load: condition.load,
    strategy: measured.facts.strategy,
    requests: sample.requests,
    measured: figuresOf(sample),
    e2eMsP95Interval: e2eInterval(sample, 0.95),
    predicted: predict(plan),
    naive,
    twin: meanFigures(twins),
    twinE2eP95Spread: coefficientOfVariation(twins.map(({ e2eMsP95 }) => e2eMsP95)),
  };
}

/** Far from the seeds of the conditions. */
const TWIN_SEED = 1_000_003;

/** Figures of a kept run. */
export async function measuredFigures(folder: string, world: HeldOutWorld, condition: Condition): Promise<Figures> {
  return figuresOf(sampleOf(await readMeasured(join(await worldFolder(folder, world.name), condition.name))));
}

/** Runs behind a prediction, all with the measured traffic, each with its own noise draws. */
export const RUNS = 20;

/**
 * The prediction for a plan's first strategy: the mean of each figure over runs that have the requests of the bench and
 * differ in the service's noise.
 */
export function predict(plan: Plan, runs = RUNS): Figures {
  return meanFigures(Array.from({ length: runs }, (_, run) => figuresOf(simulateOnce(plan, run))));
}

/** One simulated run as its callers observe it. */
export function simulateOnce(plan: Plan, run: number): Sample {
  const served: ServedRequest[] = [];
  const attemptEnds = new Map<
    string,
    { readonly firstMs: number; readonly answeredMs: number; readonly target: number }
  >();
  let requests = 0;
  let attempts = 0;
  let attemptsThrottled = 0;
  const observer: SimulationObserver = {
    onAttemptEnd({ requestId, ordinal, outcome, firstTokenMs, answeredMs, target }) {
      attempts++;
      if (outcome === OUTCOME.throttled) attemptsThrottled++;
      if (outcome !== OUTCOME.ok) return;
      attemptEnds.set(`${requestId}.${ordinal}`, { firstMs: firstTokenMs, answeredMs, target });
    },
    onRequestEnd({ requestId, servedBy, arrivalMs, endedMs }) {
      requests++;
      const attempt = attemptEnds.get(`${requestId}.${servedBy}`);
      if (attempt === undefined) return;
      // Both instants are those at the region, and the way back takes the same time for both tokens.
      const ttftMs = endedMs - attempt.answeredMs + attempt.firstMs - arrivalMs;
      served.push({ arrivalMs, e2eMs: endedMs - arrivalMs, ttftMs, target: attempt.target });
    },
    onRunEnd: () => {},
  };
  const { seed, durationMs, requestsMax } = plan;
  const simulation = new Simulation(plan, plan.strategies[0]!, replicationSeed(seed, 1000 + run), observer);
  const traffic = createTraffic(plan.traffic, { seed, replication: 0, durationMs, requestsMax });
  for (let chunk = traffic.next(); chunk !== undefined; chunk = traffic.next()) simulation.run(chunk);
  simulation.end();
  return { served: served.sort((a, b) => a.arrivalMs - b.arrivalMs), requests, attempts, attemptsThrottled };
}
