import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { loadFactor } from "../../../../simulator/world/capacity/fitted-work.ts";

describe("loadFactor", () => {
  const points = [
    [2, 1],
    [6, 3],
    [10, 4],
  ] as const;

  it("is 1 without points and flat before the first", () => {
    assert.equal(loadFactor([], 50), 1);
    assert.equal(loadFactor([[3, 2]], 50), 2);
    assert.equal(loadFactor(points, 1), 1);
  });

  it("is straight between points and goes on along the last line", () => {
    assert.equal(loadFactor(points, 4), 2);
    assert.equal(loadFactor(points, 10), 4);
    assert.equal(loadFactor(points, 30), 9);
  });

  it("does not fall below its last points where the line goes down", () => {
    const falling = [
      [1, 2],
      [2, 1.5],
    ] as const;
    assert.equal(loadFactor(falling, 100), 1.5);
  });
});
