import assert from "node:assert/strict";
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { meridianHere, TINY } from "../run-meridian.ts";

const SIMULATE = ["simulate", TINY, "--set", "requests=300", "--quiet"];

let folder = "";
let runs = "";
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "meridian-"));
  runs = join(folder, "runs");
  const { code, stderr } = await meridianHere([...SIMULATE, "--out", runs]);
  assert.equal(code, 0, stderr);
});
after(() => rm(folder, { recursive: true, force: true }));

describe("meridian report", () => {
  it("rebuilds the same files from result.json alone", async () => {
    const run = join(runs, "latest");
    const before = await Promise.all(["report.html", "summary.md"].map((name) => readFile(join(run, name), "utf8")));
    await writeFile(join(run, "report.html"), "");
    await rm(join(run, "summary.md"));
    const { code, stdout } = await meridianHere(["report", "latest", "--out", runs]);
    assert.equal(code, 0);
    assert.match(stdout, /round-robin/);
    const after = await Promise.all(["report.html", "summary.md"].map((name) => readFile(join(run, name), "utf8")));
    assert.deepEqual(after, before);
  });

  it("prints one format, or writes it elsewhere", async () => {
    const run = join(runs, "latest");
    const markdown = await meridianHere(["report", run, "--format", "md"]);
    assert.equal(markdown.stdout.trimEnd(), (await readFile(join(run, "summary.md"), "utf8")).trimEnd());
    const file = join(folder, "r.html");
    assert.equal((await meridianHere(["report", run, "-o", file])).code, 0);
    assert.equal(await readFile(file, "utf8"), await readFile(join(run, "report.html"), "utf8"));
    const json = await meridianHere(["report", run, "--json"]);
    assert.equal(json.stdout, await readFile(join(run, "result.json"), "utf8"));
  });

  it("puts a playground into the page when asked, the same as simulate does, or says why not", async () => {
    const file = join(folder, "explorable.html");
    const made = await meridianHere(["report", "latest", "--out", runs, "--explorable", "-o", file]);
    assert.equal(made.code, 0, made.stderr);
    const again = await meridianHere([...SIMULATE, "--out", join(folder, "other"), "--explorable"]);
    assert.equal(again.code, 0, again.stderr);
    const [html, simulated, plain] = await Promise.all(
      [file, join(folder, "other", "latest", "report.html"), join(runs, "latest", "report.html")].map((path) =>
        readFile(path, "utf8"),
      ),
    );
    assert.match(html!, /<section id="playground">[\s\S]*id="play-setup"/);
    const ownName = (text: string) => text.replace(/"file":"[^"]*"/, "");
    assert.equal(ownName(simulated!), ownName(html!));
    assert.ok(html!.length - plain!.length < 1_500_000);
    const lone = join(folder, "lone");
    await mkdir(lone);
    await copyFile(join(runs, "latest", "result.json"), join(lone, "result.json"));
    const without = await meridianHere(["report", lone, "--explorable", "-o", file]);
    assert.match(without.stderr, /the report has no playground: the run has no scenario/);
    assert.match(await readFile(file, "utf8"), /Not in this page: the run has no scenario/);
  });

  it("explains what cannot be reported", async () => {
    const format = await meridianHere(["report", join(runs, "latest"), "--format", "pdf"]);
    assert.equal(format.code, 2);
    assert.match(format.stderr, /REPORT_FORMAT.*\n {2}fix: known here: html, md, table/);
    const absent = await meridianHere(["report", "no-such-run", "--out", runs]);
    assert.equal(absent.code, 3);
    assert.match(absent.stderr, /^RUN_NOT_FOUND/);
    const outside = await meridianHere(["report", "..", "--out", join(runs, "latest")]);
    assert.equal(outside.code, 3, "a folder that is named is read, and holds no result");
  });
});
