import assert from "node:assert/strict";
import { test } from "node:test";
import { runHere } from "../run-here.ts";

const entry = new URL("../../../studies/oracles/index.ts", import.meta.url).pathname;

const oracles = (...args: readonly string[]) => runHere(entry, args);

for (const args of [["--budget", "many"], ["--budget", "0x5"], ["--row", "mm1-z"], ["--fast"]]) {
  test(`oracles ${args.join(" ")}: refused with exit code 2 and no stack trace`, async () => {
    const { status, stderr } = await oracles(...args);
    assert.equal(status, 2);
    assert.match(stderr, /ORACLES_USAGE/);
    assert.doesNotMatch(stderr, /\n {4}at /);
  });
}

test("asks the rows that are named and prints a table with a verdict each", async () => {
  const { status, stdout } = await oracles("--budget", "2x2000", "--row", "cost-c", "--row", "cost-a");
  assert.equal(status, 0);
  assert.match(stdout, /\| cost-c .*\| 25 +\| 25 .*met/);
  assert.match(stdout, /2 of 2 rows met/);
});

test("a row that is not met makes the exit code 99", async () => {
  // The first calls of an empty system wait less than later ones: an honest miss.
  const { status, stdout } = await oracles("--budget", "500x20", "--row", "mmc-b");
  assert.equal(status, 99);
  assert.match(stdout, /NOT MET/);
  assert.match(stdout, /0 of 1 rows met/);
});
