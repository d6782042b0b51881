import assert from "node:assert/strict";
import { test } from "node:test";
import { LitellmCooldown } from "../../../simulator/client/litellm-cooldown.ts";

const of = (deployments: number, allowedFails: number | null = null) =>
  new LitellmCooldown({
    deployments,
    cooldownMs: 5_000,
    allowedFails,
    groupOf: new Int32Array(deployments),
    isAlone: new Uint8Array(deployments).fill(deployments === 1 ? 1 : 0),
    hasFallback: new Uint8Array(deployments),
  });

test("other failures: over half of the minute's requests, of at least five", () => {
  const cooldown = of(2);
  for (const kind of ["ok", "ok", "error", "error"] as const) cooldown.learn(0, kind, 0);
  assert.equal(cooldown.isCooling(0, 0), false, "half of four");
  cooldown.learn(0, "timeout", 10);
  assert.deepEqual([cooldown.isCooling(0, 5_009), cooldown.isCooling(0, 5_010)], [true, false], "three of five");
});

test("a minute counts from its first request", () => {
  const cooldown = of(2);
  for (let i = 0; i < 4; i++) cooldown.learn(0, "error", 0);
  cooldown.learn(0, "error", 60_001);
  assert.equal(cooldown.isCooling(0, 60_001), false);
});

test("a lone deployment cools down only when a thousand requests failed, and all", () => {
  const cooldown = of(1);
  for (let i = 0; i < 999; i++) cooldown.learn(0, i % 2 === 0 ? "throttled" : "error", 0);
  assert.equal(cooldown.isCooling(0, 0), false);
  cooldown.learn(0, "error", 0);
  assert.equal(cooldown.isCooling(0, 0), true);
});

test("allowed_fails lets so many pass within a cooldown's time", () => {
  const cooldown = of(2, 2);
  for (const ms of [0, 1_000]) cooldown.learn(0, "throttled", ms);
  assert.equal(cooldown.isCooling(0, 1_000), false);
  cooldown.learn(0, "error", 5_000);
  assert.equal(cooldown.isCooling(0, 5_000), true);
  cooldown.learn(1, "error", 0);
  cooldown.learn(1, "error", 5_001);
  cooldown.learn(1, "error", 6_000);
  assert.equal(cooldown.isCooling(1, 6_000), false, "counted anew after 5 s");
});
