import assert from "node:assert/strict";
import { test } from "node:test";
import { runHere } from "../run-here.ts";

const entry = new URL("../../../studies/league/index.ts", import.meta.url).pathname;

for (const args of [["no-such-scenario"], ["flagship", "--replications", "none"], ["--fast"]]) {
  test(`league ${args.join(" ")}: refused with exit code 2 and no stack trace`, async () => {
    const { status, stderr } = await runHere(entry, args);
    assert.equal(status, 2);
    assert.match(stderr, /LEAGUE_USAGE/);
    assert.doesNotMatch(stderr, /\n {4}at /);
  });
}
