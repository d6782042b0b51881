/**
 * `npm run executors`: what k6's own executors make of a schedule, held against an endpoint that freezes and whose answer
 * is known exactly. In real time: some 50 s for each line of the table.
 * Options: --only executor:vus..., --seconds N, --rate N, --law LAW, --json. See docs/executors.md.
 */
import { availableParallelism, loadavg } from "node:os";
import { parseArgs } from "node:util";
import { markdownTable } from "markdown-table";
import { MeridianError } from "../../simulator/errors.ts";
import type { Quantiles } from "../../simulator/replay/harness.ts";
import { EXECUTORS, type ExecutorChoice } from "../io/k6/executors.ts";
import { biasBench, type ExecutorBias, KNOWN_LAW, lawOf } from "./executor-bias.ts";

/** Enough virtual users for what waits during a freeze, and too few. */
const CHOICES: readonly string[] = [
  "dispatcher",
  "ramping-arrival-rate:200",
  "ramping-arrival-rate:20",
  "constant-arrival-rate:200",
  "constant-arrival-rate:20",
  "shared-iterations:200",
  "shared-iterations:20",
  "ramping-vus:200",
];

try {
  await main();
} catch (error) {
  if (!(error instanceof MeridianError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = error.exitCode;
}

async function main(): Promise<void> {
  const values = parseOrRefuse(process.argv.slice(2));
  const choices = (values.only ?? CHOICES).map(choiceOf);
  const task = {
    perS: positive("rate", values.rate),
    lengthS: positive("seconds", values.seconds),
    law: lawOf(values.law),
  };
  const { schedule, truth, measure } = await biasBench(task);
  const rows: ExecutorBias[] = [];
  for (const choice of choices) {
    rows.push(await measure(choice));
    process.stderr.write(`${rows.at(-1)!.executor}: done\n`);
  }
  const machine = { cores: availableParallelism(), load: loadavg()[0]! };
  const text = values.json
    ? JSON.stringify({ schemaVersion: 1, task, machine, requests: schedule.length, truth, rows }, null, 2)
    : `${table(truth, rows)}\n\n${machine.cores} cores, load average ${machine.load.toFixed(1)}`;
  process.stdout.write(`${text}\n`);
}

function parseOrRefuse(args: readonly string[]) {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        only: { type: "string", multiple: true },
        seconds: { type: "string", default: "40" },
        rate: { type: "string", default: "40" },
        law: { type: "string", default: KNOWN_LAW },
        json: { type: "boolean", default: false },
      },
    });
    return values;
  } catch (error) {
    throw usage((error as Error).message, "options are --only --seconds --rate --law --json");
  }
}

function table(truth: Quantiles, rows: readonly ExecutorBias[]): string {
  const ms = (value: number): string => value.toFixed(0);
  const three = ({ p50, p95, p99 }: Quantiles): readonly string[] => [ms(p50), ms(p95), ms(p99)];
  const sent = (row: ExecutorBias): string => `${row.sent} of ${row.requests}`;
  return markdownTable(
    [
      ["Executor", "VUs", "Sent", "From send: p50", "p95", "p99", "From intended: p50", "p95", "p99"],
      ["exact", "", "", "", "", "", ...three(truth)],
      ...rows.map((row) => [
        row.executor,
        row.vus === null ? "" : String(row.vus),
        sent(row),
        ...three(row.fromSendMs),
        ...three(row.fromIntendedMs),
      ]),
    ],
    { align: ["l", ...Array<string>(8).fill("r")] },
  );
}

/** `ramping-vus:50`; undefined is the dispatcher. */
function choiceOf(text: string): ExecutorChoice | undefined {
  if (text === "dispatcher") return undefined;
  const [name, vus = ""] = text.split(":");
  const executor = EXECUTORS.find((each) => each === name);
  if (executor !== undefined) return { executor, vus: positive("only", vus) };
  throw usage(`"${text}" is no executor`, `write it like ${CHOICES.join(", ")}`);
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1) return value;
  throw usage(`--${name} needs a whole number above 0, not "${text}"`, "for example 40");
}

function usage(what: string, fix: string): MeridianError {
  return new MeridianError("usage", { code: "EXECUTORS_USAGE", what, fix });
}
