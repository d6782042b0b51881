import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fittedPartsOf, fittedShape, loadFactor } from "../../../../simulator/service/capacity/fitted-work.ts";
import { capacitySchema, capacitySpecOf, gatewaySchema } from "../../../../simulator/service/capacity/index.ts";

describe("a fitted capacity in a scenario", () => {
  it("is nothing but its kind unless given", () => {
    const spec = capacitySpecOf(capacitySchema.parse({ kind: "fitted" }));
    assert.ok(spec.kind === "fitted");
    assert.deepEqual(
      [spec.servers, spec.waitingRoom, spec.promptBaseMs, spec.perOutputTokenMs, spec.prompts, spec.load],
      [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, 0, 0, "own", []],
    );
  });

  it("has its parts in the words of a measurement", () => {
    const spec = capacitySpecOf(
      capacitySchema.parse({
        kind: "fitted",
        servers: 8,
        waitingRoom: 20,
        prompt: {
          base: "80ms",
          perToken: "0.15ms",
          paced: "serial",
          slowdown: 0.2,
          noise: { lognormal: { mean: 1, cv: 0.2 } },
        },
        output: { perToken: "9ms", sharedNoise: true, whole: true },
        load: {
          factors: [
            [1, 1],
            [10, 2],
          ],
          counts: "decoding",
          applies: "at-start",
        },
        background: { mean: 3 },
      }),
    );
    assert.ok(spec.kind === "fitted");
    assert.deepEqual([spec.servers, spec.waitingRoom, spec.promptPerTokenMs, spec.prompts], [8, 20, 0.15, "serial"]);
    assert.deepEqual(
      [spec.promptSlowdown, spec.perOutputTokenMs, spec.sharedNoise, spec.isWhole],
      [0.2, 9, true, true],
    );
    assert.deepEqual(
      [spec.load, spec.counts, spec.applies],
      [
        [
          [1, 1],
          [10, 2],
        ],
        "decoding",
        "at-start",
      ],
    );
    assert.equal(spec.background?.mean, 3);
    assert.deepEqual(spec.promptNoise, { kind: "lognormal", mean: 1, cv: 0.2 });
  });

  it("refuses points that do not ascend, and does not stand before the routing", () => {
    const load = {
      factors: [
        [5, 1],
        [2, 2],
      ],
    };
    assert.equal(capacitySchema.safeParse({ kind: "fitted", load }).success, false);
    assert.equal(gatewaySchema.safeParse({ kind: "fitted" }).success, false);
    assert.equal(typeof fittedPartsOf, "function");
    assert.ok("prompt" in fittedShape);
  });
});

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
