import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import {
  checkProbePlace,
  probeFileOf,
  readProbeFile,
  writeProbeFile,
} from "../../../../scripts/io/probe/probe-file.ts";
import type { MeridianError } from "../../../../simulator/errors.ts";
import { probeOf } from "../../../simulator/probe/probes.ts";

let folder = "";
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "meridian-probe-"));
});
after(() => rm(folder, { recursive: true }));

const file = probeFileOf({ ended: "all", harness: null, probes: [probeOf(), probeOf({ error: "dns", message: "x" })] });
const code = (expected: string) => (error: MeridianError) => error.problems[0]!.code === expected;

describe("files of probes", () => {
  it("are read as they were written, and leave nothing else behind", async () => {
    const path = join(folder, "probe.json");
    await checkProbePlace(path);
    await writeProbeFile(path, file);
    await checkProbePlace(path);
    assert.deepEqual(await readProbeFile(path), file);
    assert.deepEqual(await readdir(folder), ["probe.json"]);
    const { schemaVersion, tool, probes } = JSON.parse(await readFile(path, "utf8"));
    assert.deepEqual([schemaVersion, tool, probes.length], [1, "meridian probe", 2]);
  });

  it("are refused before anything is measured where they could not be written", async () => {
    await mkdir(join(folder, "sub"));
    await assert.rejects(checkProbePlace(join(folder, "sub")), code("PROBE_NOT_SAVED"));
    await assert.rejects(checkProbePlace(join(folder, "nothing", "probe.json")), code("PROBE_NOT_SAVED"));
  });

  it("are refused when they are something else", async () => {
    const path = join(folder, "other.json");
    await writeFile(path, "{");
    await assert.rejects(readProbeFile(path), code("PROBE_FILE_DAMAGED"));
    await writeFile(path, JSON.stringify({ ...file, probes: [{ region: "x" }] }));
    await assert.rejects(readProbeFile(path), code("PROBE_FILE_DAMAGED"));
    await assert.rejects(readProbeFile(join(folder, "none.json")), code("PROBE_FILE_NOT_FOUND"));
  });
});
