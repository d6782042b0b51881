import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import test from "node:test";
import fc from "fast-check";
import { MeridianError } from "../../../../simulator/base/errors.ts";
import { detectFormat, FORMATS } from "../../../../simulator/traffic/formats/index.ts";
import { readTrace } from "../../../../simulator/traffic/trace-format.ts";

/** The same two requests in every format; a new format adds its own and is held to the same. */
const SAMPLES: Record<string, readonly string[]> = {
  "azure-llm": [
    "TIMESTAMP,ContextTokens,GeneratedTokens",
    "2026-05-04 00:00:00.0000000,100,7",
    "2026-05-04 00:00:01.5000000,200,8",
  ],
  mooncake: [
    '{"timestamp": 0, "input_length": 100, "output_length": 7, "hash_ids": [1]}',
    '{"timestamp": 1500, "input_length": 200, "output_length": 8, "hash_ids": [2]}',
  ],
  csv: ["time_ms,input_tokens,output_tokens", "0,100,7", "1500,200,8"],
  jsonl: [
    '{"time_ms": 0, "input_tokens": 100, "output_tokens": 7}',
    '{"time_ms": 1500, "input_tokens": 200, "output_tokens": 8}',
  ],
};

const HERE = "test/simulator/traffic/formats/index.test.ts";

for (const format of FORMATS) {
  const lines = SAMPLES[format.name];

  test(`${format.name}: has a summary, a test of its own and a sample`, () => {
    assert.match(format.summary, /^[A-Z].{20,}[^.]$/, "the summary is one line of meridian list formats, no full stop");
    const own = `test/simulator/traffic/formats/${format.name}.test.ts`;
    assert.ok(existsSync(new URL(`../../../../${own}`, import.meta.url)), `write ${own}`);
    assert.ok(lines, `tell the conformance suite a sample of ${format.name}: SAMPLES in ${HERE}`);
  });
  if (lines === undefined) continue;

  test(`${format.name}: found by its first line, reads the same requests, stops at a bad row`, () => {
    const found = detectFormat(lines[0]!);
    assert.equal(found, format, `the first format that matches is ${found?.name}: list ${format.name} before it`);
    const { arrivalMs, inputTokens, outputTokens } = readTrace(format, lines, "f");
    assert.deepEqual(
      [[...arrivalMs], [...inputTokens], [...outputTokens]],
      [
        [0, 1500],
        [100, 200],
        [7, 8],
      ],
    );
    const broken = [...lines.slice(0, -1), lines.at(-1)!.replace("200", "-200")];
    const place = new RegExp(`TRACE_NEGATIVE_TOKENS {2}f:${lines.length}`);
    assert.throws(() => readTrace(format, broken, "f"), place);
  });
}

for (const format of FORMATS) {
  const lines = SAMPLES[format.name]!;
  test(`${format.name}: a damaged row is read, or refused with its line, and nothing else`, () => {
    const last = lines.at(-1)!;
    const damaged = fc.oneof(
      fc.string(),
      fc.json(),
      fc
        .tuple(fc.nat(last.length), fc.nat(last.length), fc.string({ maxLength: 4 }))
        .map(([from, to, text]) => last.slice(0, from) + text + last.slice(to)),
    );
    const rows = fc.array(damaged, { maxLength: 4 });
    fc.assert(
      fc.property(rows, (more) => {
        try {
          const { arrivalMs } = readTrace(format, [...lines, ...more], "f");
          assert.ok(arrivalMs.length >= 2);
          assert.ok(arrivalMs.every((ms, i) => Number.isFinite(ms) && ms >= (i === 0 ? 0 : arrivalMs[i - 1]!)));
        } catch (error) {
          assert.ok(error instanceof MeridianError && error.kind === "data", String(error));
          assert.match(error.problems[0]!.where ?? "", /^f:\d+$/);
        }
      }),
      { numRuns: 300 },
    );
  });
}

test("what is no trace has no format", () => {
  for (const line of ["", "hello", '{"foo": 1}', "a,b,c"]) assert.equal(detectFormat(line), undefined);
});
