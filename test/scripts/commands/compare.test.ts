import assert from "node:assert/strict";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { ComparisonResult } from "../../../simulator/compare/result.ts";
import { meridianHere, TINY } from "../run-meridian.ts";

const folder = mkdtempSync(join(tmpdir(), "meridian-compare-"));
const runs = join(folder, "runs");
after(() => rmSync(folder, { recursive: true, force: true }));
before(async () => {
  for (const set of [[], ["--set", "world.models.nova.capacity.service.exponential.mean=1200ms"]]) {
    const { code, stderr } = await meridianHere([
      "simulate",
      TINY,
      "--replications",
      "3",
      "--out",
      runs,
      "--quiet",
      "--set",
      "requests=600",
      ...set,
    ]);
    assert.equal(code, 0, stderr);
  }
});
const here = (...args: readonly string[]) => meridianHere([...args, "--out", runs]);

describe("meridian compare", () => {
  it("says what differs by its path, pairs the replications, and prints a table with the verdict first", async () => {
    const { code, stdout, stderr } = await here("compare", "latest~1", "latest");
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^latest against latest~1: /);
    assert.match(
      stdout,
      /B differs from A in:\n *world\.models\.nova\.capacity\.service\.exponential\.mean: 1s -> 1200ms\n/,
    );
    assert.match(stdout, /paired replications: the same seed and the same traffic/);
    assert.ok(stdout.split("\n").every((line) => line.length <= 160));
  });

  it("is kept for meridian sql, once however often it is asked for", async () => {
    const json = await here("compare", "latest~1", "latest", "--json");
    const { rows } = JSON.parse(json.stdout) as ComparisonResult;
    await here("compare", "latest~1", "latest");
    const query =
      "SELECT count(*) AS n, count(DISTINCT run) AS runs, min(p_holm) AS p FROM comparisons WHERE against = 'run'";
    const asked = await here("sql", query, "--json");
    const [found] = (JSON.parse(asked.stdout) as { rows: readonly Record<string, number>[] }).rows;
    const least = Math.min(...rows.flatMap(({ pHolm }) => (pHolm === null ? [] : [pHolm])));
    assert.deepEqual(found, { n: rows.length, runs: 1, p: least });
  });

  it("compares a run with itself and finds nothing at all", async () => {
    cpSync(join(runs, "latest"), join(folder, "copy"), { recursive: true, dereference: true });
    const { code, stdout } = await here("compare", "latest", join(folder, "copy"), "--fail-on", "regression");
    assert.equal(code, 0);
    assert.match(stdout, /no difference at all/);
    assert.match(stdout, /passed {2}regression/);
  });

  it("gives 99 for a failed gate, with JUnit, and all formats have the same figures", async () => {
    const junit = join(folder, "gates.xml");
    const gate = "p95(e2e) > +1%";
    const { code, stdout, stderr } = await here(
      "compare",
      "latest~1",
      "latest",
      "--fail-on",
      gate,
      "--junit",
      junit,
      "--json",
    );
    assert.equal(code, 99, stderr);
    assert.match(stderr, /GATE_FAILED {2}p95\(e2e\) > \+1%; found latest /);
    const result = JSON.parse(stdout) as ComparisonResult;
    assert.deepEqual(
      result.gates.map(({ passed }) => passed),
      [false],
    );
    assert.match(readFileSync(junit, "utf8"), /<testsuite .*tests="1" failures="1"/);
    const csv = await here("compare", "latest~1", "latest", "--format", "csv");
    assert.equal(csv.stdout.trim().split("\n").length, result.rows.length + 1);
    const markdown = join(folder, "comparison.md");
    assert.equal((await here("compare", "latest~1", "latest", "-o", markdown)).code, 0);
    assert.match(readFileSync(markdown, "utf8"), /^\*\*latest against latest&#126;1: /);
    const page = join(folder, "comparison.html");
    assert.equal((await here("compare", "latest~1", "latest", "-o", page)).code, 0);
    assert.match(readFileSync(page, "utf8"), /^<!doctype html>/);
  });

  it("refuses unlike runs with the reason, and compares them when forced", async () => {
    const other = join(folder, "other.json");
    const result = JSON.parse(readFileSync(join(runs, "latest", "result.json"), "utf8"));
    writeFileSync(other, JSON.stringify({ ...result, durationMs: 1 }));
    const refused = await here("compare", "latest", other);
    assert.equal(refused.code, 3);
    assert.match(refused.stderr, /COMPARE_REFUSED {2}The runs have different lengths.*\n {2}fix: .*--force/);
    const forced = await here("compare", "latest", other, "--force");
    assert.equal(forced.code, 0);
    assert.match(forced.stdout, /Forced: The runs have different lengths/);
  });

  it("names what is wrong with its words", async () => {
    for (const [args, code, words] of [
      [["latest"], 2, /COMPARE_ONE_RUN/],
      [["latest", "latest~9"], 3, /RUN_NOT_FOUND.*latest~9[\s\S]*there are 2 runs/],
      [["latest", "tiny-nowhere-*"], 3, /RUN_NOT_FOUND/],
      [["latest", "latest~1", "--metric", "p95"], 2, /COMPARE_METRIC/],
      [["latest", "latest~1", "--match", "x"], 2, /COMPARE_MATCH/],
      [["latest", "latest~1", "--format", "pdf"], 2, /COMPARE_FORMAT/],
      [["latest", "latest~1", "--fail-on", "p95 >"], 2, /GATE_UNREADABLE/],
    ] as const) {
      const { code: found, stderr } = await here("compare", ...args);
      assert.equal(found, code, stderr);
      assert.match(stderr, words);
    }
  });
});

