import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { END } from "../../../simulator/client/request-rules.ts";
import { FIELD } from "../../../simulator/engine/recorder.ts";
import { usdOf } from "../../../simulator/service/pricing/prices.ts";
import { collectRows, type RunSample, runSample } from "../../../simulator/validate/samples.ts";
import { planOf } from "../scenario/base.ts";
import { replayed, simulated, tightScenario } from "./two-sides.ts";

const sum = (column: Float64Array) => column.reduce((total, value) => total + value, 0);
const total = (sample: RunSample, key: "sent" | "throttled" | "unavailable") =>
  sample.attempts.reduce((all, columns) => all + sum(columns[key]), 0);

describe("a run as columns by request", () => {
  it("is the same simulated and replayed, request by request", () => {
    const plan = planOf(tightScenario());
    const [ours, theirs] = [runSample(plan, simulated(plan).run), runSample(plan, replayed(plan))];
    assert.deepEqual(ours.region, theirs.region);
    assert.deepEqual(ours.attempts, theirs.attempts);
    assert.deepEqual(ours.classIndex, theirs.classIndex);
    for (const key of ["e2eMs", "ttftMs", "costUsd"] as const) {
      ours[key].forEach((value, k) => {
        const other = theirs[key][k]!;
        assert.ok(Object.is(value, other) || Math.abs(value - other) < 0.002, `${key} ${k}: ${value} and ${other}`);
      });
    }
    assert.ok(total(ours, "throttled") > 20, "the quota refuses");
    assert.ok(ours.region.includes(1), "and others serve");
    assert.ok(
      ours.e2eMs.some((e2eMs, k) => ours.ttftMs[k]! < e2eMs - 100),
      "first tokens come before last ones",
    );
  });

  it("adds up to what the simulation itself counted and billed, given-up calls and the warm-up included", () => {
    const plan = planOf(
      tightScenario({ warmup: { requests: 200 }, client: { retry: "standard", timeout: "1200ms" } } as never),
    );
    const { run, rows, stats } = simulated(plan);
    const sample = runSample(plan, run);
    const { fields, cost } = stats.total;
    assert.equal(sample.requests, 1000);
    assert.equal(total(sample, "sent"), fields[FIELD.attempts]);
    assert.equal(total(sample, "throttled"), fields[FIELD.attemptsThrottled]);
    assert.equal(total(sample, "unavailable"), fields[FIELD.attemptsUnavailable]);
    assert.equal(sample.region.filter((region) => region >= 0).length, fields[END.served]);
    assert.ok(Math.abs(sum(sample.costUsd) - usdOf(cost.source.totalFUsd)) < 1e-12);
    const givenUp = rows.attempts.filter(({ k, u }) => k === "timeout" && u !== null);
    assert.ok(givenUp.length > 10, "calls that timed out are billed");
  });
});

it("simulated rows are in order, to the microsecond, and say where attempts ran", () => {
  const plan = planOf(tightScenario());
  const { attempts, requests, records } = simulated(plan).rows;
  assert.deepEqual(
    requests.map(({ i }) => i),
    requests.map((_, i) => i),
  );
  const sorted = attempts.toSorted((a, b) => a.i - b.i || a.o - b.o);
  assert.deepEqual(attempts, sorted);
  for (const { s, e, f, k } of attempts) {
    for (const ms of [s, e, f ?? 0]) assert.equal(Number(ms.toFixed(3)), ms);
    if (k === "ok" && f !== null) assert.ok(f > 0 && s + f <= e + 0.002);
  }
  const ok = attempts.filter(({ k }) => k === "ok");
  assert.equal(records.length, ok.length);
  ok.forEach(({ i, o, g }, at) => {
    assert.equal(records[at]!.id, `${i}.${o}`);
    assert.equal(records[at]!.region, plan.regionNames[plan.targets[g]!.region]);
  });
  assert.throws(() => collectRows(plan).rows(), /run is over/);
});
