import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { DAY_MS, HOUR_MS } from "../../../simulator/base/time.ts";
import { arrivalSchema } from "../../../simulator/traffic/arrivals/index.ts";
import { tokensRequired, traceNamesOf } from "../../../simulator/traffic/class-stream.ts";
import { dayShape } from "../../../simulator/traffic/day-shape.ts";
import { tokensSchema } from "../../../simulator/traffic/tokens.ts";
import { classOf, recordingOf, rowsOf } from "./pull.ts";

const ORIGINS = [
  { originIndex: 3, share: 0.7, shapeShiftMs: 0 },
  { originIndex: 1, share: 0.3, shapeShiftMs: 12 * HOUR_MS },
];

describe("rows of a class", () => {
  it("origins by share", () => {
    const rows = rowsOf([classOf("a", { process: "poisson", ratePerS: 1 }, { originShares: ORIGINS })], {
      requestsMax: 20_000,
    });
    const ones = rows.filter((r) => r.originIndex === 1).length;
    assert.ok(Math.abs(ones - 6000) < 4 * Math.sqrt(20_000 * 0.21));
    assert.ok(rows.every((r) => r.originIndex === 1 || r.originIndex === 3));
  });

  it("with a day shape, the origin depends on the time", () => {
    const arrivals = { process: "diurnal", ratePerS: 1, cv: 1, shape: { kind: "recorded", name: "day" } } as const;
    const recordings = { day: { kind: "shape", shape: dayShape([1, 9]) } } as const;
    const rows = rowsOf([classOf("a", arrivals, { originShares: ORIGINS, recordings })], { durationMs: DAY_MS });
    // Before noon origin 3 has weight 1 and origin 1, shifted by half a day, has 9.
    for (const [from, share] of [
      [0, 2.7 / 3.4],
      [12, 0.3 / 6.6],
    ] as const) {
      const part = rows.filter((r) => r.arrivalMs >= from * HOUR_MS && r.arrivalMs < (from + 12) * HOUR_MS);
      const ones = part.filter((r) => r.originIndex === 1).length / part.length;
      assert.ok(
        Math.abs(ones - share) < 4.5 * Math.sqrt((share * (1 - share)) / part.length),
        `${from}: ${ones}, ${share}`,
      );
    }
  });

  it("recorded origins are kept where the scenario knows them", () => {
    const recording = recordingOf([0, 10, 20], {
      originIndex: Uint16Array.of(0, 1, 0),
      originNames: ["paris", "mars"],
    });
    const spec = { process: "trace", trace: "r", scale: 1, timeScale: 1, fromMs: 0, toMs: null, tile: false } as const;
    const arrivals = { ...spec, shiftMs: 0, spreadMs: 0, thin: 1, only: null, unit: null, shape: null };
    const rows = rowsOf([
      { name: "a", arrivals, originShares: [ORIGINS[0]!], recordings: { r: recording }, recordedOrigins: { paris: 5 } },
    ]);
    assert.deepEqual(
      rows.map((r) => r.originIndex),
      [5, 3, 5],
    );
  });

  it("arrivals end before the run does", () => {
    const every = { process: "deterministic", intervalMs: 100 } as const;
    const rows = rowsOf([classOf("a", every)], { durationMs: 1000 });
    assert.deepEqual([rows.length, rows.at(-1)?.arrivalMs], [9, 900]);
  });
});

describe("what a class needs", () => {
  const namesOf = (arrivals: unknown, tokens?: unknown) =>
    traceNamesOf({
      arrivals: arrivalSchema.parse(arrivals),
      ...(tokens === undefined ? {} : { tokens: tokensSchema.parse(tokens) }),
    });

  it("every recording that a class needs, once", () => {
    assert.deepEqual(namesOf({ poisson: "1/s" }, { input: 1, output: 1 }), []);
    assert.deepEqual(namesOf({ trace: "azure-conv-2023", shape: "servegen-m-large" }), [
      "azure-conv-2023",
      "servegen-m-large",
    ]);
    assert.deepEqual(namesOf({ diurnal: { rate: "1/s", shape: "day" } }), ["day"]);
    assert.deepEqual(namesOf({ diurnal: { rate: "1/s", shape: [1, 2] } }), []);
    assert.deepEqual(namesOf({ servegen: {} }), ["servegen-m-large-clients"]);
    const lengths = { input: { recorded: "in" }, output: { recorded: "out" }, maxTokens: { recorded: "out" } };
    assert.deepEqual(namesOf({ poisson: "1/s" }, lengths), ["in", "out"]);
  });

  it("only recorded requests bring their own lengths", () => {
    assert.equal(tokensRequired(arrivalSchema.parse({ trace: "a" })), false);
    assert.equal(tokensRequired(arrivalSchema.parse({ servegen: {} })), true);
  });
});
