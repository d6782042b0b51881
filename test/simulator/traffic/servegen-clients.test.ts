import assert from "node:assert/strict";
import test from "node:test";
import { purposeStream } from "../../../simulator/random/sampler.ts";
import {
  CLIENT_FILE,
  clientColumn,
  clientLengths,
  servegenClient,
  tellLengths,
} from "../../../simulator/traffic/servegen-clients.ts";
import type { RecordedClient } from "../../../simulator/traffic/traffic.ts";

const rows = (...lines: string[]) => `${lines.join("\n")}\n`;

test("rates by window; one law: the family and the shape of most requests", () => {
  const client = servegenClient(
    "client 7",
    rows("0,0,0,,0,0", "600,2,1,Gamma,1,0.5", "1200,6,0.5,Gamma,4,0.04", "2400,1,3,Weibull,0.5,1"),
    "chunk-7-trace.csv",
  )!;
  assert.deepEqual([client.stepMs, client.family], [600_000, "gamma"]);
  // A window that is left out had no requests.
  assert.deepEqual([...client.ratePerS], [0, 2, 6, 0, 1]);
  // Shapes 1 and 4, and 1/9 from the CV of the last window, weighted by 2, 6 and 1.
  assert.ok(Math.abs(Math.log(client.shape) - (6 * Math.log(4) - Math.log(9)) / 9) < 1e-12);
});

test("a client without requests is none; a row that is no window is named", () => {
  assert.equal(servegenClient("a", rows("0,0,0,,0,0", "600,0,0,,0,0"), "f.csv"), undefined);
  assert.equal(servegenClient("a", "", "f.csv"), undefined);
  assert.throws(() => servegenClient("a", rows("0,1,1,Gamma,1,1", "600,x,1,Gamma,1,1"), "f.csv"), /f\.csv:2/);
  assert.throws(() => servegenClient("a", rows("600,1,1,Gamma,1,1", "0,1,1,Gamma,1,1"), "f.csv"), /f\.csv:2.*later/s);
  assert.throws(() => servegenClient("a", rows("0,1,1,Gamma,1,1", "1e7,1,1,Gamma,1,1"), "f.csv"), /windows of/);
  assert.throws(
    () => servegenClient("a", rows("0,1,1,Gamma,1,1", "1,1,1,Gamma,1,1", "1e7,1,1,Gamma,1,1"), "f"),
    /TOO_LARGE/,
  );
  assert.deepEqual([CLIENT_FILE.test("chunk-12-trace.csv"), CLIENT_FILE.test("chunk-12-dataset.json")], [true, false]);
});

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
