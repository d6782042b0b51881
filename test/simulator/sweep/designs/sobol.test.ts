import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { SOBOL_DIMENSIONS_MAX, sobolPoints } from "../../../../simulator/sweep/designs/sobol.ts";

describe("Sobol's sequence", () => {
  it("equals SciPy's (qmc.Sobol, not scrambled) in all dimensions", () => {
    const points = sobolPoints(8, SOBOL_DIMENSIONS_MAX);
    assert.deepEqual(
      points[5],
      [
        0.875, 0.875, 0.125, 0.375, 0.875, 0.625, 0.875, 0.375, 0.375, 0.125, 0.375, 0.875, 0.875, 0.125, 0.875, 0.375,
        0.875, 0.375, 0.375, 0.625, 0.625,
      ],
    );
    assert.deepEqual(
      points[7],
      [
        0.125, 0.625, 0.375, 0.125, 0.125, 0.375, 0.625, 0.625, 0.625, 0.875, 0.625, 0.125, 0.625, 0.375, 0.125, 0.125,
        0.125, 0.125, 0.625, 0.875, 0.875,
      ],
    );
  });

  it("equals it far along, too", () => {
    assert.deepEqual(
      sobolPoints(778, SOBOL_DIMENSIONS_MAX)[777],
      [
        0.6923828125, 0.9365234375, 0.1630859375, 0.2744140625, 0.6357421875, 0.3564453125, 0.1904296875, 0.7626953125,
        0.3486328125, 0.3232421875, 0.7451171875, 0.6962890625, 0.3837890625, 0.4736328125, 0.5693359375, 0.5146484375,
        0.4033203125, 0.8642578125, 0.3701171875, 0.7529296875, 0.2373046875,
      ],
    );
  });

  it("takes each of 2^m strata once in every dimension", () => {
    const points = sobolPoints(256, SOBOL_DIMENSIONS_MAX);
    for (let dimension = 0; dimension < SOBOL_DIMENSIONS_MAX; dimension++)
      assert.equal(
        new Set(points.map((point) => Math.floor(point[dimension]! * 256))).size,
        256,
        `dimension ${dimension}`,
      );
  });
});
