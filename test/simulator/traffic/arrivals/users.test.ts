import assert from "node:assert/strict";
import test from "node:test";
import { users } from "../../../../simulator/traffic/arrivals/users.ts";
import { arrivalsUntil } from "../pull.ts";

test("users: so many callers, evenly over the ramp-up, and no more", () => {
  assert.deepEqual(arrivalsUntil({ users: { count: 4, rampUp: "8s" } }, 1e9), [0, 2000, 4000, 6000]);
  assert.deepEqual(arrivalsUntil({ users: { count: 3 } }, 1e9), [0, 0, 0]);
});

test("users: the YAML form becomes a plain spec, and part of a caller is refused", () => {
  assert.deepEqual(users.schema.parse({ count: "2k", rampUp: "1m" }), {
    process: "users",
    count: 2000,
    rampUpMs: 60_000,
  });
  assert.equal(users.schema.safeParse({ count: 1.5 }).success, false);
});
