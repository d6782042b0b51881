import assert from "node:assert/strict";
import test from "node:test";
import { DAY_MS } from "../../../../simulator/base/time.ts";
import { servegen } from "../../../../simulator/traffic/arrivals/servegen.ts";
import type { RecordedClient } from "../../../../simulator/traffic/traffic.ts";
import { arrivalsOf, arrivalsUntil, gapMoments, histogram } from "../pull.ts";

const client = (
  name: string,
  family: "gamma" | "weibull",
  shape: number,
  rates: readonly number[],
): RecordedClient => ({
  name,
  family,
  shape,
  stepMs: DAY_MS / rates.length,
  ratePerS: Float64Array.from(rates),
});
const clientsOf = (...clients: RecordedClient[]) => ({ recordings: { mine: { kind: "clients" as const, clients } } });

test("servegen: rates add up over clients and follow each client's day", () => {
  const context = clientsOf(client("a", "gamma", 1, [4, 0]), client("b", "gamma", 1, [1, 2]));
  const counts = histogram(arrivalsUntil({ servegen: { clients: "mine" } }, DAY_MS, 1, context), DAY_MS, 2);
  for (const [half, rate] of [5, 2].entries()) {
    const expected = rate * 43_200;
    assert.ok(Math.abs(counts[half]! - expected) < 4.5 * Math.sqrt(expected), `half ${half}: ${counts[half]}`);
  }
});

test("servegen: a client's gaps keep their recorded law", () => {
  // Gamma shape 1/4: cv 2. Weibull shape 1/2: cv √5.
  for (const [family, shape, cv] of [
    ["gamma", 0.25, 2],
    ["weibull", 0.5, Math.sqrt(5)],
  ] as const) {
    const context = clientsOf(client("a", family, shape, [10, 10]));
    const gaps = gapMoments(arrivalsOf({ servegen: { clients: "mine" } }, 200_000, 1, context));
    assert.ok(Math.abs(gaps.cv / cv - 1) < 0.05, `${family}: cv ${gaps.cv}`);
    assert.ok(Math.abs(gaps.mean / 100 - 1) < 0.02, `${family}: mean ${gaps.mean}`);
  }
});

test("servegen: a rate rescales all clients alike", () => {
  const context = clientsOf(client("a", "gamma", 1, [3, 3]), client("b", "gamma", 1, [1, 1]));
  const times = arrivalsUntil({ servegen: { clients: "mine", rate: "20/s" } }, 1_000_000, 1, context);
  assert.ok(Math.abs(times.length - 20_000) < 650, String(times.length));
});

test("servegen: unknown clients are named", () => {
  assert.throws(() => arrivalsOf({ servegen: { clients: "absent" } }, 1), /TRAFFIC_UNKNOWN_RECORDING.*"absent"/s);
});

test("servegen: the YAML form becomes a plain spec in ms and requests per second", () => {
  assert.deepEqual(servegen.schema.parse({}), {
    process: "servegen",
    clients: "servegen-m-large-clients",
    ratePerS: null,
  });
});
