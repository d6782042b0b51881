import assert from "node:assert/strict";
import { test } from "node:test";
import { engineProgram } from "../../../studies/performance/programs.ts";
import type { Round, Size } from "../../../studies/performance/rounds.ts";
import { runScale, scaleTable, summariseScale } from "../../../studies/performance/scale.ts";

const round = (kreqPerS: number, over: Partial<Round> = {}): Round => ({
  seconds: 1,
  userSeconds: 1,
  requests: kreqPerS * 1_000,
  meanMs: 4_000,
  p95Ms: 11_000,
  throttledShare: 0,
  failedShare: 0,
  ...over,
});
const memory = (first: number, second: number) => [round(1, { peakRssMiB: first }), round(50, { peakRssMiB: second })];

test("the median of the rounds' ratios is judged, each round against its own first size", () => {
  const rounds = [
    [round(1_000), round(900), round(300)],
    [round(500), round(450), round(50)],
    [round(2_000), round(100), round(600)],
  ];
  const { rows, holds } = summariseScale(rounds, memory(100, 109));
  assert.deepEqual(
    rows.map((row) => row.ratio),
    [1, 0.9, 0.3, 1, 1.09],
  );
  assert.ok(holds);
});

test("too slow with many in flight, or memory that grows with the run: broken, and the table says which", () => {
  const slow = summariseScale([[round(1_000), round(690), round(210)]], memory(100, 100));
  assert.deepEqual(
    slow.rows.map((row) => row.holds),
    [true, false, true, true, true],
  );
  assert.equal(slow.holds, false);
  const grown = summariseScale([[round(1_000), round(800), round(210)]], memory(100, 111));
  assert.equal(grown.holds, false);
  assert.match(scaleTable(grown), /50,000 requests +│ 111 MiB at most │ 1\.11 +│ at most 1\.1 +│ BROKEN/);
});

test("sizes are run one after another in every round; the long run is compared with a short one over the same time", async () => {
  const calls: unknown[][] = [];
  const engine = async (_model: string, requests: number, _seed: number, size?: Size) => {
    calls.push([requests, size?.servers, size?.perS]);
    return round(1_000, { peakRssMiB: 80 });
  };
  await runScale({ rounds: 2, requests: 10, memoryRequests: [20, 30] }, engine, () => {});
  const once = [
    [10, 64, 72],
    [10, 2_000, 2_250],
    [10, 200_000, 225_000],
  ];
  assert.deepEqual(calls, [...once, ...once, [20, 64, 48], [30, 64, 72]]);
});

test("more servers and traffic in proportion: as busy, but larger systems wait less; memory is reported", async () => {
  const large = await engineProgram()("r1", 60_000, 5, { servers: 640, perS: 720 });
  // No request waits at 640 slots and 90 % load: the latency is the service law, mean 4 s, known to 0.41 %.
  assert.ok(Math.abs(large.meanMs / 4_000 - 1) < 0.017, `mean ${large.meanMs}`);
  assert.ok(large.peakRssMiB! > 20 && large.peakRssMiB! < 2_000);
});
