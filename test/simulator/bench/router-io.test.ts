import assert from "node:assert/strict";
import { it } from "node:test";
import { newCall, restOf } from "../../../simulator/bench/router-io.ts";
import { requestOf } from "../../../simulator/bench/rows.ts";

it("an attempt asks for what is left of the answer, with what came as prompt", () => {
  const request = requestOf([0, 0, 0, 500, 400, 0, 0, -1], 7);
  const call = newCall(request, 3, 1000);
  assert.equal(restOf(call), request, "all of it at first");
  call.resumedTokens = 150;
  const { inputTokens, outputTokens, maxTokens, requestId } = restOf(call);
  assert.deepEqual([inputTokens, outputTokens, maxTokens, requestId], [650, 250, 850, 7]);
});
