import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { OFFER } from "../../../../simulator/service/capacity/capacity.ts";
import { Empirical, type EmpiricalCell } from "../../../../simulator/service/capacity/empirical.ts";
import { addAttempt, newAttempts } from "../attempts.ts";
import { contextOf, drive, latencyOf } from "./driver.ts";

const HOUR_MS = 3_600_000;

const cell = (ttftMs: number, over: Partial<EmpiricalCell> = {}): EmpiricalCell => ({
  hourFrom: 0,
  hourTo: 24,
  inputTokensMax: Number.POSITIVE_INFINITY,
  outputTokensMax: Number.POSITIVE_INFINITY,
  ttftMs: { kind: "constant", value: ttftMs },
  tpotMs: { kind: "constant", value: 10 },
  ...over,
});
const spec = (cells: readonly EmpiricalCell[], load: readonly (readonly [number, number])[] = []) => ({
  kind: "empirical" as const,
  cells,
  load,
});

describe("replayed latencies", () => {
  it("TTFT, then a time for each further token", () => {
    const fates = drive(spec([cell(300)]), [
      { atMs: 50, output: 21 },
      { atMs: 60, output: 1 },
    ]);
    assert.deepEqual(
      fates.map((fate) => [fate.startedMs, fate.firstTokenMs, fate.endedMs]),
      [
        [50, 350, 550],
        [60, 360, 360],
      ],
    );
  });

  it("the first cell that fits: by size and by local hour, also over midnight; else the last", () => {
    const night = cell(1, { hourFrom: 22, hourTo: 6, inputTokensMax: 100 });
    const short = cell(2, { outputTokensMax: 5 });
    const rest = cell(3, { hourFrom: 8, hourTo: 9 });
    const ttft = (hour: number, input: number, output: number) => {
      const calls = [{ atMs: 0, input, output }];
      const [fate] = drive(spec([night, short, rest]), calls, { localHourAtStart: hour });
      return fate!.firstTokenMs;
    };
    assert.deepEqual([ttft(23, 100, 9), ttft(5.9, 50, 9), ttft(6, 50, 5), ttft(23, 101, 5)], [1, 1, 2, 2]);
    assert.deepEqual([ttft(8.5, 500, 50), ttft(12, 500, 50)], [3, 3]);
    const [late] = drive(spec([night, rest]), [{ atMs: 3 * HOUR_MS, output: 1 }], { localHourAtStart: 20 });
    assert.equal(latencyOf(late!), 1);
  });

  it("draws from the recorded law, the same for the same request", () => {
    const ttftMs = { kind: "uniform", min: 100, max: 200 } as const;
    const calls = Array.from({ length: 400 }, (_, i) => ({ atMs: i * 1000 }));
    const latencies = drive(spec([cell(0, { ttftMs })]), calls).map(latencyOf);
    const mean = latencies.reduce((sum, ms) => sum + ms, 0) / latencies.length;
    assert.ok(Math.abs(mean - 150) < 4 * (28.9 / Math.sqrt(400)), `mean ${mean}`);
    assert.deepEqual(drive(spec([cell(0, { ttftMs })]), calls).map(latencyOf), latencies);
  });

  it("the load curve: flat outside its points, straight between them", () => {
    const load = [
      [1, 1],
      [3, 2],
      [4, 5],
    ] as const;
    const calls = Array.from({ length: 6 }, () => ({ atMs: 0 }));
    const latencies = drive(spec([cell(100)], load), calls).map(latencyOf);
    assert.deepEqual(latencies, [100, 100, 150, 200, 500, 500]);
  });

  it("a brownout stretches latencies; with nothing left it refuses; eviction empties it", () => {
    const table = newAttempts();
    const capacity = new Empirical(spec([cell(100)]), contextOf(), table);
    capacity.setCapacityFactor(0, 0.5);
    assert.equal(capacity.offer(0, addAttempt(table)), OFFER.started);
    assert.equal(capacity.nextMs, 200);
    capacity.setCapacityFactor(10, 0);
    assert.equal(capacity.hasRoom(), false);
    assert.equal(capacity.offer(10, addAttempt(table)), OFFER.refused);
    assert.equal(capacity.evict(20).length, 1);
    assert.deepEqual([capacity.inService, capacity.nextMs], [0, Number.POSITIVE_INFINITY]);
  });
});
