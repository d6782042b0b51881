import assert from "node:assert/strict";
import test from "node:test";
import { CLIENT_FILE, servegenClient } from "../../../simulator/traffic/servegen-clients.ts";

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
