import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { gunzipSync } from "node:zlib";
import { readRunCalls } from "../../../scripts/calibrate/run-calls.ts";
import { BadRows } from "../../../simulator/traffic/bad-rows.ts";
import { writeRunFolder } from "./run-folder.ts";

describe("the attempts of a measured run", () => {
  const folder = join(mkdtempSync(join(tmpdir(), "meridian-run-calls-")), "run");
  const read = (strategies: readonly string[] = []) => readRunCalls(folder, { strategies, badRows: new BadRows() });
  const write = (name: string, content: string) => writeFileSync(join(folder, name), content);
  before(() => writeRunFolder(folder, 2));
  after(() => rmSync(join(folder, ".."), { recursive: true }));

  it("are its rows, one by one, at the place that was called", async () => {
    const { observations, modelIds, notes } = await read();
    const text = gunzipSync(readFileSync(join(folder, "rows-1.jsonl.gz"))).toString();
    const rows = text
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, number>);
    assert.ok(rows.length > 100);
    assert.deepEqual(
      observations.map(({ sentMs, endMs }) => [sentMs, endMs]),
      rows.map(({ s, e }) => [s, e]),
    );
    assert.ok(observations.every(({ region, outcome }) => region === "us-east-1" && outcome === "served"));
    assert.ok(observations.every(({ roundTripMs, maxTokens }) => roundTripMs === 0 && maxTokens === 2000));
    assert.deepEqual([modelIds, notes], [{ nova: "amazon.nova-pro-v1:0" }, []]);
  });

  it("are of the named strategies, which the run must have", async () => {
    assert.deepEqual((await read(["single"])).observations, (await read()).observations);
    await assert.rejects(read(["cheapest"]), /CALIBRATE_NO_STRATEGY.*"single"/s);
  });

  it("come with a note where the run was invalid, and not at all from a folder that names other files", async () => {
    const bench = JSON.parse(readFileSync(join(folder, "bench.json"), "utf8"));
    write("bench.json", JSON.stringify({ ...bench, valid: false }));
    assert.match((await read()).notes.join(), /the run was invalid/);
    write("bench.json", JSON.stringify({ ...bench, strategies: [{ strategy: "single", rows: "../rows-1.jsonl.gz" }] }));
    await assert.rejects(read(), /CALIBRATE_NO_BENCH.*is not of the run/s);
    write("bench.json", "{");
    await assert.rejects(read(), /CALIBRATE_NO_BENCH.*damaged/s);
  });
});
