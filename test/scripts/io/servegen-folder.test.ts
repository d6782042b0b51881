// Own process: it writes files into a folder of its own.
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it } from "node:test";
import { gzipSync } from "node:zlib";
import { readServegenFolder } from "../../../scripts/io/servegen-folder.ts";
import { loadTrace } from "../../../scripts/io/traces.ts";
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
