import assert from "node:assert/strict";
import test from "node:test";
import { flash } from "../../../../simulator/traffic/arrivals/flash.ts";
import { arrivalsUntil } from "../pull.ts";

const between = (times: readonly number[], from: number, to: number) =>
  times.filter((t) => t >= from * 1000 && t < to * 1000).length;

test("flash: base rate, the spike, and the base rate again", () => {
  const times = arrivalsUntil({ flash: { rate: "10/s", at: "1000s", for: "100s", factor: 8 } }, 3_000_000);
  const near = (count: number, expected: number) =>
    assert.ok(Math.abs(count - expected) < 4.5 * Math.sqrt(expected), `${count}, expected ${expected}`);
  near(between(times, 0, 1000), 10_000);
  near(between(times, 1000, 1100), 8000);
  near(between(times, 1100, 3000), 19_000);
});

test("flash: factor 0 is a pause, and it may begin at once", () => {
  const times = arrivalsUntil({ flash: { rate: "10/s", at: "0s", for: "100s", factor: 0 } }, 200_000);
  assert.equal(between(times, 0, 100), 0);
  assert.ok(times.length > 850 && times.length < 1150);
});

test("flash: the YAML form becomes a plain spec in ms and requests per second", () => {
  assert.deepEqual(flash.schema.parse({ rate: "10/s", at: "2h", for: "5m", factor: 8 }), {
    process: "flash",
    ratePerS: 10,
    atMs: 7_200_000,
    forMs: 300_000,
    factor: 8,
  });
});
