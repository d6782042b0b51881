import assert from "node:assert/strict";
import { test } from "node:test";
import { Cooldown } from "../../../simulator/client/cooldown.ts";

test("cooling from the failure up to, not including, its end", () => {
  const cooldown = new Cooldown(2, 100);
  assert.equal(cooldown.isCooling(0, 0), false);
  cooldown.fail(0, 50);
  assert.deepEqual(
    [50, 149.9, 150].map((now) => cooldown.isCooling(0, now)),
    [true, true, false],
  );
  assert.equal(cooldown.isCooling(1, 60), false);
});

test("a later failure moves the end out; one learnt late never moves it back", () => {
  const cooldown = new Cooldown(1, 100);
  cooldown.fail(0, 50);
  cooldown.fail(0, 120);
  cooldown.fail(0, 60);
  assert.equal(cooldown.untilMs[0], 220);
});

test("a duration of 0 never cools", () => {
  const cooldown = new Cooldown(1, 0);
  cooldown.fail(0, 5);
  assert.equal(cooldown.isCooling(0, 5), false);
});
