import assert from "node:assert/strict";
import { test } from "node:test";
import { runChild } from "../../../scripts/bench/child.ts";
import { MeridianError } from "../../../simulator/errors.ts";

const environmentError = (error: unknown) => error instanceof MeridianError && error.exitCode === 4;

test("returns what the program printed", async () => {
  assert.equal(await runChild(process.execPath, ["-e", "process.stdout.write('42')"], 10_000), "42");
});

test("a program that fails is an environment error with its last words", async () => {
  await assert.rejects(
    runChild(process.execPath, ["-e", "console.error('no luck'); process.exit(3)"], 10_000),
    (error) => environmentError(error) && (error as Error).message.includes("no luck"),
  );
});

test("a program that hangs is ended, one that is missing is named", async () => {
  await assert.rejects(runChild(process.execPath, ["-e", "setInterval(() => {}, 1000)"], 300), environmentError);
  await assert.rejects(runChild("no-such-program-here", [], 1_000), environmentError);
});
