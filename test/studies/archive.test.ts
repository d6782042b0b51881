import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { packFolder, unpackFolder } from "../../studies/archive.ts";

const home = mkdtempSync(join(tmpdir(), "meridian-archive-"));
after(() => rmSync(home, { recursive: true }));

/** A folder `world` with two files, and its archive in a folder of its own. */
function example(name: string): { readonly folder: string; readonly archive: string; readonly cache: string } {
  const folder = join(home, name, "from", "world");
  mkdirSync(join(folder, "base"), { recursive: true });
  writeFileSync(join(folder, "fitted.yaml"), "a: 1\n");
  writeFileSync(join(folder, "base", "rows.gz"), Buffer.from([0, 1, 2, 255]));
  return { folder, archive: join(home, name, "data", "world.tar.gz"), cache: join(home, name, "cache") };
}

describe("archives of the studies", () => {
  it("give back the files that were packed, and equal files are equal bytes", async () => {
    const { folder, archive, cache } = example("round");
    await packFolder(folder, archive);
    const first = readFileSync(archive);
    const back = await unpackFolder(archive, cache);
    assert.equal(readFileSync(join(back, "fitted.yaml"), "utf8"), "a: 1\n");
    assert.deepEqual([...readFileSync(join(back, "base", "rows.gz"))], [0, 1, 2, 255]);
    assert.equal(await unpackFolder(archive, cache), back);
    await packFolder(folder, archive);
    assert.deepEqual(readFileSync(archive), first);
  });

  it("are such as tar and sha256sum read", async () => {
    const { folder, archive } = example("tools");
    await packFolder(folder, archive);
    const listed = execFileSync("tar", ["-tzf", archive], { encoding: "utf8" });
    assert.deepEqual(listed.trim().split("\n"), ["world/base/rows.gz", "world/fitted.yaml"]);
    assert.match(readFileSync(join(archive, "..", "SHA256SUMS"), "utf8"), /^[0-9a-f]{64} {2}world\.tar\.gz\n$/);
  });

  it("are refused when a byte differs, when they are not listed, and when they are not there", async () => {
    const { folder, archive, cache } = example("damaged");
    await packFolder(folder, archive);
    appendFileSync(archive, "x");
    await assert.rejects(unpackFolder(archive, cache), /STUDY_DATA_DAMAGED.*world\.tar\.gz was changed/s);
    assert.ok(!existsSync(cache), "nothing of it was unpacked");
    writeFileSync(join(archive, "..", "SHA256SUMS"), "");
    await assert.rejects(unpackFolder(archive, cache), /STUDY_DATA_MISSING.*is not in SHA256SUMS/s);
    rmSync(archive);
    await assert.rejects(unpackFolder(archive, cache), /STUDY_DATA_MISSING.*is not there/s);
  });
});
