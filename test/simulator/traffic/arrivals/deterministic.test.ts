import assert from "node:assert/strict";
import test from "node:test";
import { deterministic } from "../../../../simulator/traffic/arrivals/deterministic.ts";
import { arrivalSchema } from "../../../../simulator/traffic/arrivals/index.ts";
import { arrivalsOf } from "../pull.ts";

test("deterministic: the first after one interval, the millionth where it belongs", () => {
  const times = arrivalsOf({ deterministic: { interval: "1.25s" } }, 1_000_000);
  assert.equal(times[0], 1250);
  assert.equal(times[1], 2500);
  assert.equal(times[999_999], 1_250_000_000);
});

test("an interval of zero is refused", () => {
  assert.equal(arrivalSchema.safeParse({ deterministic: { interval: "0s" } }).success, false);
});

test("deterministic: the YAML form becomes a plain spec in ms and requests per second", () => {
  assert.deepEqual(deterministic.schema.parse({ interval: "1.25s" }), { process: "deterministic", intervalMs: 1250 });
});
