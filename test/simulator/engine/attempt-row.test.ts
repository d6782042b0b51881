import assert from "node:assert/strict";
import { it } from "node:test";
import { writeAttempt } from "../../../simulator/engine/attempt-row.ts";
import { createRequests, fillRequest } from "../../../simulator/engine/request.ts";
import { planOf, scenarioInput } from "../scenario/base.ts";
import { newAttempts, readAttempt } from "../world/attempts.ts";
import { chunkOf } from "./run.ts";

it("attempts of a request are numbered, lie in rows of their own, and carry what the service sees of it", () => {
  const attempts = newAttempts();
  const request = createRequests().allocate();
  const chunk = chunkOf([{ atMs: 1, input: 11, output: 22, maxTokens: 33 }]);
  fillRequest(request, chunk, 0, planOf(scenarioInput()).classes[0]!, 100);
  request.id = 77;
  const first = writeAttempt(attempts, request, 1, 10);
  const second = writeAttempt(attempts, request, 0, 20);
  assert.notEqual(first, second);
  assert.equal(request.attempts, 2);
  const read = (slot: number) =>
    (["requestId", "ordinal", "target", "inputTokens", "outputTokens", "maxTokens", "sentMs"] as const).map((place) =>
      readAttempt(attempts, slot, place),
    );
  assert.deepEqual(read(first), [77, 0, 1, 11, 22, 33, 10]);
  assert.deepEqual(read(second), [77, 1, 0, 11, 22, 33, 20]);
  assert.equal(readAttempt(attempts, first, "outcome"), -1, "not known yet");
});
