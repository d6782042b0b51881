import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { listTraces, loadTrace } from "../../../scripts/io/traces.ts";
import { DAY_MS } from "../../../simulator/base/time.ts";
import { arrivalSchema } from "../../../simulator/traffic/arrivals/index.ts";
import type { RecordedColumns, Recording } from "../../../simulator/traffic/traffic.ts";
import { arrivalsUntil, histogram, rowsOf } from "../../simulator/traffic/pull.ts";

/** Recordings with origin and licence in their README. */
const RECORDINGS = fileURLToPath(new URL("../fixtures/recordings/", import.meta.url));
const columnsOf = async (name: string): Promise<RecordedColumns> => {
  const { recording } = await loadTrace(name, ".");
  assert.ok(recording.kind === "trace");
  return recording.columns;
};

test("the Azure recordings: rows, first and last times, token sums", async () => {
  const conv = await columnsOf("azure-conv-2023");
  const code = await columnsOf("azure-code-2023");
  assert.deepEqual([conv.arrivalMs.length, code.arrivalMs.length], [19_366, 8819]);
  assert.deepEqual([conv.arrivalMs[0], code.arrivalMs[0]], [0, 0]);
  // 18:15:46.6805900 to 19:14:08.4025270 and 18:17:03.9799600 to 19:14:19.9280160.
  assert.equal(conv.arrivalMs.at(-1), 3_501_721.937);
  assert.equal(code.arrivalMs.at(-1), 3_435_948.056);
  assert.deepEqual([conv.inputTokens[0], conv.outputTokens[0]], [374, 44]);
  assert.deepEqual([code.inputTokens[0], code.outputTokens[0]], [4808, 10]);
  assert.equal(Math.max(...code.inputTokens), 7437);
  assert.ok(conv.arrivalMs.every((t, i) => i === 0 || t >= conv.arrivalMs[i - 1]!));
});

test("everything in the catalogue loads, and says whose it is", async () => {
  const catalogue = await listTraces();
  assert.ok(catalogue.length >= 17);
  for (const { name, kind, summary } of catalogue) {
    const trace = await loadTrace(name, ".");
    assert.equal(trace.recording.kind, kind);
    assert.match(trace.sha256, /^[0-9a-f]{64}$/);
    assert.ok(trace.attribution !== "" && trace.licence !== "" && summary !== "", name);
    assert.deepEqual(structuredClone(trace.recording), trace.recording);
  }
});

test("a name that is neither bundled nor a file gets a suggestion", async () => {
  await assert.rejects(loadTrace("azure-conf-2023", "."), /TRACE_NOT_FOUND.*\n.*did you mean azure-conv-2023\?/);
  await assert.rejects(loadTrace("__proto__", "."), /TRACE_NOT_FOUND/);
});

test("scale 3 triples the recorded traffic and keeps real lengths", async () => {
  const { recording } = await loadTrace("azure-conv-2023", ".");
  const conv = await columnsOf("azure-conv-2023");
  const rows = rowsOf([
    {
      name: "chat",
      arrivals: arrivalSchema.parse({ trace: "azure-conv-2023", scale: 3 }),
      originShares: [{ originIndex: 0, share: 1, shapeShiftMs: 0 }],
      recordings: { "azure-conv-2023": recording },
    },
  ]);
  assert.equal(rows.length, 3 * 19_366);
  const sum = (values: Iterable<number>) => [...values].reduce((total, v) => total + v, 0);
  assert.equal(sum(rows.map((r) => r.inputTokens)), 3 * sum(conv.inputTokens));
  assert.equal(sum(rows.map((r) => r.outputTokens)), 3 * sum(conv.outputTokens));
  // The profile stays: requests per 5 minutes are three times the recorded ones, up to what the minute of spread moves.
  const recorded = histogram(conv.arrivalMs, 3_600_000, 12);
  const scaled = histogram(
    rows.map((r) => r.arrivalMs),
    3_600_000,
    12,
  );
  for (let part = 0; part < 11; part++)
    assert.ok(Math.abs(scaled[part]! / recorded[part]! / 3 - 1) < 0.12, `part ${part}`);
});

