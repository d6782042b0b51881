import assert from "node:assert/strict";
import test from "node:test";
import { keyedUniform } from "../../../../simulator/random/keyed-random.ts";
import { createLaw, type LawSpec } from "../../../../simulator/random/laws/index.ts";
import { fitTraffic } from "../../../../simulator/traffic/fit/fit-traffic.ts";
import { fitSessions } from "../../../../simulator/traffic/fit/sessions.ts";
import type { RecordedColumns } from "../../../../simulator/traffic/recording.ts";

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
