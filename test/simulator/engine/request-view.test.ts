import assert from "node:assert/strict";
import { it } from "node:test";
import { writeCall } from "../../../simulator/engine/call-row.ts";
import { ShownRequest } from "../../../simulator/engine/request-view.ts";
import { ATTEMPT, ATTEMPT_INTS } from "../../../simulator/world/attempt-table.ts";
import { planOf, scenarioInput } from "../scenario/base.ts";
import { newAttempts } from "../world/attempts.ts";
import { chunkOf } from "./run.ts";

it("a strategy sees the request as its caller knows it: never how long the answer will be", () => {
  const each = planOf(scenarioInput()).classes[0]!;
  const calls = newAttempts();
  const call = calls.allocate();
  writeCall(calls, call, chunkOf([{ atMs: 12.5, input: 101, output: 4242, maxTokens: 5000 }]), 0, each, 9000);
  const known = { requestId: 9, attempts: 2, lastTarget: 1 } as const;
  for (const [place, value] of Object.entries(known)) {
    calls.ints[call * ATTEMPT_INTS + ATTEMPT[place as keyof typeof known]] = value;
  }
  const shown = new ShownRequest();
  shown.show(calls, call, each);
  assert.deepEqual(
    { ...shown.view },
    {
      requestId: 9,
      classIndex: 0,
      originIndex: 0,
      inputTokens: 101,
      maxTokens: 5000,
      prefixTokens: 0,
      prefixId: -1,
      attempt: 2,
      previousTarget: 1,
      arrivalMs: 12.5,
      sloE2eMs: Number.POSITIVE_INFINITY,
      deferrable: false,
    },
  );
  assert.ok(!Object.values(shown.view).includes(4242));
});
