import assert from "node:assert/strict";
import test from "node:test";
import { azureLlm } from "../../../../simulator/traffic/formats/azure-llm.ts";
import { readText, readTrace } from "../read-trace.ts";

const HEADER = "TIMESTAMP,ContextTokens,GeneratedTokens";
const read = (...rows: string[]) => readTrace(azureLlm, [HEADER, ...rows], "azure.csv");

test("all seven digits count, across midnight too", () => {
  const columns = read(
    "2023-11-16 23:59:59.9999999,10,1",
    "2023-11-17 00:00:00.0000000,20,2",
    "2023-11-17 00:00:01.0000004,30,3",
  );
  assert.deepEqual([...columns.arrivalMs], [0, 0.0001, 1000.0005]);
  assert.deepEqual([...columns.inputTokens], [10, 20, 30]);
  assert.deepEqual([...columns.outputTokens], [1, 2, 3]);
});

test("malformed rows stop with file and line", () => {
  const good = "2023-11-16 18:15:46.6805900,374,44";
  assert.throws(
    () => read(good, "2023-11-16 18:15:47,374,-1"),
    /TRACE_NEGATIVE_TOKENS {2}azure\.csv:3: GeneratedTokens is -1/,
  );
  assert.throws(() => read("yesterday,1,1"), /TRACE_BAD_TIME {2}azure\.csv:2/);
  assert.throws(() => read("2023-11-16 18:15:47,1"), /TRACE_BAD_CSV {2}azure\.csv:2: 2 fields/);
  assert.throws(() => read("2023-11-16 18:15:47,1.5,1"), /TRACE_BAD_NUMBER {2}azure\.csv:2/);
  assert.throws(() => read(), /TRACE_EMPTY/);
});

test("rows in any order: the earliest is the origin, and none is lost", () => {
  const columns = read("2023-11-16 18:15:48.0,10,5", "2023-11-16 18:15:46.0,20,5", "2023-11-16 18:15:47.0,30,5");
  assert.deepEqual([...columns.arrivalMs], [0, 1000, 2000]);
  assert.deepEqual([...columns.inputTokens], [20, 30, 10]);
  // A hundred rows of which the first two are swapped.
  const rows = Array.from(
    { length: 100 },
    (_, i) => `2023-11-16 18:15:${46 + Math.floor(i / 10)}.${i % 10},${100 + i},5`,
  );
  const swapped = read(rows[1]!, rows[0]!, ...rows.slice(2));
  assert.deepEqual(
    [...swapped.arrivalMs],
    Array.from(rows, (_, i) => i * 100),
  );
  assert.deepEqual(
    [...swapped.inputTokens],
    Array.from(rows, (_, i) => 100 + i),
  );
});

test("a day that does not exist is refused, a quoted header is read", () => {
  assert.throws(
    () => read("2023-02-28 23:59:59.0,10,5", "2023-02-30 00:00:00.0,10,5"),
    /TRACE_BAD_TIME {2}azure\.csv:3: TIMESTAMP is "2023-02-30 00:00:00\.0", which names a day that does not exist/,
  );
  const quoted = '"TIMESTAMP","ContextTokens","GeneratedTokens"\n2023-02-28 23:59:59.0,10,5\n';
  assert.equal(readText(quoted, "azure.csv").reader.format, "azure-llm");
});
