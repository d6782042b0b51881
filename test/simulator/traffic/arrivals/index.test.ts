import assert from "node:assert/strict";
import test from "node:test";
import { z } from "zod";
import { ARRIVALS, arrivalSchema } from "../../../../simulator/traffic/arrivals/index.ts";
import { dayShape } from "../../../../simulator/traffic/day-shape.ts";
import type { Recording } from "../../../../simulator/traffic/traffic.ts";
import { arrivalsOf, arrivalsUntil, recordingOf } from "../pull.ts";

const EXAMPLES: Record<keyof typeof ARRIVALS, unknown> = {
  poisson: { poisson: "20/s" },
  deterministic: { deterministic: { interval: "50ms" } },
  renewal: { renewal: { interarrival: { erlang: { k: 2, mean: "50ms" } } } },
  gamma: { gamma: { rate: "20/s", cv: 3 } },
  mmpp: {
    mmpp: {
      states: [
        { rate: "1/s", stay: "10s" },
        { rate: "40/s", stay: "10s" },
      ],
    },
  },
  sinusoid: { sinusoid: { rate: "20/s", amplitude: 0.5, period: "10m" } },
  diurnal: { diurnal: { rate: "20/s", shape: "day", cv: 2 } },
  flash: { flash: { rate: "20/s", at: "10s", for: "10s", factor: 5 } },
  trace: { trace: "three", scale: 2.5, tile: true, shape: { peakAt: "15:00", peakToMean: 2 } },
  servegen: { servegen: { clients: "clients", rate: "20/s" } },
  steps: { steps: { rate: "20/s", step: "5m", weights: [1, 3] } },
  users: { users: { count: 10_000, rampUp: "1m" } },
};
const recordings: Record<string, Recording> = {
  three: recordingOf([0, 700, 900]),
  day: { kind: "shape", shape: dayShape([1, 2, 3, 2]) },
  clients: {
    kind: "clients",
    clients: [{ name: "a", stepMs: 21_600_000, ratePerS: Float64Array.of(1, 2, 3, 2), family: "gamma", shape: 0.5 }],
  },
};

for (const [name, yaml] of Object.entries(EXAMPLES)) {
  test(`${name}: ascends, repeats itself for a seed, and does not care how it is pulled`, () => {
    const once = arrivalsOf(yaml, 5000, 1, { recordings });
    assert.equal(once.length, 5000);
    for (let i = 1; i < once.length; i++) assert.ok(once[i]! >= once[i - 1]!, `${name} at ${i}`);
    assert.ok(once[0]! >= 0);
    assert.deepEqual(arrivalsOf(yaml, 5000, 1, { recordings }), once);
    assert.deepEqual(arrivalsOf(yaml, 1234, 1, { recordings }), once.slice(0, 1234));
    // These draw nothing.
    if (name !== "deterministic" && name !== "users")
      assert.notDeepEqual(arrivalsOf(yaml, 5000, 2, { recordings }), once);
  });
}

for (const [name, yaml] of Object.entries(EXAMPLES)) {
  test(`${name}: three times the load is three times the requests`, () => {
    const { scale = 1 } = yaml as { readonly scale?: number };
    const count = (factor: number) =>
      arrivalsUntil({ ...(yaml as object), scale: scale * factor }, 2_000_000, 3, { recordings }).length;
    const [once, thrice] = [count(1), count(3)];
    assert.ok(once > 4_000 && Math.abs(thrice / once / 3 - 1) < 0.05, `${once} and ${thrice}`);
  });
}

test("exactly one process, known keys only, and a JSON Schema for editors", () => {
  assert.match(String(arrivalSchema.safeParse({}).error), /give exactly one of poisson/);
  assert.match(String(arrivalSchema.safeParse({ poison: "1/s" }).error), /Unrecognized key: \\"poison\\"/);
  const schema = JSON.stringify(z.toJSONSchema(arrivalSchema, { io: "input" }));
  for (const name of Object.keys(ARRIVALS)) assert.ok(schema.includes(`"${name}":`), name);
});

test("specs are plain data", () => {
  for (const yaml of Object.values(EXAMPLES)) {
    const spec = arrivalSchema.parse(yaml);
    assert.deepEqual(JSON.parse(JSON.stringify(spec)), spec);
  }
});
