import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { readTar, writeTar } from "../../../../scripts/bench/kubernetes/archive.ts";

const folder = mkdtempSync(join(tmpdir(), "meridian-tar-test-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const bytes = (text: string) => new TextEncoder().encode(text);
const LONG = `${"folder-with-a-name/".repeat(7)}file.ts`;

describe("tar files", () => {
  const entries = [
    { name: "metadata.json", bytes: bytes('{"a":1}') },
    { name: "data", bytes: bytes("x".repeat(512)) },
    { name: LONG, bytes: bytes("") },
  ];

  it("come back as they were written, with the same bytes every time", () => {
    const tar = writeTar(entries);
    assert.deepEqual(tar, writeTar(entries));
    const back = readTar(tar).map(({ name, bytes: content }) => [name, `${Buffer.from(content)}`]);
    assert.deepEqual(back, [
      ["metadata.json", '{"a":1}'],
      ["data", "x".repeat(512)],
      [LONG, ""],
    ]);
  });

  it("are read by tar", () => {
    const file = join(folder, "ours.tar");
    writeFileSync(file, writeTar(entries));
    execFileSync("tar", ["xf", file, "-C", folder]);
    assert.equal(readFileSync(join(folder, "metadata.json"), "utf8"), '{"a":1}');
    assert.equal(readFileSync(join(folder, LONG), "utf8"), "");
    assert.equal(readFileSync(join(folder, "data"), "utf8"), "x".repeat(512));
  });

  it("of tar are read", () => {
    mkdirSync(join(folder, "in", "sub"), { recursive: true });
    writeFileSync(join(folder, "in", "sub", "a.txt"), "hello");
    execFileSync("tar", ["--format=ustar", "-cf", join(folder, "theirs.tar"), "-C", join(folder, "in"), "sub"]);
    const read = readTar(readFileSync(join(folder, "theirs.tar")));
    assert.deepEqual(
      read.map(({ name, bytes: content }) => [name, `${Buffer.from(content)}`]),
      [["sub/a.txt", "hello"]],
    );
  });

  it("with a name that fits nowhere are refused", () => {
    assert.throws(() => writeTar([{ name: "x".repeat(300), bytes: bytes("") }]), /too long/);
  });
});
