import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readdir, readFile, readlink, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, beforeEach, describe, it } from "node:test";
import fc from "fast-check";
import {
  latestRunId,
  newRunId,
  probeStore,
  provenance,
  readRun,
  requireStore,
  runFolder,
  saveRun,
} from "../../../scripts/io/run-store.ts";
import { MeridianError } from "../../../simulator/base/errors.ts";

const STORE_URL = new URL("../../../scripts/io/run-store.ts", import.meta.url).href;

describe("run ids", () => {
  it("never lead out of the store", () => {
    for (const id of ["..", ".", "", "a/b", "/etc", "A", "a\\b", "a\0", "x".repeat(65), "~", "-a"]) {
      assert.throws(() => runFolder("/store", id), /RUN_ID/, id);
    }
    fc.assert(
      fc.property(fc.string(), (id) => {
        let folder: string | undefined;
        try {
          folder = runFolder("/store", id);
        } catch (error) {
          assert.ok(error instanceof MeridianError);
        }
        if (folder !== undefined) assert.equal(folder, `/store/${id}`);
      }),
    );
  });

  it("hold name, time and a hash of the content", () => {
    const at = new Date("2026-05-04T03:02:01Z");
    assert.match(newRunId("EU: Spiky!", "a", at), /^eu-spiky-20260504t030201-[0-9a-f]{8}$/);
    assert.equal(newRunId("a", "x", at), newRunId("a", "x", at));
    assert.notEqual(newRunId("a", "x", at), newRunId("a", "y", at));
    fc.assert(fc.property(fc.string(), (name) => void runFolder("/s", newRunId(name, "", at))));
  });
});

describe("saveRun", () => {
  let root = "";
  beforeEach(async () => {
    root = join(await mkdtemp(join(tmpdir(), "meridian-")), "runs");
  });
  afterEach(() => rm(join(root, ".."), { recursive: true, force: true }));

  it("publishes all files and points latest at them", async () => {
    const saved = await saveRun(root, "demo", { "result.json": "{}", "report.html": "<p>" });
    assert.equal(saved.folder, join(root, "demo"));
    assert.deepEqual((await readdir(saved.folder)).sort(), ["report.html", "result.json"]);
    assert.equal(await readFile(join(saved.folder, "report.html"), "utf8"), "<p>");
    assert.equal(await readlink(join(root, "latest")), "demo");
    assert.equal(await latestRunId(root), "demo");
    assert.deepEqual((await readdir(root)).sort(), ["demo", "latest"], "no temporary folder is left");
  });

  it("never writes over a run", async () => {
    await saveRun(root, "demo", { a: "1" });
    const second = await saveRun(root, "demo", { a: "2" });
    assert.equal(second.id, "demo.2");
    assert.equal(await readFile(join(root, "demo", "a"), "utf8"), "1");
    assert.equal(await readFile(join(second.folder, "a"), "utf8"), "2");
  });

  it("gives two savers of one id two whole folders", async () => {
    const script = `import { saveRun } from ${JSON.stringify(STORE_URL)};
      console.log((await saveRun(${JSON.stringify(root)}, "demo", { a: String(process.pid) })).id);`;
    const other = () => spawnSync(process.execPath, ["--input-type=module", "-e", script]);
    await saveRun(root, "demo", { a: "0" });
    assert.equal(other().stdout.toString().trim(), "demo.2");
    assert.equal((await readdir(join(root, "demo.2"))).length, 1);
  });

  it("leaves nothing when a write fails, and names the place", async () => {
    await mkdir(root, { recursive: true });
    await assert.rejects(
      saveRun(root, "demo", { a: "1", b: { length: 3 } as unknown as string }),
      (error) => error instanceof MeridianError && error.exitCode === 4 && error.problems[0]?.where === root,
    );
    assert.deepEqual(await readdir(root), []);
  });

  it("keeps a finished run elsewhere when its folder fails, and says where", async () => {
    await writeFile(join(root, "..", "blocked"), "x");
    const elsewhere = join(root, "..", "elsewhere");
    await assert.rejects(saveRun(join(root, "..", "blocked"), "demo", { a: "1" }, elsewhere), (error) => {
      assert.ok(error instanceof MeridianError && error.exitCode === 4);
      assert.match(error.problems[0]!.fix!, /^nothing is lost: it is in .*elsewhere.demo\. /);
      return true;
    });
    assert.equal(await readFile(join(elsewhere, "demo", "a"), "utf8"), "1");
  });

  it("refuses a folder before there is anything to save, also where making one would never end", async () => {
    for (const folder of [join(root, "..", "file", "x"), "/proc/self/x/y"]) {
      await writeFile(join(root, "..", "file"), "x");
      await assert.rejects(requireStore(folder), /RUN_FOLDER_UNUSABLE {2}--out /);
    }
    await requireStore(join(root, "deep", "deeper"));
    assert.deepEqual(await readdir(join(root, "deep", "deeper")), []);
  });

  it("says when the folder cannot be written to", async () => {
    await writeFile(join(root, "..", "file"), "x");
    await assert.rejects(saveRun(join(root, "..", "file"), "demo", { a: "1" }), /RUN_NOT_SAVED/);
    assert.match((await probeStore(join(root, "..", "file"))) ?? "", /EEXIST|ENOTDIR/);
    assert.equal(await probeStore(root), undefined);
  });

  it("leaves only whole runs when killed at any moment", async () => {
    const script = `import { saveRun } from ${JSON.stringify(STORE_URL)};
      const files = Object.fromEntries(Array.from({ length: 20 }, (_, i) => ["f" + i, "x".repeat(1000)]));
      for (let i = 0; ; i++) await saveRun(${JSON.stringify(root)}, "run" + i, files);`;
    const kill = (afterMs: number) =>
      spawnSync(process.execPath, ["--input-type=module", "-e", script], {
        timeout: afterMs,
        killSignal: "SIGKILL",
      });
    for (const afterMs of [700, 913, 1107]) kill(afterMs);
    // A busy machine takes longer to start the child.
    const saved = async () => (await readdir(root).catch(() => [])).filter((name) => name.startsWith("run"));
    for (let afterMs = 2000; (await saved()).length === 0 && afterMs < 40_000; afterMs *= 2) kill(afterMs);
    const runs = await saved();
    assert.ok(runs.length > 0, "the child was killed before it saved anything; give it longer");
    for (const name of runs) assert.equal((await readdir(join(root, name))).length, 20, name);
    await saveRun(root, "last", { a: "1" });
    const left = (await readdir(root)).filter((name) => name.startsWith(".tmp-"));
    assert.deepEqual(left, [], "the next save sweeps what the kill left");
  });

  it("keeps its hands off the temporary folder of a live process", async () => {
    await saveRun(root, "one", { a: "1" });
    const ours = (await readdir(root)).length;
    const parent = join(root, `.tmp-deadbeef-${process.ppid}-other`);
    await mkdir(parent);
    await saveRun(root, "two", { a: "1" });
    assert.equal((await readdir(root)).length, ours + 2);
    await chmod(parent, 0o700);
  });
});

