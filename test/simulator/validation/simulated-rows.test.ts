import assert from "node:assert/strict";
import { it } from "node:test";
import { collectRows } from "../../../simulator/validation/simulated-rows.ts";
import { planOf } from "../scenario/base.ts";
import { simulated, tightScenario } from "./two-sides.ts";

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
