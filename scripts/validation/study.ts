import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { coefficientOfVariation } from "simple-statistics";
import { e2eInterval, type Interval } from "./bootstrap.ts";
import { CALIBRATION, CONDITIONS, type Condition, prepareCondition } from "./conditions.ts";
import { fittedWorld } from "./fitted.ts";
import type { ForeignWorld } from "./foreign/worlds.ts";
import { readMeasured } from "./measured.ts";
import { predict } from "./predict.ts";
import { type Figures, figuresOf, meanFigures, sampleOf } from "./sample.ts";
import { runVirtually } from "./virtual-run.ts";

/** One measured run and what was said of it. */
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
  /** "As at load 1": what the calibration run measured. */
  readonly naive: Figures;
  /** The endpoint's own program with other luck: what nobody could do better than. */
  readonly twin: Figures;
  /** Standard deviation of its p95 of E2E from run to run, over the mean. */
  readonly twinE2eP95Spread: number;
}

/** Where the study's measurements, fits and figures are kept. */
export const STUDY_FOLDER = fileURLToPath(new URL("../../docs/validation", import.meta.url));

/** Runs of the endpoint's own program behind `twin`. */
const TWIN_RUNS = 10;

/** Derives every figure of the worlds from the kept rows and fitted worlds. */
export async function deriveStudy(
  worlds: readonly ForeignWorld[],
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
  world: ForeignWorld,
  condition: Condition,
  naive: Figures,
): Promise<CaseResult> {
  const measured = await readMeasured(join(folder, world.name, condition.name));
  const sample = sampleOf(measured);
  const { plan } = (await prepareCondition(world.name, condition, await fittedWorld(folder, world.name))).inputs;
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
export async function measuredFigures(folder: string, world: ForeignWorld, condition: Condition): Promise<Figures> {
  return figuresOf(sampleOf(await readMeasured(join(folder, world.name, condition.name))));
}
