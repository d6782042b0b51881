import assert from "node:assert/strict";
import { test } from "node:test";
import { z } from "zod";
import { pricesSchema, recordedPriceFiles } from "../../../../simulator/service/pricing/schema.ts";

function refusal(input: unknown): string {
  const parsed = pricesSchema.safeParse(input);
  assert.equal(parsed.success, false);
  return JSON.stringify(parsed.error?.issues);
}

function hourly(input: unknown) {
  return pricesSchema.parse({ hourly: input }).hourly;
}

test("an empty block is today's published prices", () => {
  const spec = pricesSchema.parse({});
  assert.equal(spec.book, "aws-2026-09");
  assert.deepEqual(spec.hourly, { kind: "flat" });
  assert.equal(spec.billing, "source");
  assert.equal(spec.routingFeeUsdPer1kDecisions, 0.0005);
});

test("a swing alone is refused, naming its three readings", () => {
  for (const swing of ["31%", 0.31, {}, { peakToTrough: 1.31, plusMinus: 0.31 }]) {
    const text = refusal({ hourly: { sine: { swing, peakAt: "15:00 local" } } });
    for (const reading of ["peakToTrough: 1.31", "troughBelowPeak", "plusMinus"])
      assert.ok(text.includes(reading), text);
  }
  assert.match(refusal({ hourly: { sine: { swing: "31%", peakAt: "15:00 local" } } }), /ambiguous/);
});

test("the readings take a ratio, a percentage or a share", () => {
  const amplitude = (swing: unknown) => {
    const curve = hourly({ sine: { swing, peakAt: "15:00 local" } });
    return curve.kind === "sine" ? curve.amplitude : Number.NaN;
  };
  assert.ok(Math.abs(amplitude({ peakToTrough: 1.31 }) - 0.31 / 2.31) < 1e-12);
  assert.ok(Math.abs(amplitude({ peakToTrough: "31%" }) - 0.31 / 2.31) < 1e-12);
  assert.ok(Math.abs(amplitude({ troughBelowPeak: "31%" }) - 0.31 / 1.69) < 1e-12);
  assert.equal(amplitude({ plusMinus: 0.31 }), 0.31);
  assert.match(refusal({ hourly: { sine: { swing: { peakToTrough: 0.31 }, peakAt: "15:00 local" } } }), /1\.31 or 31%/);
  assert.match(refusal({ hourly: { sine: { swing: { plusMinus: "120%" }, peakAt: "15:00 local" } } }), /below 100 %/);
});

test("a peak names its clock", () => {
  assert.deepEqual(hourly({ sine: { amplitude: 0.155, peakAt: "06:00 UTC" } }), {
    kind: "sine",
    amplitude: 0.155,
    peakHour: 6,
    clock: "utc",
    hourValue: "start",
  });
  assert.match(refusal({ hourly: { sine: { amplitude: 0.1, peakAt: "15:00" } } }), /15:00 local/);
  assert.match(refusal({ hourly: { sine: { amplitude: 0.1, peakAt: "25:00 UTC" } } }), /is not an hour/);
  assert.match(refusal({ hourly: { sine: { peakAt: "15:00 UTC" } } }), /either swing or amplitude/);
});

test("one curve at a time, 24 factors, no unknown keys", () => {
  assert.match(refusal({ hourly: { table: { factors: [1, 2] } } }), /24 factors/);
  assert.match(refusal({ hourly: {} }), /exactly one of sine, table or recorded/);
  assert.match(refusal({ hourly: { wave: {} } }), /wave/);
  assert.match(refusal({ boook: "none" }), /boook/);
  assert.match(refusal({ overrides: [{ model: "m", input: -1, output: 1 }] }), /too_small/);
  assert.match(refusal({ shocks: [{ at: "soon", for: "2h", factor: 1.4 }] }), /not a duration/);
});

test("shocks come out in milliseconds, recordings by name", () => {
  const spec = pricesSchema.parse({
    shocks: [{ region: "us-east-1", at: "10h", for: "2h", factor: 1.4 }],
    hourly: { recorded: { file: "a.csv" } },
    hourlyFor: [
      { region: "r1", curve: { recorded: { file: "b.csv" } } },
      { model: "m", curve: "flat" },
    ],
  });
  assert.deepEqual(spec.shocks, [
    { region: "us-east-1", model: undefined, atMs: 36_000_000, forMs: 7_200_000, factor: 1.4 },
  ]);
  assert.deepEqual(recordedPriceFiles(spec), ["a.csv", "b.csv"]);
});

test("it becomes a JSON Schema with descriptions", () => {
  const schema = JSON.stringify(z.toJSONSchema(pricesSchema, { io: "input" }));
  for (const text of ["peakToTrough", "Peak over trough", "routingFeeUsdPer1kDecisions"])
    assert.ok(schema.includes(text));
});
