/**
 * `npm run perf`: the speed of the public engine against SimPy's process style and a C++ program, on models given as
 * scenario files, and against itself with more requests in flight and in total. Without options it writes what it
 * measured into docs/model/performance.md.
 * Options: --smoke, --rounds N, --requests N, --peer-requests N, --model NAME, --scale (these rows only), --json.
 * See docs/model/performance.md. `npm run perf -- browser` measures the engine in a Web Worker: see browser.ts;
 * `npm run perf -- executors` k6's native executors: see executors.ts, `npm run perf -- decisions` what a decision of each
 * strategy costs, `npm run perf -- report` and `-- playground` the pages: see pages.ts, and `npm run perf -- memory` and
 * `-- workers` the peak memory of R3 and what a second thread gains: see sizes.ts.
 */
import { EXIT_CODES } from "../../simulator/base/errors.ts";
import { readOptions, runCommand, usageError, wholeNumber } from "../arguments.ts";
import { measureBrowser } from "./browser.ts";
import { measureStrategies } from "./decisions.ts";
import { measureExecutors } from "./executors.ts";
import { writeMeasured } from "./page.ts";
import { measurePlayground, measureReport } from "./pages.ts";
import { kernelProgram, simpyProgram, withCompiledEngine } from "./programs.ts";
import {
  MODELS,
  type ModelName,
  type ModelSummary,
  type PerformancePlan,
  type Program,
  performanceTable,
  runRounds,
  summarise,
} from "./rounds.ts";
import { runScale, SCALE_PLAN, type ScaleSummary, scaleTable } from "./scale.ts";
import { measureMemory, measureWorkers } from "./sizes.ts";
import { measureStartup } from "./startup.ts";

const FULL: PerformancePlan = { rounds: 5, engineRequests: 4_000_000, peerRequests: 100_000 };
const SMOKE: PerformancePlan = { rounds: 1, engineRequests: 100_000, peerRequests: 20_000 };
const USAGE = "PERF_USAGE";

/** Parts that are measured by name alone: `npm run perf -- startup` measures the start of the installed command. */
const PARTS: Readonly<Record<string, (argv: readonly string[]) => Promise<number>>> = {
  browser: measureBrowser,
  decisions: measureStrategies,
  executors: measureExecutors,
  memory: measureMemory,
  playground: measurePlayground,
  report: measureReport,
  startup: measureStartup,
  workers: measureWorkers,
};

await runCommand((argv) => {
  const part = argv[0] !== undefined && Object.hasOwn(PARTS, argv[0]) ? PARTS[argv[0]] : undefined;
  return part === undefined ? comparePrograms(argv) : part(argv.slice(1));
});

async function comparePrograms(argv: readonly string[]): Promise<number> {
  const options = readArguments(argv);
  return withCompiledEngine((engine) => measurePrograms(engine, options, argv.length === 0));
}

async function measurePrograms(
  engine: Program,
  { plan, models, scale: wantsScale, json }: Arguments,
  isWritten: boolean,
): Promise<number> {
  const say = (done: string) => process.stderr.write(`${done}\n`);
  const summaries: ModelSummary[] = [];
  const peer = models.length > 0 ? await simpyProgram() : engine;
  const kernel = models.some(hasKernel) ? await kernelProgram() : null;
  if (kernel === null && models.some(hasKernel)) say("NOT MEASURED against C++: no g++ that compiles kernel_r3.cpp");
  for (const model of models) {
    const rounds = await runRounds(model, plan, engine, peer, say, hasKernel(model) ? kernel : null);
    summaries.push(summarise(rounds));
  }
  const scale = wantsScale ? await runScale(SCALE_PLAN, engine, say) : null;
  const text = json
    ? JSON.stringify({ schemaVersion: 1, plan, models: summaries, scale }, null, 2)
    : tables(summaries, scale);
  process.stdout.write(`${text}\n`);
  if (isWritten) {
    await writeMeasured(tables(summaries, scale));
    say("written into docs/model/performance.md");
  }
  const isGood = summaries.every((summary) => summary.agrees) && scale?.holds !== false;
  return isGood ? EXIT_CODES.ok : EXIT_CODES.assertion;
}

/** R1 and R2 are measured against SimPy alone. */
function hasKernel(model: ModelName): boolean {
  return model.startsWith("r3");
}

function tables(summaries: readonly ModelSummary[], scale: ScaleSummary | null): string {
  const parts = [];
  if (summaries.length > 0) parts.push(performanceTable(summaries));
  if (scale !== null) parts.push(scaleTable(scale));
  return parts.join("\n");
}

interface Arguments {
  readonly plan: PerformancePlan;
  readonly models: readonly ModelName[];
  readonly scale: boolean;
  readonly json: boolean;
}

function readArguments(argv: readonly string[]): Arguments {
  const values = readOptions(argv, USAGE, {
    smoke: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    scale: { type: "boolean", default: false },
    rounds: { type: "string" },
    requests: { type: "string" },
    "peer-requests": { type: "string" },
    model: { type: "string" },
  });
  const base = values.smoke ? SMOKE : FULL;
  const number = (name: "rounds" | "requests" | "peer-requests", otherwise: number): number =>
    wholeNumber(USAGE, name, values[name] ?? String(otherwise));
  const plan = {
    rounds: number("rounds", base.rounds),
    engineRequests: number("requests", base.engineRequests),
    peerRequests: number("peer-requests", base.peerRequests),
  };
  const models = MODELS.filter((model) => values.model === undefined || values.model === model);
  if (models.length === 0)
    throw usageError(USAGE, `there is no model "${values.model}"`, `models are ${MODELS.join(", ")}`);
  const scale = values.scale || (values.model === undefined && !values.smoke);
  return { plan, models: values.scale ? [] : models, scale, json: values.json };
}
