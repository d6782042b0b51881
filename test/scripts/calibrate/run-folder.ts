import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { prepareText } from "../../../scripts/io/experiment.ts";
import { recordSchedule } from "../../../simulator/bench/make-plan.ts";
import { encodeSchedule, requestOf } from "../../../simulator/bench/rows.ts";
import { callsFrom, FOREIGN } from "../../simulator/calibrate/foreign.ts";

/** Ten workers behind one endpoint: the capacity here is a stand-in that a fit replaces. */
export const scenarioText = (perS: number, seed = 1, seconds = 120) => `
name: workers
seed: ${seed}
duration: ${seconds}s
replications: 2
world:
  regions: [us-east-1]
  models:
    nova:
      id: amazon.nova-pro-v1:0
      capacity: { kind: slots, servers: unlimited, service: 1ms }
  network: { roundTrips: none, jitter: none }
traffic:
  - class: chat
    arrivals: { poisson: ${perS}/s }
    tokens:
      input: { lognormal: { mean: 400, cv: 0.8 } }
      output: { lognormal: { mean: 90, cv: 0.7 } }
      maxTokens: 2000
    origin: us-east-1
strategies: [{ single: { target: us-east-1 } }]
client: { retry: none }
`;

/** Writes the folder of a run as a bench would have measured it of foreign workers; returns the true p95 E2E, ms. */
export async function writeRunFolder(folder: string, perS: number, seed = 1, seconds = 120): Promise<number> {
  const yaml = scenarioText(perS, seed, seconds);
  const { plan } = (await prepareText(yaml, "scenario.yaml")).inputs;
  const schedule = recordSchedule(plan);
  const asks = schedule.map((row, i) => {
    const { arrivalMs, inputTokens, outputTokens } = requestOf(row, i);
    return { atMs: arrivalMs, input: inputTokens, output: outputTokens };
  });
  const calls = callsFrom(FOREIGN[0]!, asks, seed + 31);
  const rows = calls.map((call, i) => ({
    t: "a",
    i,
    o: 0,
    g: 0,
    s: call.atMs,
    e: call.endMs,
    k: "ok",
    c: 200,
    f: call.firstMs - call.atMs,
    u: [call.inputTokens, call.outputTokens, 0, 0],
    id: "",
    x: "",
  }));
  mkdirSync(folder, { recursive: true });
  const write = (name: string, content: string | Uint8Array) => writeFileSync(join(folder, name), content);
  write("scenario.yaml", yaml);
  write("schedule.json.gz", gzipSync(encodeSchedule(schedule)));
  write("rows-1.jsonl.gz", gzipSync(`${rows.map((row) => JSON.stringify(row)).join("\n")}\n`));
  const strategies = [{ strategy: "single", rows: "rows-1.jsonl.gz" }];
  write("bench.json", JSON.stringify({ schemaVersion: 1, valid: true, roundTripMs: { "us-east-1": 0 }, strategies }));
  const e2eMs = calls.map((call) => call.endMs - call.atMs).sort((a, b) => a - b);
  return e2eMs[Math.floor(0.95 * e2eMs.length)]!;
}
