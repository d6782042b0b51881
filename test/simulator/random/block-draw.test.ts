import assert from "node:assert/strict";
import test from "node:test";
import { blockDraw } from "../../../simulator/random/block-draw.ts";
import { createLaw } from "../../../simulator/random/laws/index.ts";
import { purposeStream } from "../../../simulator/random/streams.ts";

test("cutting draws into blocks differently gives the same sequence", () => {
  const draw = (cuts: readonly number[]) => {
    const next = blockDraw(createLaw({ kind: "exponential", mean: 1 }), purposeStream(3, "blocks"));
    return cuts.flatMap((count) => [...next(count).subarray(0, count)]);
  };
  assert.deepEqual(draw([1000]), draw([1, 2, 500, 497]));
});
