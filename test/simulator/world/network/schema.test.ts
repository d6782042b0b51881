import assert from "node:assert/strict";
import { test } from "node:test";
import { z } from "zod";
import { networkSchema } from "../../../../simulator/world/network/schema.ts";

test("an empty block is the measured table with 10 % jitter, gaps refused", () => {
  assert.deepEqual(networkSchema.parse({}), {
    roundTrips: "aws-2025-05",
    missing: "refuse",
    overrides: [],
    origins: {},
    jitter: { cv: 0.1 },
  });
});

test("durations become milliseconds; jitter is a share or none", () => {
  const spec = networkSchema.parse({
    overrides: [{ from: "a", to: "*", rtt: "70ms" }],
    origins: { office: { near: "eu-west-1", plus: "8ms", rtt: { "us-east-1": "0.1s" } } },
    jitter: { cv: "25%" },
  });
  assert.deepEqual(spec.overrides, [{ from: "a", to: "*", rttMs: 70, oneWay: false }]);
  assert.deepEqual(spec.origins.office, { near: "eu-west-1", plusMs: 8, rttMs: { "us-east-1": 100 } });
  assert.equal(spec.jitter.cv, 0.25);
  assert.equal(networkSchema.parse({ jitter: "none" }).jitter.cv, 0);
});

test("bare numbers, negative jitter and unknown keys are refused", () => {
  assert.equal(networkSchema.safeParse({ overrides: [{ from: "a", to: "b", rtt: 70 }] }).success, false);
  assert.equal(networkSchema.safeParse({ jitter: { cv: -0.1 } }).success, false);
  assert.equal(networkSchema.safeParse({ roundtrips: "none" }).success, false);
});

test("it becomes a JSON Schema with descriptions", () => {
  assert.match(JSON.stringify(z.toJSONSchema(networkSchema, { io: "input" })), /Round trip, such as 70ms/);
});
