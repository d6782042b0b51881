import assert from "node:assert/strict";
import test from "node:test";
import { createTraffic } from "../../../simulator/traffic/source.ts";
import { type TokenSpec, tokensSchema } from "../../../simulator/traffic/tokens.ts";
import { classOf, rowsOf } from "./pull.ts";

const tokens = tokensSchema.parse({
  input: { lognormal: { mean: 1000, cv: 1 } },
  output: { gamma: { mean: 200, cv: 2 } },
  prefix: { tokens: 100, share: 0.5, distinct: 3 },
}) as TokenSpec;
const originShares = [
  { originIndex: 0, share: 0.5, shapeShiftMs: 0 },
  { originIndex: 1, share: 0.5, shapeShiftMs: 0 },
];
const chat = classOf("chat", { process: "gamma", ratePerS: 20, cv: 2 }, { tokens, originShares });
const code = classOf("code", { process: "poisson", ratePerS: 10 }, { tokens, originShares });
const sparse = classOf("sparse", { process: "deterministic", intervalMs: 5000 });

test("rows come in time order, equal instants in class order", () => {
  const every = { process: "deterministic", intervalMs: 10 } as const;
  const rows = rowsOf([classOf("a", every), classOf("b", { ...every, intervalMs: 5 }), classOf("c", every)], {
    requestsMax: 12,
  });
  assert.deepEqual(
    rows.map((r) => `${r.arrivalMs}${"abc"[r.classIndex]}`),
    ["5b", "10a", "10b", "10c", "15b", "20a", "20b", "20c", "25b", "30a", "30b", "30c"],
  );
});

test("the chunk size changes nothing, for one class and for several", () => {
  for (const classes of [[chat], [chat, code, sparse]]) {
    const whole = rowsOf(classes, { requestsMax: 20_000 });
    assert.equal(whole.length, 20_000);
    for (const chunkRows of [1, 7, 1000, 8192, 8193]) {
      const requestsMax = chunkRows === 1 ? 2000 : 20_000;
      assert.deepEqual(rowsOf(classes, { requestsMax, chunkRows }), whole.slice(0, requestsMax));
    }
  }
});

test("a class draws the same alone as among others; replications, seeds and names differ", () => {
  const strip = (rows: ReturnType<typeof rowsOf>) => rows.map(({ classIndex: _, prefixId: __, ...rest }) => rest);
  const alone = strip(rowsOf([code], { durationMs: 60_000 }));
  const among = rowsOf([chat, code, sparse], { durationMs: 60_000 }).filter((r) => r.classIndex === 1);
  assert.ok(alone.length > 400);
  assert.deepEqual(strip(among), alone);
  for (const other of [{ seed: 2 }, { replication: 1 }]) {
    assert.notDeepEqual(strip(rowsOf([code], { durationMs: 60_000, ...other })), alone);
  }
  assert.notDeepEqual(strip(rowsOf([{ ...code, name: "other" }], { durationMs: 60_000 })), alone);
});

test("classes share no prefix", () => {
  const rows = rowsOf([chat, code], { requestsMax: 2000 });
  const idsOf = (index: number) =>
    new Set(rows.filter((r) => r.classIndex === index && r.prefixId >= 0).map((r) => r.prefixId));
  assert.deepEqual([...idsOf(0)].sort(), [0, 1, 2]);
  assert.deepEqual([...idsOf(1)].sort(), [3, 4, 5]);
});

test("requestsMax and duration end it; no traffic is no chunk", () => {
  assert.equal(rowsOf([chat, code], { requestsMax: 1 }).length, 1);
  assert.equal(rowsOf([chat], { requestsMax: 0 }).length, 0);
  assert.equal(rowsOf([chat], { durationMs: 0 }).length, 0);
  assert.equal(rowsOf([classOf("none", { process: "poisson", ratePerS: 0 })], { durationMs: 1000 }).length, 0);
  assert.equal(rowsOf([], { durationMs: 1000 }).length, 0);
});

test("a window has the rows of the whole run from its beginning on, and counts its own", () => {
  const whole = rowsOf([chat, code], { durationMs: 600_000 });
  const fromMs = 250_000;
  const expected = whole.filter((row) => row.arrivalMs >= fromMs);
  assert.ok(expected.length > 100 && expected.length < whole.length);
  for (const chunkRows of [1, 7, 100_000]) {
    assert.deepEqual(rowsOf([chat, code], { durationMs: 600_000, fromMs, chunkRows }), expected);
  }
  assert.deepEqual(rowsOf([chat, code], { durationMs: 600_000, fromMs, requestsMax: 5 }), expected.slice(0, 5));
  assert.deepEqual(rowsOf([chat], { durationMs: 600_000, fromMs: 600_000 }), []);
});

test("the plain data survive a structured clone, and after the end there is nothing more", () => {
  const options = { seed: 1, replication: 0, durationMs: 1000, requestsMax: Number.POSITIVE_INFINITY };
  assert.deepEqual(rowsOf([structuredClone(chat)], options), rowsOf([chat], options));
  const source = createTraffic([chat], options);
  while (source.next() !== undefined);
  assert.equal(source.next(), undefined);
});
