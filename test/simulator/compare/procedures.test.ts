import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { PROCEDURES } from "../../../simulator/compare/procedures.ts";

interface Row {
  readonly id: string;
  readonly input: Readonly<Record<string, unknown>>;
  readonly value: unknown;
  readonly tolerance_relative: number;
}
const FILE = join(import.meta.dirname, "..", "..", "..", "studies", "oracles", "reference.json");
const ROWS = (JSON.parse(readFileSync(FILE, "utf8")) as { readonly statistics_rows: readonly Row[] }).statistics_rows;

function run(name: string, input: unknown): Readonly<Record<string, unknown>> {
  return PROCEDURES.find((each) => each.name === name)!.run(input);
}

/** Rows of the reference file by the procedure that answers them. */
const ANSWERED: Readonly<Record<string, string>> = {
  "os-p95": "quantile-ranks",
  "os-min": "quantile-min",
  "t-ci": "t-interval",
  bonf: "bonferroni",
  "rinott-a": "rinott",
  kn: "kn",
  mser5: "mser5",
  "mm1-var": "mm1-wait-variance",
};

for (const [id, name] of Object.entries(ANSWERED)) {
  test(`${name} gives the figures of the reference file`, () => {
    const row = ROWS.find((each) => each.id === id)!;
    const series = Array.from(
      { length: 1000 },
      (_, j) => 5 * Math.exp(-j / 40) + Math.sin(1.7 * j) + 0.3 * Math.cos(0.37 * j),
    );
    const found = run(name, id === "mser5" ? { x: series } : row.input);
    const wanted =
      typeof row.value === "number" ? { value: row.value } : (row.value as Readonly<Record<string, number>>);
    const given = typeof row.value === "number" ? { value: Object.values(found)[0] } : found;
    for (const [key, value] of Object.entries(wanted)) {
      assert.ok(
        Math.abs(Number(given[key]) / value - 1) <= row.tolerance_relative,
        `${key}: ${given[key]} is not ${value}`,
      );
    }
  });
}

test("every procedure runs its own example, names no two alike, and explains a wrong input", () => {
  assert.equal(new Set(PROCEDURES.map(({ name }) => name)).size, PROCEDURES.length);
  for (const { name, example, run: answer } of PROCEDURES) {
    assert.ok(Object.keys(answer(example)).length > 0, name);
    assert.throws(() => answer({ wrong: true }), /STATS_INPUT[\s\S]*fix: an input looks like/, name);
  }
});

test("sobol-indices of Ishigami's function at saltelli-points are those of the reference file", () => {
  const wanted = ROWS.find(({ id }) => id === "sobol")!.value as Readonly<Record<string, number>>;
  const { points } = run("saltelli-points", { rows: 8192, factors: 3 }) as { readonly points: number[][] };
  const y = points.map((point) => {
    const [a, b, c] = point.map((at) => Math.PI * (2 * at - 1)) as [number, number, number];
    return Math.sin(a) + 7 * Math.sin(b) ** 2 + 0.1 * c ** 4 * Math.sin(a);
  });
  const { first, total } = run("sobol-indices", { y, factors: 3 }) as Readonly<Record<"first" | "total", number[]>>;
  for (const [i, key] of ["1", "2", "3"].entries()) {
    assert.ok(Math.abs(first[i]! - wanted[`S${key}`]!) < 0.02, `S${key}: ${first[i]}`);
    assert.ok(Math.abs(total[i]! - wanted[`ST${key}`]!) < 0.02, `ST${key}: ${total[i]}`);
  }
});

test("sobol-points are those of the sequence, and a count that does not fit is named", () => {
  assert.deepEqual(run("sobol-points", { count: 4, dimensions: 2 }).points, [
    [0, 0],
    [0.5, 0.5],
    [0.75, 0.25],
    [0.25, 0.75],
  ]);
  assert.throws(() => run("sobol-indices", { y: [1, 2, 3, 4, 5, 6, 7], factors: 2 }), /factors \+ 2 values/);
});
