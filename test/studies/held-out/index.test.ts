import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it } from "node:test";
import { runHere } from "../run-here.ts";

const INDEX = join(import.meta.dirname, "../../../studies/held-out/index.ts");

describe("npm run study", () => {
  it("names the worlds, conditions and options that there are", async () => {
    const refused = [
      ["--world", "nowhere"],
      ["--condition", "rain"],
      ["--serve"],
      ["--fast"],
      ["--virtual", "--noise", "good", "--world", "fifo"],
    ];
    const expected = [
      /worlds are steps, fifo/,
      /conditions are base, load/,
      /--serve needs --world/,
      /options are --write/,
      /not a whole number/,
    ];
    for (const [i, args] of refused.entries()) {
      const { status, stderr } = await runHere(INDEX, args);
      assert.equal(status, 2, stderr);
      assert.match(stderr, expected[i]!);
    }
  });
});
