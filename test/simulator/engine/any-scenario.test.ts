import assert from "node:assert/strict";
import { createHash, type Hash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { it } from "node:test";
import fc from "fast-check";
import type { HistogramSet } from "../../../simulator/engine/histogram.ts";
import type { HourRecord } from "../../../simulator/engine/hours.ts";
import type { SimulationOutput } from "../../../simulator/engine/simulation.ts";
import { budget } from "../../budget.ts";
import { planOf } from "../scenario/base.ts";
import { anyScenario } from "./any-scenario.ts";
import { simulate, simulatePlan } from "./run.ts";

/** Of the recorded scenarios: the SHA-256 of what each group's runs hand over. */
const RECORDED = join(import.meta.dirname, "any-scenario.json");
const RECORDED_SEED = 20_260_504;
const RECORDED_SCENARIOS = 240;
const GROUP = 20;

it("whatever is mixed, every request ends once and the run ends", () => {
  fc.assert(
    fc.property(anyScenario, (input) => {
      const { sent } = simulate(input);
      assert.equal(sent, input.warmup === "none" ? 200 : 170);
    }),
    { numRuns: budget(250, 50) },
  );
});

it("watching a run changes nothing of it", () => {
  const watcher = { onAttemptEnd() {}, onRequestEnd() {}, onRunEnd() {} };
  fc.assert(
    fc.property(anyScenario, (input) => {
      const plan = planOf(input);
      assert.deepEqual(simulatePlan(plan, undefined, watcher).output, simulatePlan(plan).output);
    }),
    { numRuns: budget(60, 12) },
  );
});

/** Equal to the last bit, whatever was mixed: how runs are computed may change, not what they say. */
it("random scenarios give what was recorded", () => {
  const count = budget(RECORDED_SCENARIOS, 40);
  const inputs = fc.sample(anyScenario, { seed: RECORDED_SEED, numRuns: RECORDED_SCENARIOS }).slice(0, count);
  const hashes: string[] = [];
  for (let from = 0; from < count; from += GROUP) {
    const hash = createHash("sha256");
    for (const input of inputs.slice(from, from + GROUP)) addTo(hash, handedOver(simulate(input).output));
    hashes.push(hash.digest("hex").slice(0, 16));
  }
  if (process.env.UPDATE_GOLDEN === "1") writeFileSync(RECORDED, `${JSON.stringify(hashes, null, 2)}\n`);
  assert.deepEqual(
    hashes,
    (JSON.parse(readFileSync(RECORDED, "utf8")) as string[]).slice(0, hashes.length),
    "where runs are meant to change: UPDATE_GOLDEN=1 MERIDIAN_TEST_FULL=1 npm run unit -- engine/any-scenario",
  );
});

/** What a run hands over, whatever its recorder keeps besides. */
function handedOver({ recorder, ...rest }: SimulationOutput): object {
  const { cells, arrived, regionAttempts, e2e, ttft, wait, hours, hoursSeen } = recorder;
  const regionHours = Array.from({ length: hoursSeen }, (_, hour) => recorder.regionHour(hour) ?? null);
  const groups = arrived.length * recorder.regions;
  return {
    rest,
    cells,
    arrived,
    regionAttempts,
    ...latencies({ e2e, ttft, wait }, groups, groups),
    hours: hours.map(({ fields, sumsMs, e2e, ttft, wait }) => ({
      fields,
      sumsMs,
      ...latencies({ e2e, ttft, wait }, recorder.hourSlots, 1),
    })),
    regionHours,
  };
}

/** What sets of histograms count, whether they are packed or not. */
function latencies({ e2e, ttft, wait }: Pick<HourRecord, "e2e" | "ttft" | "wait">, slots: number, waits: number) {
  const read = (set: HistogramSet, size: number) => {
    const all = [...Array(size).keys()];
    return {
      counts: Uint32Array.from(all.flatMap((i) => [...set.merged([i])])),
      moments: Float64Array.from(all.flatMap((i) => [set.sumMs(i), set.maxMs(i)])),
    };
  };
  return { e2e: read(e2e, slots), ttft: read(ttft, slots), wait: read(wait, waits) };
}

/** Every number of plain data and of typed arrays, in the order of their keys. */
function addTo(hash: Hash, value: unknown): void {
  if (ArrayBuffer.isView(value)) hash.update(Buffer.from(value.buffer, value.byteOffset, value.byteLength));
  else if (typeof value === "object" && value !== null) {
    for (const [key, held] of Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))) {
      hash.update(key);
      addTo(hash, held);
    }
  } else hash.update(`${String(value)};`);
}
