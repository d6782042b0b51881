/** `meridian traffic generate`: any number of requests of a `traffic:` block into a file, in constant memory. */
import { rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { z } from "zod";
import { EXIT_CODES, MeridianError } from "../../simulator/base/errors.ts";
import { parseDurationMs } from "../../simulator/base/quantities.ts";
import { classSchema } from "../../simulator/scenario/classes.ts";
import { type ClassTraffic, type TrafficOptions, traceNamesOf } from "../../simulator/traffic/class-stream.ts";
import { openSessions } from "../../simulator/traffic/open-sessions.ts";
import { createTraffic } from "../../simulator/traffic/source.ts";
import { settleMaxTokens } from "../../simulator/traffic/token-bounds.ts";
import type { Recording } from "../../simulator/traffic/traffic.ts";
import { createTurns } from "../../simulator/traffic/turns.ts";
import { type CommandInput, jsonDocument } from "../commands/command.ts";
import { loadScenario } from "../io/scenario-file.ts";
import { environmentProblem } from "../io/text-files.ts";
import { loadTrace } from "../io/traces.ts";
import { interrupted } from "../io/worker-pool.ts";
import { refuseOverInput } from "./read.ts";
import { openRequestWriter, writerOf } from "./request-writers.ts";

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
  await refuseOverInput(out, args);
  const writer = writerOf(out, options.as as string | undefined);
  const { classes, names } = await classesOf(value.traffic, dirname(file));
  const seed = Number(options.seed ?? value.seed ?? 1);
  const answer = answerTimeOf(String(options.answerTime ?? ANSWER_TIME));
  const source = sourceOf(classes, { seed, replication: 0, durationMs, requestsMax }, answer);
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
  const assumed = names.hasSessions && writer.name !== "aiperf" ? answer.text : null;
  if (assumed !== null) {
    terminal.note(
      `note: a later turn of a session stands where it would follow an answer that takes ${assumed}; --answer-time says another`,
    );
  }
  if (options.json === true) {
    const facts = { out, format: writer.name, rows, seed, ...(assumed === null ? {} : { answerTime: assumed }) };
    terminal.out(jsonDocument("traffic-generate", facts));
  } else
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

/** What answers are assumed to take, where nothing else is said: about what a mid-size model takes. */
const ANSWER_TIME = "1s+20ms/token";

interface AnswerTime {
  readonly text: string;
  readonly ofMs: (outputTokens: number) => number;
}

/** `800ms+15ms/token`, or either part of it. @throws MeridianError usage TRAFFIC_ANSWER_TIME */
function answerTimeOf(text: string): AnswerTime {
  const parts = text.split("+").map((part) => part.trim());
  let [fixedMs, tokenMs] = [0, 0];
  for (const part of parts) {
    const isPerToken = part.endsWith("/token");
    const ms = parseDurationMs(isPerToken ? part.slice(0, -"/token".length) : part);
    if (ms === undefined || ms < 0 || parts.length > 2) {
      const what = "this is not a time of an answer";
      const fix = "write a time, a time for each output token, or both: 800ms+15ms/token";
      throw new MeridianError("usage", { code: "TRAFFIC_ANSWER_TIME", where: `--answer-time ${text}`, what, fix });
    }
    if (isPerToken) tokenMs += ms;
    else fixedMs += ms;
  }
  return { text, ofMs: (outputTokens) => fixedMs + tokenMs * outputTokens };
}

/** The requests of the classes, with the turns of sessions where some have them. */
function sourceOf(classes: readonly ClassTraffic[], options: TrafficOptions, answer: AnswerTime) {
  const source = createTraffic(classes, options);
  if (!classes.some(({ sessions }) => sessions !== undefined)) return source;
  const turns = classes.map((each) =>
    each.sessions === undefined ? null : createTurns(each, options.seed, options.replication),
  );
  return openSessions(source, turns, { answerMs: answer.ofMs, durationMs: options.durationMs });
}

function durationOf(text: string): number {
  const ms = parseDurationMs(text);
  if (ms !== undefined && ms > 0) return ms;
  const problem = {
    code: "TRAFFIC_NO_END",
    where: `--duration ${text}`,
    what: "this is not a duration",
    fix: "write 24h",
  };
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
    const shares = typeof each.origin === "string" ? { [each.origin]: 1 } : (each.origin ?? { "": 1 });
    const total = Object.values(shares).reduce((sum, share) => sum + share, 0);
    const source = { arrivals: each.arrivals, ...(each.tokens === undefined ? {} : { tokens: each.tokens }) };
    for (const name of traceNamesOf(source)) {
      const unit = each.arrivals.process === "trace" ? each.arrivals.unit : null;
      const reading = each.arrivals.process === "trace" ? { ...each.arrivals.reading, unit } : {};
      recordings[name] ??= (await loadTrace(name, baseDir, reading)).recording;
    }
    const own = Object.fromEntries(traceNamesOf(source).map((name) => [name, recordings[name]!]));
    const { arrivals, tokens, sessions } = each;
    classes.push({
      name: each.class,
      arrivals,
      ...(sessions && { sessions }),
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
  const hasSessions = classes.some(({ sessions }) => sessions !== undefined);
  const names = { classes: traffic.map((each) => each.class), origins, hasSessions };
  return { classes, names };
}
