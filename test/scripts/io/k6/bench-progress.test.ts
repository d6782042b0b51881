import assert from "node:assert/strict";
import { it } from "node:test";
import { createBenchProgress, formatBench } from "../../../../scripts/io/k6/bench-progress.ts";

const MOMENT = {
  strategy: "round-robin",
  ordinal: 2,
  strategies: 3,
  requests: 2000,
  sent: 812,
  inFlight: 12,
  costUsd: 0.42,
  ended: 800,
  throttled: 31,
  e2eMsP95: 4100,
  lagMsP99: 1.94,
};

function progress(live: boolean, quiet = false) {
  const written: string[] = [];
  let nowMs = 0;
  const made = createBenchProgress({
    stream: { write: (text) => written.push(text), columns: 60 },
    live,
    quiet,
    clockMs: () => nowMs,
  });
  return { made, written, at: (ms: number) => (nowMs = ms) };
}

it("a moment of a bench in words", () => {
  assert.equal(
    formatBench(MOMENT),
    "2/3 round-robin  40 %  812 sent  12 in flight  p95 4.1 s  31 throttled  0.4200 USD  lag 1.9 ms",
  );
  assert.equal(
    formatBench({ ...MOMENT, e2eMsP95: null, lagMsP99: null, ended: 0, costUsd: 0 }),
    "2/3 round-robin  0 %  812 sent  12 in flight  31 throttled",
  );
  assert.match(formatBench({ ...MOMENT, costUsd: 12.345 }), / {2}12\.35 USD {2}/);
});

it("a terminal sees one live line, cut to its width and cleared at the end", () => {
  const { made, written, at } = progress(true);
  made.update(MOMENT);
  at(100);
  made.update(MOMENT);
  made.stop();
  assert.equal(written.length, 2);
  assert.ok(written[0]!.startsWith("\r\u001b[2K2/3 round-robin") && written[0]!.length <= 5 + 59);
  assert.equal(written[1], "\r\u001b[2K");
});

it("a log sees a line every ten seconds, and quiet means quiet", () => {
  const { made, written, at } = progress(false);
  made.update(MOMENT);
  at(10_000);
  made.update(MOMENT);
  made.stop();
  assert.deepEqual(written, [`${formatBench(MOMENT)}\n`]);
  const silent = progress(true, true);
  silent.made.update(MOMENT);
  assert.deepEqual(silent.written, []);
});
