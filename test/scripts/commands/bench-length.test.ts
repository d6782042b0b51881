import assert from "node:assert/strict";
import { it } from "node:test";
import { tooFew } from "../../../scripts/commands/bench.ts";

it("says before a bench which classes send too few requests for a p95, and how much longer it would take", () => {
  const plan = { classes: [{ name: "chat" }, { name: "rare" }, { name: "never" }] } as unknown as Parameters<
    typeof tooFew
  >[0];
  const schedule = [...Array(70).keys()].map((i): [number, number] => [i * 10, i < 60 ? 0 : 1]);
  assert.deepEqual(tooFew(plan, schedule), [
    "class rare sends 10 requests; a p95 with an interval takes 59: bench 6 times as long",
    "class never sends 0 requests; a p95 with an interval takes 59",
  ]);
});
