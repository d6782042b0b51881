import assert from "node:assert/strict";
import { cpSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before, describe, it } from "node:test";
import { importCommand } from "../../../scripts/commands/import.ts";
import { prepareExperiment } from "../../../scripts/io/experiment.ts";
import { loadTrace } from "../../../scripts/io/traces.ts";
import { checkImportName, importFiles } from "../../../scripts/traffic/imports.ts";

const project = process.cwd();
const fixtures = resolve("test/scripts/fixtures");

async function run(files: readonly string[], options: Readonly<Record<string, unknown>>) {
  const lines: string[] = [];
  const terminal = { out: (text: string) => lines.push(text), note: () => {} };
  await importCommand.run({
    args: files,
    options: { onBadRow: "stop", maxBadRows: 100, out: "runs", ...options },
    terminal: terminal as never,
    signal: new AbortController().signal,
  });
  return lines.join("\n");
}

describe("meridian import", () => {
  before(() => process.chdir(mkdtempSync(join(tmpdir(), "meridian-import-"))));
  after(() => process.chdir(project));

  it("appends what is new, by request id, and a scenario names it", async () => {
    const name = "prod-week-36";
    assert.match(
      await run([join(project, "docs/examples/s3-logs")], { name }),
      /^prod-week-36: 200 requests of 8 files/,
    );
    const log = join(fixtures, "invocation-logs/bedrock-invocation-log.jsonl");
    assert.match(await run([log], { name }), /: 0 requests .*, 200 were there already$/);
    const edge = join(fixtures, "invocation-logs/bedrock-invocation-log-edge-cases.jsonl");
    assert.match(await run([edge], { name, onBadRow: "skip" }), /: 5 requests .*, 3 were there already$/);
    // The same files again stand once.
    await run([edge], { name, onBadRow: "skip" });
    const { recording, notes } = await loadTrace(`imported:${name}`, ".");
    assert.ok(recording.kind === "trace");
    assert.equal(recording.columns.arrivalMs.length, 205);
    assert.equal((await importFiles("runs", name)).length, 2);
    assert.match(notes.join(), /7 of 205 calls tell no output/);
    cpSync(join(project, "docs/examples/my-world.yaml"), "my-world.yaml");
    const set = {
      path: ["traffic", 0, "arrivals"],
      value: { imported: name, only: { model: "claude-haiku-4-5" } },
      origin: "t",
    };
    const { traces } = await prepareExperiment("my-world.yaml", { overrides: [set], strategies: [] });
    assert.deepEqual(
      traces.map((trace) => trace.name),
      [`imported:${name}`],
    );
  });

  it("keeps tokens, times and labels of every format; pseudonyms are stable and keyed", async () => {
    writeFileSync("key.txt", "0123456789abcdef\n");
    const spend = join(fixtures, "request-logs/litellm-spend-logs.json.gz");
    await run([spend], { name: "plain" });
    await run([spend], { name: "masked", anonymise: "key.txt" });
    const [plain, masked] = await Promise.all(["plain", "masked"].map((name) => loadTrace(`imported:${name}`, ".")));
    const own = await loadTrace(spend, ".");
    assert.ok(
      plain!.recording.kind === "trace" && masked!.recording.kind === "trace" && own.recording.kind === "trace",
    );
    assert.deepEqual(plain!.recording.columns.inputTokens, own.recording.columns.inputTokens);
    assert.deepEqual(plain!.recording.columns.arrivalMs, own.recording.columns.arrivalMs);
    assert.deepEqual(plain!.recording.columns.tenantIndex, masked!.recording.columns.tenantIndex);
    assert.ok(masked!.recording.columns.tenantNames!.every((tenant) => /^(tenant-[0-9a-f]{16})?$/.test(tenant)));
  });

  it("refuses names that are none, and says what there is", async () => {
    await assert.rejects(run(["x"], { name: "../x" }), /IMPORT_NAME/);
    assert.throws(() => checkImportName("A b"), /IMPORT_NAME/);
    await assert.rejects(run(["none.csv"], { name: "x" }), /TRACE_NOT_FOUND/);
    await assert.rejects(loadTrace("imported:prod-week-37", "."), /IMPORT_NOT_FOUND.*\n.*did you mean prod-week-36\?/);
    writeFileSync("short.txt", "abc");
    await assert.rejects(run(["x"], { name: "x", anonymise: "short.txt" }), /KEY_FILE_SHORT/);
  });
});
