import assert from "node:assert/strict";
import { it } from "node:test";
import { createRequests, fillRequest } from "../../../simulator/engine/request.ts";
import { ShownRequest } from "../../../simulator/engine/request-view.ts";
import { planOf, scenarioInput } from "../scenario/base.ts";
import { chunkOf } from "./run.ts";

it("a strategy sees the request as its caller knows it: never how long the answer will be", () => {
  const each = planOf(scenarioInput()).classes[0]!;
  const request = createRequests().allocate();
  fillRequest(request, chunkOf([{ atMs: 12.5, input: 101, output: 4242, maxTokens: 5000 }]), 0, each, 9000);
  Object.assign(request, { id: 9, attempts: 2, lastTarget: 1 });
  const shown = new ShownRequest();
  shown.show(request, each);
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
