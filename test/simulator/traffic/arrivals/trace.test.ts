import assert from "node:assert/strict";
import test from "node:test";
import { DAY_MS } from "../../../../simulator/base/time.ts";
import { arrivalSchema, createArrivals } from "../../../../simulator/traffic/arrivals/index.ts";
import { trace } from "../../../../simulator/traffic/arrivals/trace.ts";
import type { Recording } from "../../../../simulator/traffic/traffic.ts";
import { arrivalsUntil, contextOf, histogram, recordingOf } from "../pull.ts";

test("trace options stand beside the name and have defaults", () => {
  assert.deepEqual(arrivalSchema.parse({ trace: "a.csv" }), {
    process: "trace",
    trace: "a.csv",
    scale: 1,
    timeScale: 1,
    fromMs: 0,
    toMs: null,
    tile: false,
    shiftMs: 0,
    spreadMs: 60_000,
    thin: 1,
    only: null,
    unit: null,
    shape: null,
  });
  const spec = arrivalSchema.parse({ trace: "a.csv", scale: 3, slice: { from: "1m", to: "2m" }, shift: "random" });
  assert.deepEqual(
    [spec].map((s) => s.process === "trace" && [s.scale, s.fromMs, s.toMs, s.shiftMs]),
    [[3, 60_000, 120_000, "random"]],
  );
});

test("trace options beside another process, or out of range, are refused", () => {
  const message = (yaml: unknown) => String(arrivalSchema.safeParse(yaml).error);
  assert.match(message({ poisson: "1/s", tile: true }), /tile goes only with trace and imported, not with poisson/);
  assert.match(message({ trace: "a", scale: 0 }), /must be between 0\.001 and 10000/);
  assert.match(message({ trace: "a", slice: { from: "2m", to: "1m" } }), /from must be before to/);
  assert.match(message({ trace: "a", thin: 2 }), /thin must be between/);
});

test("a shape spreads a short recording over the day: recorded profile in, recorded profile out", () => {
  const hours = [1, 1, 1, 1, 1, 2, 3, 5, 8, 9, 9, 8, 7, 8, 9, 9, 8, 6, 5, 4, 3, 2, 2, 1];
  const total = hours.reduce((sum, w) => sum + w, 0);
  // A perfectly regular recording of one request a second has no noise: counts must be exact to rounding.
  const recordings = { even: recordingOf(Array.from({ length: 600 }, (_, i) => i * 1000)) };
  const times = arrivalsUntil({ trace: "even", shape: hours }, DAY_MS, 1, { recordings });
  const counts = histogram(times, DAY_MS, 24);
  for (let hour = 0; hour < 24; hour++) {
    const expected = (86_400 * hours[hour]!) / total;
    assert.ok(Math.abs(counts[hour]! - expected) <= 1.5, `hour ${hour}: ${counts[hour]}, expected ${expected}`);
  }
});

const recordings = (recording: Recording) => ({ recordings: { r: recording } });
const play = (times: readonly number[], options: object, endMs: number, seed = 1) =>
  arrivalsUntil({ trace: "r", ...options }, endMs, seed, recordings(recordingOf(times)));

test("played as it is, once", () => {
  assert.deepEqual(play([0, 10, 10, 40], {}, 1e9), [0, 10, 10, 40]);
});

test("tile: the seam takes the mean gap", () => {
  // Gaps 10, 30, 20: mean 20, so one repetition lasts 60 + 20.
  assert.deepEqual(play([0, 10, 40, 60], { tile: true }, 200), [0, 10, 40, 60, 80, 90, 120, 140, 160, 170]);
});

test("one row, or a selection that leaves one, is one request", () => {
  assert.deepEqual(play([0], {}, 1e9), [0]);
  assert.deepEqual(play([7000], {}, 1e9), [7000]);
  assert.deepEqual(play([0, 10, 40], { slice: { from: "5ms", to: "20ms" } }, 1e9), [5]);
  assert.deepEqual(play([0], { scale: 3 }, 1e9), [0, 0, 0]);
  assert.equal(play([5], { shift: "random" }, 1e9).length, 1);
  assert.deepEqual(play([0, 10, 40], { slice: { from: "5ms", to: "20ms" }, tile: true }, 40), [5, 20, 35]);
  const labelled = recordingOf([0, 10, 40], { classIndex: Uint16Array.of(0, 1, 0), classNames: ["chat", "code"] });
  assert.deepEqual(arrivalsUntil({ trace: "r", only: "code" }, 1e9, 1, recordings(labelled)), [10]);
});

