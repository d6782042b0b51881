import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { loadLinearSolver } from "../../../scripts/io/lp.ts";
import { simplex } from "../../simulator/base/simplex.ts";

const highs = await loadLinearSolver();

test("solved by hand: optimum, place and duals", () => {
  // min 2x + 3y with x + y = 4 and x <= 1: x = 1, y = 3; one more of the first costs 3, of the second saves 1.
  const programme = {
    costs: [2, 3],
    rows: [
      { columns: [0, 1], coefficients: [1, 1], relation: "=" as const, limit: 4 },
      { columns: [0], coefficients: [1], relation: "<=" as const, limit: 1 },
    ],
  };
  assert.deepEqual(highs(programme), { objective: 11, x: [1, 3], duals: [3, -1] });
  assert.ok(Math.abs(simplex(programme)!.objective - 11) < 1e-9);
});

test("what cannot be met is null", () => {
  const rows = [
    { columns: [0], coefficients: [1], relation: "=" as const, limit: 4 },
    { columns: [0], coefficients: [1], relation: "<=" as const, limit: 1 },
  ];
  assert.equal(highs({ costs: [1], rows }), null);
  assert.equal(simplex({ costs: [1], rows }), null);
});

test("agrees with an independent simplex on random transport problems", () => {
  const amount = fc.integer({ min: 0, max: 20 });
  const problem = fc.record({
    demands: fc.array(amount, { minLength: 1, maxLength: 4 }),
    capacities: fc.array(amount, { minLength: 1, maxLength: 4 }),
    prices: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 16, maxLength: 16 }),
  });
  fc.assert(
    fc.property(problem, ({ demands, capacities, prices }) => {
      const at = (d: number, c: number) => d * capacities.length + c;
      const ones = (columns: number[]) => ({ columns, coefficients: columns.map(() => 1) });
      const all = { d: [...demands.keys()], c: [...capacities.keys()] };
      const programme = {
        costs: all.d.flatMap((d) => all.c.map((c) => prices[d * 4 + c]!)),
        rows: [
          ...all.d.map((d) => ({ ...ones(all.c.map((c) => at(d, c))), relation: "=" as const, limit: demands[d]! })),
          ...all.c.map((c) => ({
            ...ones(all.d.map((d) => at(d, c))),
            relation: "<=" as const,
            limit: capacities[c]!,
          })),
        ],
      };
      const [one, other] = [highs(programme), simplex(programme)];
      assert.equal(one === null, other === null);
      if (one !== null) assert.ok(Math.abs(one.objective - other!.objective) < 1e-6);
    }),
    { numRuns: 60 },
  );
});
