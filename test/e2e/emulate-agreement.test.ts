import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { prepareText } from "../../scripts/io/experiment.ts";
import { Simulation } from "../../simulator/engine/simulation.ts";
import type { Plan } from "../../simulator/scenario/plan.ts";
import { OUTCOME } from "../../simulator/service/service.ts";
import { createTraffic } from "../../simulator/traffic/source.ts";
import { type EmulatorProcess, startEmulator } from "../scripts/emulator-process.ts";

/**
 * Over real sockets and in real time, the emulator gives the latencies that the simulator predicts for the same
 * requests. Measured error of a request: about 0.7 ms of wall-clock time times the scale. Other work on the host makes
 * single answers late: a run that misses is made again, up to three times, and one whose own dispatch was late proves
 * nothing. An emulator that errs does so every time.
 */
const SCALE = 2;
const NOVA = "amazon.nova-pro-v1:0";
const TRIES = 3;
/** Lateness of the sender that is tolerated at the median and the 95th percentile, wall-clock ms. */
const LAG_MS = { p50: 5, p95: 25 };

interface Row {
  readonly atMs: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** Latencies in ms of the scenario, ascending, of those served; and how many were throttled. */
interface Outcome {
  readonly latenciesMs: readonly number[];
  readonly throttled: number;
}

const quantile = (sorted: readonly number[], q: number) => sorted[Math.floor(q * (sorted.length - 1))]!;
const ascending = (values: number[]) => values.sort((a, b) => a - b);

function rowsOf(plan: Plan): readonly Row[] {
  const { seed, durationMs, requestsMax } = plan;
  const traffic = createTraffic(plan.traffic, { seed, replication: 0, durationMs, requestsMax });
  const chunk = traffic.next()!;
  return Array.from({ length: chunk.length }, (_, row) => ({
    atMs: chunk.arrivalMs[row]!,
    inputTokens: chunk.inputTokens[row]!,
    outputTokens: chunk.outputTokens[row]!,
  }));
}

function predict(plan: Plan): Outcome {
  const latenciesMs: number[] = [];
  let throttled = 0;
  const run = new Simulation(plan, plan.strategies[0]!, plan.seed, {
    onAttemptEnd({ outcome, answeredMs, receivedMs }) {
      if (outcome === OUTCOME.ok) latenciesMs.push(answeredMs - receivedMs);
      if (outcome === OUTCOME.throttled) throttled++;
    },
    onRequestEnd() {},
    onRunEnd() {},
  });
  const { seed, durationMs, requestsMax } = plan;
  run.run(createTraffic(plan.traffic, { seed, replication: 0, durationMs, requestsMax }).next()!);
  run.end();
  return { latenciesMs: ascending(latenciesMs), throttled };
}

/** Sends each row at its instant and waits for all; undefined if the sender itself was late. */
async function measure(port: number, rows: readonly Row[]): Promise<Outcome | undefined> {
  const agent = new Agent({ keepAlive: true });
  const latenciesMs: number[] = [];
  const lagsMs: number[] = [];
  let throttled = 0;
  const startMs = performance.now() + 50;
  const send = (row: Row) =>
    new Promise<void>((resolve, reject) => {
      const sentMs = performance.now();
      lagsMs.push(sentMs - startMs - row.atMs / SCALE);
      const outgoing = request(
        { port, host: "127.0.0.1", agent, method: "POST", path: `/model/${NOVA}/converse` },
        (answer) => {
          answer.resume().on("end", () => {
            if (answer.statusCode === 200) latenciesMs.push((performance.now() - sentMs) * SCALE);
            else if (answer.statusCode === 429) throttled++;
            else reject(new Error(`answered ${answer.statusCode}`));
            resolve();
          });
        },
      );
      outgoing.on("error", reject);
      outgoing.end(
        JSON.stringify({
          messages: [{ role: "user", content: [{ text: "Hi" }] }],
          inferenceConfig: { maxTokens: 400 },
          requestMetadata: { inputTokens: String(row.inputTokens), outputTokens: String(row.outputTokens) },
        }),
      );
    });
  const answers: Promise<void>[] = [];
  for (const row of rows) {
    const waitMs = startMs + row.atMs / SCALE - performance.now();
    if (waitMs > 0.5) await sleep(Math.round(waitMs));
    answers.push(send(row));
  }
  await Promise.all(answers);
  agent.destroy();
  ascending(lagsMs);
  if (quantile(lagsMs, 0.5) > LAG_MS.p50 || quantile(lagsMs, 0.95) > LAG_MS.p95) return undefined;
  return { latenciesMs: ascending(latenciesMs), throttled };
}

interface Case {
  readonly name: string;
  readonly capacity: object;
  readonly quotas?: readonly object[];
  readonly rate: string;
  readonly output: object | number;
  readonly requests: number;
}

const CASES: readonly Case[] = [
  {
    name: "M/M/8 at 78 % load",
    capacity: { kind: "slots", servers: 8, service: { exponential: { mean: "2s" } } },
    rate: "3.12/s",
    output: 20,
    requests: 130,
  },
  {
    name: "continuous batching, some forty sequences in the batch",
    capacity: { kind: "batching", stepBase: "40ms", stepPerSequence: "1ms", prefill: { base: "400ms" } },
    rate: "8/s",
    output: { lognormal: { mean: 60, cv: 0.6 } },
    requests: 240,
  },
  {
    name: "a tokens-per-minute quota that throttles a fifth",
    capacity: { kind: "slots", servers: "unlimited", service: { exponential: { mean: "2s" } } },
    quotas: [{ tokensPerMinute: { limit: "60k", burst: "15k" }, law: "token-bucket" }],
    rate: "8/s",
    output: { lognormal: { mean: 100, cv: 0.6 } },
    requests: 250,
  },
];

function scenarioOf({ capacity, quotas = [], rate, output, requests }: Case): string {
  return JSON.stringify({
    name: "agreement",
    seed: 11,
    requests,
    replications: 1,
    world: {
      regions: ["us-east-1"],
      models: { nova: { id: NOVA, maxOutputTokens: 1000, capacity } },
      quotas,
      prices: { book: "none" },
      network: { roundTrips: "none", jitter: "none" },
    },
    traffic: [{ class: "all", arrivals: { poisson: rate }, tokens: { input: 100, output, maxTokens: 400 } }],
    strategies: ["round-robin"],
    client: { retry: "none" },
  });
}

describe("the emulator against the simulator's prediction, in real time", {
  timeout: 240_000,
  concurrency: 3,
}, () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "meridian-agreement-"));
  });
  after(() => rmSync(folder, { recursive: true }));

  for (const each of CASES) {
    it(each.name, async (test) => {
      const file = join(folder, `${each.requests}.yaml`);
      const text = scenarioOf(each);
      writeFileSync(file, text);
      const { plan } = (await prepareText(text, file)).inputs;
      const expected = predict(plan);
      const misses: (readonly string[])[] = [];
      for (let i = 0; i < TRIES && misses.at(-1)?.length !== 0; i++) {
        const emulator: EmulatorProcess = await startEmulator([file, "--scale", String(SCALE), "--auth", "off"]);
        const found = await measure(emulator.ready.endpoints[0]!.port, rowsOf(plan));
        await emulator.stop();
        if (found !== undefined) misses.push(missesOf(found, expected, each.requests));
      }
      if (misses.length === 0) return test.skip("this host is too busy to send on time");
      assert.deepEqual(misses.at(-1), []);
    });
  }
});

/** Where a measured run is not what was predicted: 3 % at the median and 2 % at p95 on an idle host. */
function missesOf(found: Outcome, expected: Outcome, requests: number): readonly string[] {
  const share = ({ throttled }: Outcome) => throttled / requests;
  const isThrottled = Math.abs(share(found) - share(expected)) <= 0.02;
  const quantiles = (
    [
      [0.5, 0.06],
      [0.95, 0.05],
    ] as const
  ).flatMap(([q, tolerance]) => {
    const [a, b] = [quantile(found.latenciesMs, q), quantile(expected.latenciesMs, q)];
    return Math.abs(a / b - 1) <= tolerance ? [] : [`p${q * 100}: measured ${a} ms, predicted ${b} ms`];
  });
  return [...(isThrottled ? [] : [`throttled ${share(found)}, not ${share(expected)}`]), ...quantiles];
}
