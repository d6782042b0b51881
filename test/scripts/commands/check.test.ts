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

const SONNET_4 = "anthropic.claude-sonnet-4-20250514-v1:0";
/** A price per 1,000 tokens where one per million is meant. */
const PER_1K = `name: ovr
start: 2026-11-01T00:00:00Z
duration: 1m
replications: 1
world:
  regions: [us-east-1]
  profiles: { restrictToWorld: true }
  models:
    s: { id: anthropic.claude-sonnet-4-5-20250929-v1:0, capacity: { kind: slots, servers: unlimited, service: 1s } }
  targets: [us-east-1/us]
  prices: { overrides: [{ model: s, input: 0.0033, output: 0.0165 }] }
traffic:
  - class: c
    arrivals: { deterministic: { interval: 30s } }
    tokens: { input: 500, output: 500, maxTokens: unset }
    origin: us-east-1
strategies: [round-robin]
`;

describe("meridian check", () => {
  it("accepts a good file", async () => {
    const { code, stdout, stderr } = await meridian(["check", TINY]);
    assert.equal(code, 0);
    assert.match(stdout, /^ok {2}.*tiny\.yaml: /);
    assert.equal(stderr, `next: npx meridian simulate ${TINY}\n`);
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
    assert.match(stderr, /3 problems; more may follow once the form is right/);
  });

  it("checks what a resolved scenario must hold too: names of regions and targets", async () => {
    const region = await meridianHere(["check", TINY, "--set", "world.regions[1]=eu-wst-1"]);
    assert.equal(region.code, 2);
    assert.match(region.stderr, /eu-wst-1/);
    assert.match(region.stderr, /1 problem\n/);
    assert.match(region.stderr, /fix: /);
    const target = await meridianHere(["check", TINY, "--set", "strategies[0].single.target=mars"]);
    assert.equal(target.code, 2);
    assert.match(target.stderr, /mars/);
  });

  it("says what is legal and should be known, and for those who plan, which models are legacy", async () => {
    const file = join(folder, "notes.yaml");
    await writeFile(file, PER_1K);
    const { code, stdout, stderr } = await meridianHere(["check", file]);
    assert.deepEqual([code, stderr], [0, `next: npx meridian simulate ${file}\n`]);
    assert.match(
      stdout,
      /note: The price of s is 1,000 times below the list \(0\.0033 against 3\.30 USD.*: per 1K tokens\?/,
    );
    assert.match(stdout, /note: anthropic\.claude-sonnet-4-5-20250929-v1:0 \(s\) is legacy since 2026-10-08/);
    const earlier = await meridianHere(["check", file, "--set", "start=2026-05-04T00:00:00Z"]);
    assert.doesNotMatch(earlier.stdout, /legacy/);
  });

  it("names a mistyped model id once, and a class that no quota can serve", async () => {
    const file = join(folder, "model.yaml");
    await writeFile(file, PER_1K.replace("claude-sonnet", "claude-sonet").replace(/ {2}prices:.*\n/, ""));
    const typo = await meridianHere(["check", file]);
    assert.equal(typo.code, 2);
    assert.match(
      typo.stderr,
      /^MODEL_ID_UNKNOWN .*model\.yaml:9 world\.models\.s\.id: there is no model .*did you mean/,
    );
    assert.match(typo.stderr, /\n1 problem\n$/);
    const quota = 'world.quotas=[{"tokensPerMinute":"50k"}]';
    const unset = await meridianHere(["check", file, "--set", `world.models.s.id=${SONNET_4}`, "--set", quota]);
    assert.equal(unset.code, 2);
    assert.match(
      unset.stderr,
      /model\.yaml:\d+ traffic\[0\]\.tokens\.maxTokens: every call of class c reserves 64,500 > 50,000 tokens a minute of us-east-1\/us\n {2}fix: give maxTokens, or a larger quota\n/,
    );
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

  it("knows the files of other commands, and says which takes them", async () => {
    const file = join(folder, "endpoints.yaml");
    const problemOf = async (text: string) => {
      await writeFile(file, text);
      const { code, stderr } = await meridianHere(["check", file]);
      assert.equal(code, 2, stderr);
      return stderr.replaceAll(file, "x.yaml");
    };
    assert.equal(
      await problemOf("auth: none\nendpoints: { us-east-1: http://127.0.0.1:7400 }\n"),
      `NOT_A_SCENARIO  x.yaml:2 endpoints: this is an endpoints file, not a scenario
  fix: meridian bench <scenario> --target x.yaml calls them; so does meridian probe --endpoints x.yaml
1 problem
`,
    );
    assert.match(
      await problemOf("scenario: a.yaml\nvary: { seed: 1..3 }\n"),
      /this is a sweep file.*\n.*meridian sweep x/,
    );
    assert.match(await problemOf("endpoints: {}\ntraffic: []\n"), /unknown key "endpoints"/);
    assert.match(await problemOf("- endpoints\n"), /^SCENARIO_/);
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
