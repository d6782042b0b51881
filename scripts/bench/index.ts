/**
 * `npm run bench`: the public engine against SimPy's process style, on two models given as scenario files, and against
 * itself with more in flight and more requests.
 * Options: --smoke, --rounds N, --requests N, --peer-requests N, --model r1|r2, --scale (these rows only), --json.
 * See docs/model/performance.md.
 */
import { parseArgs } from "node:util";
import { EXIT_CODES, MeridianError } from "../../simulator/errors.ts";
import { engineProgram } from "./engine.ts";
import { type BenchPlan, MODELS, type ModelName, runRounds } from "./round.ts";
import { runScale, SCALE_PLAN, type ScaleSummary, scaleTable } from "./scale.ts";
import { simpyProgram } from "./simpy.ts";
import { type ModelSummary, summarise } from "./summary.ts";
import { benchTable } from "./table.ts";

const FULL: BenchPlan = { rounds: 5, engineRequests: 4_000_000, peerRequests: 100_000 };
const SMOKE: BenchPlan = { rounds: 1, engineRequests: 100_000, peerRequests: 20_000 };

try {
  process.exitCode = await bench(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof MeridianError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = error.exitCode;
}

async function bench(argv: readonly string[]): Promise<number> {
  const { plan, models, scale: wantsScale, json } = readArguments(argv);
  const engine = engineProgram();
  const say = (done: string) => process.stderr.write(`${done}\n`);
  const summaries: ModelSummary[] = [];
  const peer = models.length > 0 ? await simpyProgram() : engine;
  for (const model of models) summaries.push(summarise(await runRounds(model, plan, engine, peer, say)));
  const scale = wantsScale ? await runScale(SCALE_PLAN, engine, say) : null;
  const text = json
    ? JSON.stringify({ schemaVersion: 1, plan, models: summaries, scale }, null, 2)
    : tables(summaries, scale);
  process.stdout.write(`${text}\n`);
  const isGood = summaries.every((summary) => summary.agrees) && scale?.holds !== false;
  return isGood ? EXIT_CODES.ok : EXIT_CODES.assertion;
}

function tables(summaries: readonly ModelSummary[], scale: ScaleSummary | null): string {
  const parts = [];
  if (summaries.length > 0) parts.push(benchTable(summaries));
  if (scale !== null) parts.push(scaleTable(scale));
  return parts.join("\n");
}

interface Arguments {
  readonly plan: BenchPlan;
  readonly models: readonly ModelName[];
  readonly scale: boolean;
  readonly json: boolean;
}

function readArguments(argv: readonly string[]): Arguments {
  const { values } = parseOrRefuse(argv);
  const base = values.smoke ? SMOKE : FULL;
  const plan = {
    rounds: wholeNumber("rounds", values.rounds, base.rounds),
    engineRequests: wholeNumber("requests", values.requests, base.engineRequests),
    peerRequests: wholeNumber("peer-requests", values["peer-requests"], base.peerRequests),
  };
  const models = MODELS.filter((model) => values.model === undefined || values.model === model);
  if (models.length === 0) throw usage(`there is no model "${values.model}"`, `models are ${MODELS.join(", ")}`);
  const scale = values.scale || (values.model === undefined && !values.smoke);
  return { plan, models: values.scale ? [] : models, scale, json: values.json };
}

function parseOrRefuse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      options: {
        smoke: { type: "boolean", default: false },
        json: { type: "boolean", default: false },
        scale: { type: "boolean", default: false },
        rounds: { type: "string" },
        requests: { type: "string" },
        "peer-requests": { type: "string" },
        model: { type: "string" },
      },
    });
  } catch (error) {
    throw usage(
      (error as Error).message,
      "options are --smoke --scale --json --rounds --requests --peer-requests --model",
    );
  }
}

function wholeNumber(name: string, text: string | undefined, otherwise: number): number {
  const value = text === undefined ? otherwise : Number(text);
  if (Number.isInteger(value) && value >= 1) return value;
  throw usage(`--${name} ${text} is not a whole number above 0`, `write it like --${name} 100000`);
}

function usage(what: string, fix: string): MeridianError {
  return new MeridianError("usage", { code: "BENCH_USAGE", what, fix });
}
