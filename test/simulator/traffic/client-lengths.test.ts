import assert from "node:assert/strict";
import test from "node:test";
import { purposeStream } from "../../../simulator/random/streams.ts";
import { clientColumn, clientLengths, tellLengths } from "../../../simulator/traffic/client-lengths.ts";
import type { RecordedClient } from "../../../simulator/traffic/recording.ts";

const FILE = JSON.stringify({
  "0": { input_tokens: "{10: 0.5, 20: 0.5}", output_tokens: "{1: 1.0}" },
  "600": { input_tokens: "{20: 1e0}", output_tokens: "{3: 1.0}", image_tokens: "{9: 1.0}" },
  "1200": { input_tokens: "{999: 1.0}" },
});

test("windows count by their requests, and those without any not at all", () => {
  const requests: Readonly<Record<string, number>> = { "0-600": 2, "600-1200": 6 };
  const lengths = clientLengths(FILE, "chunk-0-dataset.json", (fromS, toS) => requests[`${fromS}-${toS}`] ?? 0);
  assert.deepEqual(lengths.input, { tokens: [10, 20], weights: [1, 7] });
  assert.deepEqual(lengths.output, { tokens: [1, 3], weights: [2, 6] });
  assert.deepEqual(
    clientLengths("{}", "x", () => 1),
    {},
  );
  assert.throws(() => clientLengths("[", "x", () => 1), /TRACE_BAD_JSON {2}x:1/);
});

test("each row has a length of its client; a client that tells none has those of all", () => {
  const client = (name: string, rate: number, tokens?: number): RecordedClient => ({
    name,
    stepMs: 600_000,
    ratePerS: Float64Array.of(rate),
    family: "gamma",
    shape: 1,
    ...(tokens === undefined ? {} : { lengths: { input: { tokens: [tokens], weights: [1] } } }),
  });
  const clients = [client("a", 3, 100), client("b", 1, 500), client("c", 1)];
  assert.deepEqual([tellLengths(clients, "input"), tellLengths(clients, "output")], [true, false]);
  const clientOf = Int32Array.from({ length: 9000 }, (_, i) => i % 3);
  const column = new Int32Array(9000);
  clientColumn(clients, "input", purposeStream(1, "lengths"))(column, 0, 9000, clientOf);
  const of = (which: number) => column.filter((_, i) => i % 3 === which);
  assert.ok(of(0).every((tokens) => tokens === 100) && of(1).every((tokens) => tokens === 500));
  // Three quarters of all requests are of the first client.
  const share = of(2).filter((tokens) => tokens === 100).length / 3000;
  assert.ok(Math.abs(share - 0.75) < 0.04, String(share));
});
