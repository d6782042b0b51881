import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { meridian, meridianHere, TINY } from "../run-meridian.ts";

let folder = "";
let bad = "";
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "meridian-"));
  bad = join(folder, "bad.yaml");
  const good = await readFile(TINY, "utf8");
  await writeFile(
    bad,
    good.replace("servers: 8", "server: 8").replace("poisson: 6/s", "poisson: fast").replace("seed: 42", "seed: -1"),
  );
});
after(() => rm(folder, { recursive: true }));

describe("meridian check", () => {
  it("accepts a good file", async () => {
    const { code, stdout, stderr } = await meridian(["check", TINY]);
    assert.deepEqual([code, stderr], [0, ""]);
    assert.match(stdout, /^ok {2}.*tiny\.yaml: /);
  });

  it("names every problem with line, path and fix, and exits 2", async () => {
    const { code, stdout, stderr } = await meridianHere(["check", TINY, bad]);
    assert.equal(code, 2);
    assert.match(stdout, /^ok /);
    const codes = stderr.split("\n").filter((line) => /^[A-Z]/.test(line));
    assert.equal(codes.length, 3, stderr);
    assert.match(stderr, /bad\.yaml:5 seed: /);
    assert.match(stderr, /unknown key "server"\n {2}fix: did you mean "servers"\?/);
    assert.match(stderr, /bad\.yaml:\d+ traffic\[0\]\.arrivals\.poisson: /);
    assert.match(stderr, /3 problems/);
  });

  it("checks what a resolved scenario must hold too: names of regions and targets", async () => {
    const region = await meridianHere(["check", TINY, "--set", "world.regions[1]=eu-wst-1"]);
    assert.equal(region.code, 2);
    assert.match(region.stderr, /eu-wst-1/);
    assert.match(region.stderr, /fix: /);
    const target = await meridianHere(["check", TINY, "--set", "strategies[0].single.target=mars"]);
    assert.equal(target.code, 2);
    assert.match(target.stderr, /mars/);
  });

  it("refuses with its line what could only fail in the run: no origin, no tokens, a law without values", async () => {
    const good = await readFile(TINY, "utf8");
    const problemOf = async (name: string, text: string) => {
      const file = join(folder, name);
      await writeFile(file, text);
      const { code, stderr } = await meridianHere(["check", file]);
      assert.equal(code, 2, stderr);
      assert.match(stderr, /\n1 problem/);
      return stderr;
    };
    const traffic = "traffic: [{ class: chat, arrivals: { poisson: 1/s }";
    const rest = (text: string) => good.replace(/^traffic:\n(?: .*\n)+/m, `${text} }]\n`);
    const line =
      rest(traffic)
        .split("\n")
        .findIndex((each) => each.startsWith("traffic:")) + 1;
    const tokens = "tokens: { input: 5, output: 5 }";
    const place = (path: string) => new RegExp(`:${line} traffic\\[0\\]\\.${path}`);
    const origin = await problemOf("origin.yaml", rest(`${traffic}, ${tokens}, origin: {}`));
    assert.match(origin, place("origin: no origin is named\n {2}fix: write a region, or shares of several"));
    assert.match(await problemOf("tokens.yaml", rest(traffic)), place("tokens: no input and output tokens are given"));
    const law = tokens.replace("input: 5", "input: { lognormal: { mean: 1200, cv: 1e308 } }");
    assert.match(await problemOf("cv.yaml", rest(`${traffic}, ${law}`)), /cv must be at most 1000/);
  });

  it("answers programs with one document", async () => {
    const { code, stdout } = await meridianHere(["check", TINY, bad, "--json"]);
    assert.equal(code, 2);
    const document = JSON.parse(stdout) as {
      kind: string;
      ok: boolean;
      files: { ok: boolean; problems: { code: string; where: string; fix: string }[] }[];
    };
    assert.deepEqual(
      [document.kind, document.ok, document.files.map((file) => file.ok)],
      ["check", false, [true, false]],
    );
    for (const problem of document.files[1]!.problems) assert.ok(problem.code && problem.where && problem.fix);
  });

  it("applies overrides before it checks", async () => {
    assert.equal((await meridianHere(["check", TINY, "--seed", "7", "--replications", "2"])).code, 0);
    const wrong = await meridianHere(["check", TINY, "--set", "sed=1"]);
    assert.equal(wrong.code, 2);
    assert.match(wrong.stderr, /--set sed=1 sed: unknown key "sed"/);
  });

  it("explains files that are none", async () => {
    for (const [file, pattern] of [
      [join(folder, "absent.yaml"), /SCENARIO_NOT_FOUND/],
      [folder, /SCENARIO_IS_DIRECTORY/],
    ] as const) {
      const { code, stderr } = await meridianHere(["check", file]);
      assert.equal(code, 2);
      assert.match(stderr, pattern);
      assert.match(stderr, /fix: /);
    }
  });
});