test("timeScale, slice and shift", () => {
  assert.deepEqual(play([0, 10, 40], { timeScale: 2 }, 1e9), [0, 20, 80]);
  assert.deepEqual(play([0, 10, 40, 60], { slice: { from: "10ms", to: "50ms" } }, 1e9), [0, 30]);
  assert.deepEqual(
    play([0, 10, 40, 60], { slice: { from: "10ms", to: "50ms" }, tile: true }, 100),
    [0, 30, 40, 70, 80],
  );
  assert.deepEqual(play([0, 10], { shift: "5ms" }, 1e9), [5, 15]);
  // A shifted tiling fills the start with the end of the repetition before.
  assert.deepEqual(play([0, 10, 40, 60], { shift: "50ms", tile: true }, 100), [10, 30, 50, 60, 90]);
});

test("scale: whole copies a little apart keep every row, three times", () => {
  const times = play([0, 1000, 5000], { scale: 3, spread: "300ms" }, 1e9);
  assert.deepEqual(times, [0, 100, 200, 1000, 1100, 1200, 5000, 5100, 5200]);
});

test("scale: the fraction is a thinned copy", () => {
  const many = Array.from({ length: 20_000 }, (_, i) => i * 10);
  const within = (count: number, expected: number) =>
    assert.ok(Math.abs(count - expected) < 4 * Math.sqrt(20_000 * 0.25), `${count}, expected ${expected}`);
  within(play(many, { scale: 2.5, spread: "0s" }, 1e9).length, 50_000);
  within(play(many, { scale: 0.3 }, 1e9).length, 6000);
  within(play(many, { thin: "30%" }, 1e9).length, 6000);
  assert.notDeepEqual(play(many, { scale: 0.3 }, 1e9, 1), play(many, { scale: 0.3 }, 1e9, 2));
});

test("shift random: another start in each replication, the same requests", () => {
  const options = { shift: "random", tile: true };
  const a = play([0, 10, 40, 60], options, 8000, 1);
  const b = play([0, 10, 40, 60], options, 8000, 2);
  assert.notEqual(a[0], b[0]);
  assert.equal(a.length, 400);
  assert.ok(Math.abs(b.length - 400) <= 1);
});

test("each arrival knows its row, also in copies and repetitions", () => {
  const spec = arrivalSchema.parse({ trace: "r", scale: 2, spread: "4ms", tile: true });
  const process = createArrivals(spec, contextOf(1, recordings(recordingOf([0, 10, 40, 60]))));
  const times = new Float64Array(12);
  const rows = new Int32Array(12);
  process.fill(times, 0, 12, rows);
  assert.deepEqual([...times], [0, 2, 10, 12, 40, 42, 60, 62, 80, 82, 90, 92]);
  assert.deepEqual([...rows], [0, 0, 1, 1, 2, 2, 3, 3, 0, 0, 1, 1]);
});

test("only: rows of one class label", () => {
  const labelled = recordingOf([0, 10, 40], { classIndex: Uint16Array.of(0, 1, 0), classNames: ["chat", "code"] });
  assert.deepEqual(arrivalsUntil({ trace: "r", only: "chat" }, 1e9, 1, recordings(labelled)), [0, 40]);
  assert.throws(
    () => arrivalsUntil({ trace: "r", only: "batch" }, 1e9, 1, recordings(labelled)),
    /TRACE_EMPTY_SELECTION.*class labels chat, code/s,
  );
});

test("what cannot be repeated or found is refused in words", () => {
  assert.throws(() => play([5], { tile: true }, 100), /TRACE_TOO_SHORT/);
  assert.throws(() => play([0, 1], { slice: { from: "1h" } }, 100), /TRACE_EMPTY_SELECTION/);
  assert.throws(() => arrivalsUntil({ trace: "nowhere" }, 100), /TRAFFIC_UNKNOWN_RECORDING.*"nowhere"/s);
});

test("trace: the YAML form becomes a plain spec in ms and requests per second", () => {
  assert.deepEqual(trace.schema.parse("a.csv"), arrivalSchema.parse({ trace: "a.csv" }));
});
