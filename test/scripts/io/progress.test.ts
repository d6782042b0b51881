import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createProgress, createStatusLine, formatProgress, formatSpan } from "../../../scripts/io/progress.ts";

function collector() {
  const written: string[] = [];
  return { written, write: (text: string) => written.push(text), columns: 60 };
}

const report = { requestsDone: 1000, share: 0.5, simulatedMs: 11_520_000, p95Ms: 4100, costUsd: 12.4 };

describe("progress", () => {
  it("formats what is known and leaves out the rest", () => {
    const state = {
      jobs: 20,
      jobsDone: 8,
      share: 0.42,
      requestsDone: 1_234_567,
      requestsPerS: 310_400,
      simulatedMs: 11_520_000,
    };
    assert.equal(
      formatProgress({ ...state, remainingMs: 12_000, p95Ms: 4100, costUsd: 12.4 }),
      "42 %  8/20 jobs  at 3 h 12 min  1.2M requests  310k/s  p95 4.1 s  12.40 USD  12.0 s left",
    );
    assert.equal(
      formatProgress({ ...state, remainingMs: null, p95Ms: null, costUsd: null, simulatedMs: null }),
      "42 %  8/20 jobs  1.2M requests  310k/s",
    );
  });

  it("writes spans in readable units", () => {
    assert.deepEqual([850, 4100, 59_990, 95_000, 11_520_000].map(formatSpan), [
      "850 ms",
      "4.1 s",
      "1 min 0 s",
      "1 min 35 s",
      "3 h 12 min",
    ]);
  });

  it("redraws one line at most five times a second on a terminal, and clears it", () => {
    const stream = collector();
    let nowMs = 0;
    const progress = createProgress({
      stream,
      live: true,
      quiet: false,
      jobs: 2,
      clockMs: () => nowMs,
    });
    for (; nowMs < 1000; nowMs += 10) progress.update(0, report);
    assert.equal(stream.written.length, 5);
    for (const line of stream.written) assert.ok(!line.includes("\n") && line.length <= 60 + "\r\u001b[2K".length);
    progress.stop();
    assert.equal(stream.written.at(-1), "\r\u001b[2K");
  });

  it("prints a plain line every ten seconds elsewhere", () => {
    const stream = collector();
    let nowMs = 0;
    const progress = createProgress({
      stream,
      live: false,
      quiet: false,
      jobs: 2,
      clockMs: () => nowMs,
    });
    for (; nowMs <= 25_000; nowMs += 100) progress.update(0, report);
    progress.stop();
    assert.equal(stream.written.length, 2);
    assert.equal(
      stream.written[0],
      "25 %  0/2 jobs  at 3 h 12 min  1.0k requests  100/s  p95 4.1 s  12.40 USD  30.0 s left\n",
    );
  });

  it("counts a finished job as whole", () => {
    const stream = collector();
    let nowMs = 0;
    const progress = createProgress({
      stream,
      live: false,
      quiet: false,
      jobs: 2,
      clockMs: () => nowMs,
    });
    nowMs = 10_000;
    progress.jobDone(1);
    assert.match(stream.written[0] ?? "", /^50 % {2}1\/2 jobs/);
  });

  it("is silent when asked", () => {
    const stream = collector();
    const progress = createProgress({ stream, live: true, quiet: true, jobs: 1 });
    progress.update(0, report);
    progress.stop();
    assert.deepEqual(stream.written, []);
  });
});

function shown(options: { readonly live: boolean; readonly quiet?: boolean }, atMs: readonly number[]): string {
  let nowMs = 0;
  let text = "";
  const stream = { columns: 30, write: (more: string) => (text += more) };
  const line = createStatusLine({ quiet: false, ...options, stream, clockMs: () => nowMs });
  for (const each of atMs) {
    nowMs = each;
    line.show(`call at ${each}, and so on and on and on`);
  }
  line.stop();
  return text;
}

describe("the line that says how far it is", () => {
  it("is redrawn on a terminal, cut to its width and cleared at the end", () => {
    const text = shown({ live: true }, [1, 2]);
    assert.equal(text.split("\r\u001b[2K").length - 1, 3);
    assert.ok(text.includes("call at 2") && !text.includes("\n"));
    assert.ok(text.split("\r\u001b[2K").every((line) => line.length <= 29));
  });

  it("is a plain line every ten seconds elsewhere, and none when quiet", () => {
    assert.equal(shown({ live: false }, [5000, 12_000, 13_000, 23_000]).match(/^call at (12000|23000)/gm)?.length, 2);
    assert.equal(shown({ live: true, quiet: true }, [1, 20_000]), "");
  });
});
