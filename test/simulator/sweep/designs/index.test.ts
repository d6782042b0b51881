import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { grid } from "../../../../simulator/sweep/designs/grid.ts";
import { DESIGNS } from "../../../../simulator/sweep/designs/index.ts";
import { latinHypercube } from "../../../../simulator/sweep/designs/latin-hypercube.ts";
import { list } from "../../../../simulator/sweep/designs/list.ts";
import { sensitivity } from "../../../../simulator/sweep/designs/sensitivity.ts";
import { sobol } from "../../../../simulator/sweep/designs/sobol.ts";
import { tornado } from "../../../../simulator/sweep/designs/tornado.ts";
import { type Factor, parseRange } from "../../../../simulator/sweep/job.ts";

const LOAD = parseRange("load", "0..1x3")!;
const QUOTA: Factor = { kind: "list", path: "quota", values: ["a", "b"] };

describe("designs", () => {
  it("are all in the registry", () => {
    assert.deepEqual(DESIGNS, [grid, list, latinHypercube, sobol, sensitivity, tornado]);
  });

  it("grid: every combination, the last factor fastest", () => {
    const points = grid.points({ factors: [LOAD, QUOTA], points: 0, seed: 1 });
    assert.deepEqual(points, [
      [0, "a"],
      [0, "b"],
      [0.5, "a"],
      [0.5, "b"],
      [1, "a"],
      [1, "b"],
    ]);
    const wide = Array.from({ length: 7 }, (_, i) => parseRange(`f${i}`, "0..1x10")!);
    assert.throws(() => grid.points({ factors: wide, points: 0, seed: 1 }), /10,000,000 points/);
  });

  it("list: side by side, of equal lengths", () => {
    const two = parseRange("load", "0..1x2")!;
    assert.deepEqual(list.points({ factors: [two, QUOTA], points: 0, seed: 1 }), [
      [0, "a"],
      [1, "b"],
    ]);
    assert.throws(() => list.points({ factors: [LOAD, QUOTA], points: 0, seed: 1 }), /3 and 2 values/);
  });

  it("latin-hypercube: each of n parts of a range once, another order with another seed", () => {
    const points = latinHypercube.points({
      factors: [LOAD, QUOTA],
      points: 50,
      seed: 1,
    }) as readonly (readonly [number, string])[];
    assert.equal(new Set(points.map(([load]) => Math.floor(load * 50))).size, 50);
    assert.equal(points.filter(([, quota]) => quota === "a").length, 25);
    assert.deepEqual(latinHypercube.points({ factors: [LOAD, QUOTA], points: 50, seed: 1 }), points);
    assert.notDeepEqual(latinHypercube.points({ factors: [LOAD, QUOTA], points: 50, seed: 2 }), points);
  });

  it("sobol: more points only add to those before", () => {
    const of = (points: number) => sobol.points({ factors: [LOAD], points, seed: 1 });
    assert.deepEqual(of(8).slice(0, 4), of(4));
    const many = Array.from({ length: 22 }, (_, i) => parseRange(`f${i}`, "0..1")!);
    assert.throws(() => sobol.points({ factors: many, points: 4, seed: 1 }), /at most 21 factors, not 22/);
  });

  it("sensitivity: rows of A, B and A with each factor of B", () => {
    const other = parseRange("other", "0..1")!;
    const points = sensitivity.points({ factors: [LOAD, other], points: 4, seed: 1 });
    assert.equal(points.length, 4 * 4);
    for (let row = 0; row < 4; row++) {
      const [a, b, first, second] = points.slice(4 * row, 4 * row + 4) as [number[], number[], number[], number[]];
      assert.deepEqual(
        [first, second],
        [
          [b[0], a[1]],
          [a[0], b[1]],
        ],
      );
      assert.notDeepEqual(a, b);
    }
  });

  it("tornado: as it is, then each factor's ends alone", () => {
    const none = undefined;
    assert.deepEqual(tornado.points({ factors: [LOAD, QUOTA], points: 0, seed: 1 }), [
      [none, none],
      [0, none],
      [1, none],
      [none, "a"],
      [none, "b"],
    ]);
  });
});
