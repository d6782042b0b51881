import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, describe, it } from "node:test";
import { pathToFileURL } from "node:url";
import { joinChunks, type Modules } from "../../../scripts/build/join-chunks.ts";

/** Two programs and a library on chunks that use each other's names, and say when they are evaluated. */
const TEXTS: Readonly<Record<string, string>> = {
  "chunks/a.js": 'const name="a";globalThis.seen=[name];export{name as a};',
  "chunks/b.js": 'import{a}from"./a.js";const name="b"+a;globalThis.seen.push(name);export{name as b,name as same};',
  "chunks/c.js": 'import"./b.js";import{sep}from"node:path";const name="c"+sep;export{name as c,name as same};',
  "chunks/late.js": 'import{b}from"./b.js";const late="late "+b;export{late};',
  "chunks/verb.js":
    'import{c as mine,same}from"./c.js";import{b}from"./b.js";const verb=[mine,same,b].join();export{verb};',
  "start.js": 'import{a}from"./chunks/a.js";const load=()=>import("./chunks/verb.js");export{a,load};',
  "library.js": 'import{b as named}from"./chunks/b.js";export{named};',
  "other.js": 'import{c}from"./chunks/c.js";const later=()=>import("./chunks/b.js");export{c,later};',
};

describe("chunks that are joined", () => {
  let folder: string;
  let joined: Modules;
  const path = (name: string) => join(folder, name);
  const load = async (name: string): Promise<Readonly<Record<string, unknown>>> =>
    import(pathToFileURL(path(name)).href);

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "meridian-joined-"));
    const modules = new Map(Object.entries(TEXTS).map(([name, text]) => [path(name), text]));
    const start = [path("start.js"), path("chunks/verb.js")];
    joined = await joinChunks(modules, { start, apart: [path("library.js")], folder: path("chunks") });
    for (const [file, text] of joined) {
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
    }
    writeFileSync(path("package.json"), '{"type":"module"}');
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it("are fewer: what the library needs, and what it does not", () => {
    const names = [...joined.keys()].map((file) => file.slice(folder.length + 1)).sort();
    const stay = ["chunks/b.js", "chunks/late.js", "chunks/verb.js", "library.js", "other.js", "start.js"];
    assert.deepEqual(names, ["chunks/joined-1.js", "chunks/joined-2.js", ...stay].sort());
  });

  it("give every program the names that it had, evaluated once and in order", async () => {
    const { a, load: loadVerb } = await load("start.js");
    assert.equal(a, "a");
    assert.deepEqual(await (loadVerb as () => Promise<unknown>)().then((verb) => ({ ...(verb as object) })), {
      verb: "c/,c/,ba",
    });
    assert.equal((await load("library.js")).named, "ba");
    assert.equal((await load("chunks/late.js")).late, "late ba");
    const { c, later } = await load("other.js");
    assert.equal(c, "c/");
    assert.deepEqual({ ...((await (later as () => Promise<unknown>)()) as object) }, { b: "ba", same: "ba" });
    assert.deepEqual((globalThis as { seen?: unknown }).seen, ["a", "ba"]);
  });

  it("leave a library what it needs, and no more", () => {
    const [, needed] = /from"\.\/chunks\/(joined-\d\.js)"/.exec(joined.get(path("library.js"))!)!;
    assert.doesNotMatch(joined.get(path(`chunks/${needed}`))!, /node:path/);
  });
});
