import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { describe, it } from "node:test";

const INDEX = join(import.meta.dirname, "../../../studies/held-out/index.ts");

function study(...args: readonly string[]): Promise<{ readonly code: number; readonly stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [INDEX, ...args], (error, _stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stderr });
    });
  });
}

describe("npm run study", () => {
  it("names the worlds, conditions and options that there are", async () => {
    const answers = await Promise.all([
      study("--world", "nowhere"),
      study("--condition", "rain"),
      study("--serve"),
      study("--fast"),
      study("--virtual", "--noise", "good", "--world", "fifo"),
    ]);
    assert.deepEqual(
      answers.map(({ code }) => code),
      [2, 2, 2, 2, 2],
    );
    const expected = [
      /worlds are steps, fifo/,
      /conditions are base, load/,
      /--serve needs --world/,
      /options are --write/,
      /no whole number/,
    ];
    answers.forEach(({ stderr }, i) => void assert.match(stderr, expected[i]!));
  });
});
