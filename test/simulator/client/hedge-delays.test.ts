import assert from "node:assert/strict";
import { it } from "node:test";
import { HedgeDelays } from "../../../simulator/client/hedge-delays.ts";

it("the quantile of what answers took lately, by model; nothing from fewer than twenty", () => {
  const delays = new HedgeDelays(0.95, 2);
  for (let i = 0; i < 19; i++) delays.observe(1, 1000, i);
  assert.equal(delays.afterMs(1), Number.POSITIVE_INFINITY);
  for (let i = 0; i < 2000; i++) delays.observe(1, 1 + ((i * 617) % 1000), 20 + i);
  assert.ok(Math.abs(delays.afterMs(1) / 950 - 1) < 0.03, `${delays.afterMs(1)}`);
  assert.equal(delays.afterMs(0), Number.POSITIVE_INFINITY);
});

it("follows a change within some hundred answers, and forgets over a long silence", () => {
  const delays = new HedgeDelays(0.5, 1);
  for (let i = 0; i < 1000; i++) delays.observe(0, 100, i);
  for (let i = 0; i < 600; i++) delays.observe(0, 800, 1000 + i);
  assert.ok(delays.afterMs(0) > 700);
  delays.observe(0, 5, 1e9);
  assert.equal(delays.afterMs(0), Number.POSITIVE_INFINITY);
  for (let i = 0; i < 20; i++) delays.observe(0, 5, 1e9 + i);
  assert.ok(Math.abs(delays.afterMs(0) - 5) < 0.3);
});
