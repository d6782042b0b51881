import assert from "node:assert/strict";
import test from "node:test";
import { keyedUniform } from "../../../../simulator/random/keyed-random.ts";
import { createLaw, type LawSpec } from "../../../../simulator/random/laws/index.ts";
import { simulate } from "../../../../simulator/traffic/fit/arrivals.ts";
import { fitSessions, fitTraffic } from "../../../../simulator/traffic/fit/fit-traffic.ts";
import type { RecordedColumns } from "../../../../simulator/traffic/traffic.ts";

test("one process can be asked for, and is judged as in the choice", () => {
  const arrivalMs = simulate({ process: "gamma", ratePerS: 1, cv: 4 }, 900_000);
  const tokens = new Int32Array(arrivalMs.length).fill(100);
  const columns = { arrivalMs, inputTokens: tokens, outputTokens: tokens };
  const [chosen] = fitTraffic(columns)!.classes;
  const [only] = fitTraffic(columns, "poisson")!.classes;
  assert.deepEqual(only!.arrivals, [chosen!.arrivals.find(({ name }) => name === "Poisson")]);
  assert.equal(only!.passes, false);
  assert.throws(() => fitTraffic(columns, "diurnal"), /TRAFFIC_PROCESS {2}--process diurnal/);
});

test("large tenants are fitted on their own, each with its own burstiness, small ones together", () => {
  const steady = simulate({ process: "poisson", ratePerS: 1 }, 900_000);
  const bursty = simulate({ process: "gamma", ratePerS: 1, cv: 4 }, 900_000);
  const rows = [...Array.from(steady, (ms) => [ms, 0]), ...Array.from(bursty, (ms) => [ms, 1])].sort(
    (a, b) => a[0]! - b[0]!,
  );
  const tokens = Int32Array.from(rows, (_, i) => 100 + (i % 50));
  const fit = fitTraffic({
    arrivalMs: Float64Array.from(rows, ([ms]) => ms!),
    inputTokens: tokens,
    outputTokens: tokens,
    tenantIndex: Uint16Array.from(rows, ([, tenant]) => tenant!),
    tenantNames: ["steady", "bursty"],
  })!;
  assert.deepEqual(new Set(fit.classes.map(({ name }) => name)), new Set(["steady", "bursty"]));
  assert.equal(fit.classes.find(({ name }) => name === "steady")!.arrivals[0]!.name, "Poisson");
  assert.notEqual(fit.classes.find(({ name }) => name === "bursty")!.arrivals[0]!.name, "Poisson");
  assert.equal(fitTraffic({ arrivalMs: Float64Array.of(1), inputTokens: tokens, outputTokens: tokens }), undefined);
});

const THINK: LawSpec = { kind: "lognormal", mean: 20_000, cv: 1 };
const MESSAGE: LawSpec = { kind: "gamma", mean: 90, cv: 0.6 };

/** Sessions that begin every 5 s; each has 1 to 7 turns; answers of 100 tokens take 3 s. */
function conversations(count: number, grows = true): RecordedColumns {
  const [think, message] = [createLaw(THINK), createLaw(MESSAGE)];
  const rows: [ms: number, input: number, session: number][] = [];
  for (let session = 0; session < count; session++) {
    let ms = session * 5000;
    let input = 500 + (session % 400);
    for (let turn = 0; turn <= session % 7; turn++) {
      rows.push([ms, input, session]);
      ms += 3000 + think.quantile(keyedUniform(1, session, turn));
      const said = Math.round(message.quantile(keyedUniform(2, session, turn)));
      input = grows ? input + 100 + said : 500 + said;
    }
  }
  rows.sort(([a], [b]) => a - b);
  return {
    arrivalMs: Float64Array.from(rows, ([ms]) => ms),
    inputTokens: Int32Array.from(rows, ([, input]) => input),
    outputTokens: Int32Array.from(rows, () => 100),
    e2eMs: Float64Array.from(rows, () => 3000),
    sessionId: Int32Array.from(rows, ([, , session]) => session),
  };
}

const allRows = ({ arrivalMs }: RecordedColumns) => Int32Array.from(arrivalMs.keys());
const near = (found: number, expected: number, within: number) =>
  assert.ok(Math.abs(found / expected - 1) < within, `${found}, expected ${expected}`);

test("turns, think times and messages are found again, and drawn prompts are as the recorded ones", () => {
  const columns = conversations(1400);
  const fit = fitSessions(allRows(columns), columns)!;
  assert.deepEqual([fit.sessions, fit.turnsMean, fit.passes], [1400, 4, true]);
  near(createLaw(fit.spec.turns!).mean, 4, 1e-9);
  near(createLaw(fit.spec.thinkMs).mean, 20_000, 0.05);
  near(createLaw(fit.spec.message).mean, 90, 0.02);
  assert.equal(fit.spec.contextMax, Math.max(...columns.inputTokens));
  assert.ok(fit.contextShare > 0.8 && fit.hasLatencies);
});

test("the fit of the traffic has the arrivals of sessions and their first prompts", () => {
  const [each] = fitTraffic(conversations(400))!.classes;
  const rate = each!.arrivals.find(({ name }) => name === "Poisson")!.spec;
  assert.ok(rate.process === "poisson");
  near(rate.ratePerS, 0.2, 0.01);
  near(createLaw(each!.input!.spec).mean, 500 + 199.5, 0.01);
  assert.equal(each!.rows, conversations(400).arrivalMs.length);
});

test("prompts that do not go on from each other, and too few of them, are no conversations", () => {
  const apart = conversations(1400, false);
  assert.equal(fitSessions(allRows(apart), apart), undefined);
  const few = conversations(20);
  assert.equal(fitSessions(allRows(few), few), undefined);
  const { sessionId: _, ...without } = conversations(100);
  assert.equal(fitSessions(allRows(without), without), undefined);
});