describe("provenance", () => {
  it("says when a run was made, how long that took and by what", () => {
    const text = provenance(new Date("2026-05-04T03:02:01Z"), new Date("2026-05-04T03:02:03.500Z"));
    const manifest = JSON.parse(readFileSync(new URL("../../../package.json", import.meta.url), "utf8"));
    const { node, hostNode, platform, ...rest } = JSON.parse(text);
    assert.deepEqual(rest, {
      schemaVersion: 1,
      meridian: manifest.version,
      startedAt: "2026-05-04T03:02:01.000Z",
      savedAt: "2026-05-04T03:02:03.500Z",
      elapsedMs: 2500,
    });
    assert.equal(`v${node}`, process.version);
    assert.ok(typeof hostNode === "string" && platform.startsWith(process.platform));
  });
});

const RESULT = {
  schemaVersion: 1,
  scenario: { name: "a" },
  strategies: [{ name: "s", total: {} }],
  comparisons: [],
  verdict: "v",
};

describe("readRun", () => {
  let root = "";
  before(async () => {
    root = await mkdtemp(join(tmpdir(), "meridian-"));
    await saveRun(root, "cut", { "result.json": '{"schemaVersion": 1, "scen' });
    await saveRun(root, "odd", { "result.json": '{"schemaVersion": 1}' });
    await saveRun(root, "new", { "result.json": JSON.stringify({ ...RESULT, schemaVersion: 99 }) });
    await saveRun(root, "bare", { "summary.md": "" });
    await saveRun(root, "good", { "result.json": JSON.stringify(RESULT) });
  });
  after(() => rm(root, { recursive: true }));

  async function codeOf(name: string): Promise<string> {
    const error: unknown = await readRun(name, root).then(
      () => undefined,
      (thrown) => thrown,
    );
    assert.ok(error instanceof MeridianError, name);
    assert.ok(error.problems[0]?.fix, `${name}: a fix is given`);
    return `${error.problems[0]?.code} ${error.exitCode}`;
  }

  it("finds a run by id, by folder, by its result file and by latest", async () => {
    for (const name of ["good", join(root, "good"), join(root, "good", "result.json"), "latest"]) {
      const run = await readRun(name, root);
      assert.equal(run.id, "good");
      assert.deepEqual(run.result, RESULT);
    }
  });

  it("says what is wrong with a run, as input data", async () => {
    assert.equal(await codeOf("cut"), "RUN_DAMAGED 3");
    assert.equal(await codeOf("odd"), "RUN_DAMAGED 3");
    assert.equal(await codeOf("new"), "RUN_VERSION 3");
    assert.equal(await codeOf("bare"), "RUN_NOT_FOUND 3");
    assert.equal(await codeOf("absent"), "RUN_NOT_FOUND 3");
    assert.equal(await codeOf("nowhere/x"), "RUN_NOT_FOUND 3");
  });

  it("refuses ids that lead out of the store", async () => {
    assert.equal(await codeOf("..\\..\\x"), "RUN_ID 2");
    assert.equal(await codeOf("A B"), "RUN_ID 2");
  });
});
