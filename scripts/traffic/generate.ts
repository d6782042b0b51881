/** `meridian traffic generate`: any number of requests of a `traffic:` block into a file, in constant memory. */
import { rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { z } from "zod";
import { EXIT_CODES, MeridianError } from "../../simulator/base/errors.ts";
import { parseDurationMs } from "../../simulator/base/quantities.ts";
import { classSchema } from "../../simulator/scenario/classes.ts";
import { type ClassTraffic, traceNamesOf } from "../../simulator/traffic/class-stream.ts";
import { settleMaxTokens } from "../../simulator/traffic/max-tokens.ts";
import type { Recording } from "../../simulator/traffic/recording.ts";
import { createTraffic } from "../../simulator/traffic/source.ts";
import { type CommandInput, jsonDocument } from "../commands/command.ts";
import { loadScenario } from "../io/scenario-file.ts";
import { environmentProblem } from "../io/text-files.ts";
import { loadTrace } from "../io/traces.ts";
import { interrupted } from "../io/worker-pool.ts";
import { openRequestWriter, type RequestNames, writerOf } from "./request-writers.ts";

const schema = z.looseObject({
  traffic: z.array(classSchema).min(1),
  seed: z.number().int().min(0).optional(),
});

/** @throws MeridianError usage TRAFFIC_NO_FILES, TRAFFIC_NO_END, TRAFFIC_OUT; environment TRAFFIC_NOT_SAVED */
export async function generate({ args, options, terminal, signal }: CommandInput): Promise<number> {
  const file = onlyFile(args);
  const { value } = await loadScenario(file, schema);
  const durationMs = options.duration === undefined ? Number.POSITIVE_INFINITY : durationOf(String(options.duration));
  const requestsMax = options.requests === undefined ? Number.POSITIVE_INFINITY : Number(options.requests);
  if (durationMs === Number.POSITIVE_INFINITY && requestsMax === Number.POSITIVE_INFINITY) {
    const fix = "give --requests 1000000 or --duration 24h";
    throw new MeridianError("usage", { code: "TRAFFIC_NO_END", what: "nothing says where the traffic ends", fix });
  }
  const out = String(options.out ?? "traffic.csv");
  const writer = writerOf(out, options.as as string | undefined);
  const { classes, names } = await classesOf(value.traffic, dirname(file));
  const seed = Number(options.seed ?? value.seed ?? 1);
  const source = createTraffic(classes, { seed, replication: 0, durationMs, requestsMax });
  const temporary = `${out}.tmp`;
  const fail = (error: unknown) => {
    const fix = "name a place that can be written to with --out";
    return new MeridianError("environment", environmentProblem("TRAFFIC_NOT_SAVED", error, out, fix));
  };
  const started = performance.now();
  let rows = 0;
  try {
    const target = openRequestWriter(writer, temporary, names);
    try {
      for (let chunk = source.next(); chunk !== undefined; chunk = source.next()) {
        target.write(chunk);
        rows += chunk.length;
        // Writing keeps the thread busy: a Ctrl-C gets its turn between chunks.
        await new Promise((resolve) => setImmediate(resolve));
        if (signal.aborted) throw interrupted();
      }
    } finally {
      target.close();
    }
    await rename(temporary, out);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error instanceof MeridianError ? error : fail(error);
  }
  const seconds = (performance.now() - started) / 1000;
  if (options.json === true) terminal.out(jsonDocument("traffic-generate", { out, format: writer.name, rows, seed }));
  else
    terminal.out(
      `${rows.toLocaleString("en-US")} requests in ${out} (${writer.name}), ${(rows / seconds / 1e6).toFixed(2)} M/s`,
    );
  return EXIT_CODES.ok;
}

function onlyFile(args: readonly string[]): string {
  const [file] = args;
  if (file !== undefined && args.length === 1) return file;
  const fix = "name one YAML file with a traffic block: a scenario, or what meridian traffic fit wrote";
  throw new MeridianError("usage", { code: "TRAFFIC_NO_FILES", what: "this takes one file", fix });
}

/** Turns follow answers, and a file of requests has none. */
function needsAnswers(name: string): MeridianError {
  const what = `class ${name} has sessions, whose turns follow answers that only a simulation has`;
  const fix = "simulate it, with --audit for its requests one by one; or leave sessions out";
  return new MeridianError("usage", { code: "TRAFFIC_SESSIONS", where: "traffic", what, fix });
}

function durationOf(text: string): number {
  const ms = parseDurationMs(text);
  if (ms !== undefined && ms > 0) return ms;
  const problem = { code: "TRAFFIC_NO_END", where: `--duration ${text}`, what: "this is no time", fix: "write 24h" };
  throw new MeridianError("usage", problem);
}

async function classesOf(traffic: readonly z.output<typeof classSchema>[], baseDir: string) {
  const origins: string[] = [];
  const originIndex = (name: string): number => {
    if (!origins.includes(name)) origins.push(name);
    return origins.indexOf(name);
  };
  const recordings: Record<string, Recording> = {};
  const classes: ClassTraffic[] = [];
  for (const each of traffic) {
    if (each.sessions !== undefined) throw needsAnswers(each.class);
    const shares = typeof each.origin === "string" ? { [each.origin]: 1 } : (each.origin ?? { "": 1 });
    const total = Object.values(shares).reduce((sum, share) => sum + share, 0);
    const source = { arrivals: each.arrivals, ...(each.tokens === undefined ? {} : { tokens: each.tokens }) };
    for (const name of traceNamesOf(source)) {
      const unit = each.arrivals.process === "trace" ? each.arrivals.unit : null;
      const reading = each.arrivals.process === "trace" ? { ...each.arrivals.reading, unit } : {};
      recordings[name] ??= (await loadTrace(name, baseDir, reading)).recording;
    }
    const own = Object.fromEntries(traceNamesOf(source).map((name) => [name, recordings[name]!]));
    const { arrivals, tokens } = each;
    classes.push({
      name: each.class,
      arrivals,
      ...(tokens && { tokens: settleMaxTokens({ name: each.class, arrivals, tokens, recordings: own }) }),
      originShares: Object.entries(shares).map(([name, share]) => ({
        originIndex: originIndex(name),
        share: share / total,
        shapeShiftMs: 0,
      })),
      recordings: own,
      recordedOrigins: {},
    });
  }
  const names: RequestNames = { classes: traffic.map((each) => each.class), origins };
  return { classes, names };
}
