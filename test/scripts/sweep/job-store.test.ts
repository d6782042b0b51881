import assert from "node:assert/strict";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { createFolderStore } from "../../../scripts/sweep/job-store.ts";
import { openStore } from "../../../scripts/sweep/open-store.ts";

let root = "";
before(async () => {
  root = await mkdtemp(join(tmpdir(), "meridian-jobs-"));
});
after(() => rm(root, { recursive: true }));

const KEY = "ab".padEnd(64, "0");

describe("a store of results in a folder", () => {
  it("keeps a result once, whoever publishes it again", async () => {
    const store = createFolderStore(root);
    assert.equal(await store.isDone(KEY), false);
    assert.equal(await store.read(KEY), undefined);
    const published = await Promise.all(Array.from({ length: 8 }, () => store.publish(KEY, '{"a":1}')));
    assert.equal(published.filter(Boolean).length, 1, "one of eight at the same time is the first");
    assert.equal(await openStore(root).read(KEY), '{"a":1}');
    assert.deepEqual(
      (await readdir(join(root, "ab"))).sort(),
      [`${KEY}.json.gz`, `${KEY}.manifest.json`],
      "nothing half-written is left",
    );
  });

  it("does not count a result without its manifest, as a kill between the two leaves it", async () => {
    const store = createFolderStore(root);
    const key = "cd".padEnd(64, "0");
    await store.publish(key, "x");
    await rm(join(root, "cd", `${key}.manifest.json`));
    assert.equal(await store.isDone(key), false);
    assert.equal(await store.publish(key, "x"), true);
  });

  it("refuses a result that is not the one its manifest names", async () => {
    const store = createFolderStore(root);
    const key = "ef".padEnd(64, "0");
    await store.publish(key, "x");
    await writeFile(join(root, "ef", `${key}.json.gz`), "damaged");
    await assert.rejects(store.read(key), /JOB_DAMAGED.*cannot be unpacked/s);
    await rm(join(root, "ef", `${key}.json.gz`));
    await assert.rejects(store.read(key), /the result is gone/);
  });

  it("says where it cannot write", async () => {
    const file = join(root, "file");
    await writeFile(file, "");
    await assert.rejects(createFolderStore(join(file, "below")).publish(KEY, "x"), /JOB_NOT_SAVED/);
  });

  it("keeps job files, too", async () => {
    const store = createFolderStore(root);
    assert.equal(await store.readSweep("s"), undefined);
    await store.writeSweep("s", "{}");
    assert.equal(await store.readSweep("s"), "{}");
  });
});