test("tile fills a day; a recorded shape gives it the recorded rise and fall", async () => {
  const recordings: Record<string, Recording> = {};
  for (const name of ["azure-conv-2023", "servegen-m-small"]) recordings[name] = (await loadTrace(name, ".")).recording;
  const tiled = arrivalsUntil({ trace: "azure-conv-2023", tile: true }, DAY_MS, 1, { recordings });
  const perDay = (19_366 * DAY_MS) / (3_501_721.937 * (1 + 1 / 19_365));
  assert.ok(Math.abs(tiled.length / perDay - 1) < 0.01, `${tiled.length} of ${perDay}`);
  assert.ok(histogram(tiled, DAY_MS, 24).every((count) => count > 0.9 * (perDay / 24)));

  const options = { trace: "azure-conv-2023", shape: "servegen-m-small", timeScale: 0.1, thin: 0.1 };
  const shaped = histogram(arrivalsUntil(options, DAY_MS, 1, { recordings }), DAY_MS, 24);
  const shape = recordings["servegen-m-small"]!;
  assert.ok(shape.kind === "shape");
  for (let hour = 0; hour < 24; hour++) {
    const weight = shape.shape.weights.slice(hour * 6, hour * 6 + 6).reduce((sum, w) => sum + w, 0) / 6;
    const expected = (weight * perDay) / 24;
    const error = Math.abs(shaped[hour]! - expected);
    assert.ok(
      error < 4.5 * Math.sqrt(expected) + 0.01 * expected,
      `hour ${hour}: ${shaped[hour]}, expected ${expected}`,
    );
  }
});

const gunzipText = (path: string) => gunzipSync(readFileSync(RECORDINGS + path)).toString("utf8");

test("the bundled Azure files are the originals, byte for byte", () => {
  // As the files of the origin were when they were taken over.
  const sha256Of = {
    conv: "2f1e5b666d4e3055fdbba98598ce2ec307767b9064e03e2fa46676dbcc7d0bf8",
    code: "54e9a6d2a4bd06ba1e060304b900abbc74cbea53de96506e60fe5bb4f2277fb6",
  };
  for (const [part, sha256] of Object.entries(sha256Of)) {
    const name = `azure-llm-2023/AzureLLMInferenceTrace_${part}.csv.gz`;
    const bundled = gunzipSync(
      readFileSync(fileURLToPath(new URL(`../../../scenarios/traces/${name}`, import.meta.url))),
    );
    assert.equal(createHash("sha256").update(bundled).digest("hex"), sha256, part);
  }
});

test("the day shapes are what the README of the recording says", async () => {
  const total = new Map<number, number>();
  for (const line of gunzipText("servegen-m-small.total-rates.csv.gz").trim().split("\n").slice(1)) {
    const [start, rate] = line.split(",").map(Number);
    total.set(start!, rate!);
  }
  const slots = Array.from({ length: 144 }, (_, slot) => {
    const days = Array.from({ length: 14 }, (_, day) => total.get(day * 86_400 + slot * 600) ?? 0).filter((r) => r > 0);
    return days.reduce((sum, r) => sum + r, 0) / days.length;
  });
  const mean = slots.reduce((sum, r) => sum + r, 0) / 144;
  const { recording } = await loadTrace("servegen-m-small", ".");
  assert.ok(recording.kind === "shape");
  for (const [i, weight] of recording.shape.weights.entries())
    assert.ok(Math.abs(weight / (slots[i]! / mean) - 1) < 1e-3);
});

test("recorded lengths keep the mean of the original histogram within 1 %", async () => {
  for (const name of ["m-large-input", "m-large-output", "deepseek-r1-output"]) {
    const [, model, kind] = /^(.*)-(input|output)$/.exec(name)!;
    let mean = 0;
    let mass = 0;
    for (const line of gunzipText(`servegen-${model}.${kind}-tokens.pmf.csv.gz`).trim().split("\n").slice(1)) {
      const [tokens, probability] = line.split(",").map(Number);
      mean += tokens! * probability!;
      mass += probability!;
    }
    const { recording } = await loadTrace(`servegen-${name}`, ".");
    assert.ok(recording.kind === "lengths");
    let table = 0;
    for (const [i, [u, value]] of recording.quantiles.entries()) {
      const [before, valueBefore] = recording.quantiles[Math.max(0, i - 1)]!;
      table += ((u - before) * (value + valueBefore)) / 2;
    }
    assert.ok(Math.abs(table / (mean / mass) - 1) < 0.01, `${name}: ${table}, ${mean / mass}`);
  }
});

test("the Mooncake recording by path", async () => {
  const columns = await columnsOf(`${RECORDINGS}mooncake-synthetic.jsonl.gz`);
  assert.deepEqual([columns.arrivalMs.length, columns.arrivalMs.at(-1)], [3993, 1_022_025]);
  assert.deepEqual([columns.inputTokens[0], columns.inputTokens[1]], [40_160, 36_640]);
  assert.ok(columns.prefixTokens!.every((tokens, i) => tokens <= columns.inputTokens[i]!));
});
