import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it } from "node:test";
import { gzipSync } from "node:zlib";
import { loadTrace, readServegenFolder } from "../../../scripts/io/traces.ts";
import { arrivalsUntil } from "../../simulator/traffic/pull.ts";

const folder = mkdtempSync(join(tmpdir(), "meridian-servegen-"));
const windows = (rate: number) => `0,${rate},1,Gamma,1,1\n600,${rate},1,Gamma,1,1\n`;

it("a folder of client files is clients, in order of their numbers, and others are none", async () => {
  const data = join(folder, "m");
  mkdirSync(data);
  writeFileSync(join(data, "chunk-10-trace.csv"), windows(3));
  writeFileSync(join(data, "chunk-2-trace.csv.gz"), gzipSync(windows(1)));
  writeFileSync(join(data, "chunk-4-trace.csv"), windows(0));
  writeFileSync(join(data, "chunk-4-dataset.json"), "{}");
  const { recording, name } = await loadTrace("m", folder);
  assert.ok(recording.kind === "clients" && name === "m");
  assert.deepEqual(
    recording.clients.map((client) => client.name),
    ["client 2", "client 10"],
  );
  const arrivals = arrivalsUntil({ servegen: { clients: "m" } }, 1_200_000, 1, { recordings: { m: recording } });
  // Four requests a second over 20 minutes, Poisson.
  assert.ok(Math.abs(arrivals.length - 4800) < 5 * Math.sqrt(4800), String(arrivals.length));
  // Lengths: the first window's hold up to the second, which has three times as many requests.
  writeFileSync(join(data, "chunk-10-trace.csv"), "0,1,1,Gamma,1,1\n600,1,1,Gamma,1,1\n1200,6,1,Gamma,1,1\n");
  const histograms = { "0": { input_tokens: "{10: 1.0}" }, "1200": { input_tokens: "{30: 1.0}" } };
  writeFileSync(join(data, "chunk-10-dataset.json"), JSON.stringify(histograms));
  const told = await readServegenFolder(data, "m");
  assert.deepEqual(told!.clients[1]!.lengths, { input: { tokens: [10, 30], weights: [2, 6] } });
  assert.equal(told!.clients[0]!.lengths, undefined);
  assert.equal(await readServegenFolder(folder, "."), undefined);
  assert.equal(await readServegenFolder(join(folder, "none"), "none"), undefined);
});

it("damaged or empty folders say what is wrong", async () => {
  const empty = join(folder, "empty");
  mkdirSync(empty);
  writeFileSync(join(empty, "chunk-0-trace.csv"), windows(0));
  await assert.rejects(readServegenFolder(empty, "empty"), /TRACE_EMPTY/);
  writeFileSync(join(empty, "chunk-1-trace.csv.gz"), "no gzip");
  await assert.rejects(readServegenFolder(empty, "empty"), /TRACE_DAMAGED_GZIP.*chunk-1/s);
});