describe("meridian runs and meridian sql", () => {
  it("tells a folder without runs from a filter that none passes", async () => {
    const empty = await meridianHere(["runs", "--out", join(folder, "empty")]);
    assert.equal(empty.code, 0);
    assert.match(empty.stderr, /^no run has been saved in .*empty yet$/m);
    assert.match((await here("runs", "--tag", "none")).stderr, /^no such run in /m);
  });

  it("lists the newest first, tags, names, filters; compare takes names, tags and patterns", async () => {
    const listed = JSON.parse((await here("runs", "--json")).stdout);
    assert.equal(listed.runs.length, 2);
    assert.ok(listed.runs[0].savedAt >= listed.runs[1].savedAt);
    assert.match((await here("runs", "tag", "latest", "slow")).stdout, /: slow$/m);
    assert.equal((await here("runs", "name", "main", "latest~1")).code, 0);
    const filtered = await here("runs", "--tag", "slow");
    assert.equal(filtered.stdout.trim().split("\n").length, 2);
    for (const args of [["latest", "--baseline", "main"], ["main", "tag:slow"], ["tiny-*"]]) {
      assert.equal((await here("compare", ...args)).code, 0, args.join(" "));
    }
  });

  it("answers SQL in each format, and refuses everything but a SELECT on the store", async () => {
    const query = "SELECT strategy, count(*) AS runs FROM strategies GROUP BY strategy ORDER BY strategy";
    const json = JSON.parse((await here("sql", query, "--json")).stdout);
    assert.ok(json.rows.length > 0 && json.rows.every((row: { runs: number }) => row.runs === 2));
    assert.match((await here("sql", query, "--format", "csv")).stdout, /^strategy,runs\r?\n/);
    assert.match((await here("sql", query, "--format", "md")).stdout, /^\| strategy +\| runs \|/);
    assert.match((await here("sql", query)).stdout, /^strategy +runs\n/);
    assert.match((await here("sql")).stdout, /run_records/);
    const refused = await here("sql", "SELECT * FROM read_csv('/etc/passwd')");
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /^STORE_QUERY/);
  });

  it("removes only what it is told to, and only when it is told so twice", async () => {
    const before = await here("runs", "prune", "--keep", "0");
    assert.match(before.stderr, /nothing to remove/, "one run has a tag, the other a name");
    assert.equal((await here("runs", "untag", "latest", "slow")).code, 0);
    assert.match((await here("runs", "prune", "--keep", "0")).stdout, /^would remove /);
    assert.match((await here("runs", "remove", "latest", "--yes")).stdout, /^removed /);
    assert.equal(existsSync(join(runs, "latest")), false);
    assert.equal(JSON.parse((await here("runs", "--json")).stdout).runs.length, 1);
    for (const args of [["dance"], ["tag", "main"], ["unname", "unknown"], ["prune"], ["name", "x"]]) {
      const { code, stderr } = await here("runs", ...args);
      assert.ok(code === 2 || code === 3, stderr);
      assert.match(stderr, / {2}fix: /);
    }
    assert.equal((await here("runs", "unname", "main")).code, 0);
  });
});
