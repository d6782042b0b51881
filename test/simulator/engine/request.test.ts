import assert from "node:assert/strict";
import { it } from "node:test";
import { createRequests, fillRequest } from "../../../simulator/engine/request.ts";
import { planOf, scenarioInput } from "../scenario/base.ts";
import { chunkOf } from "./run.ts";

const each = planOf(scenarioInput()).classes[0]!;

it("takes a row of traffic: answers are cut at max_tokens, and the model's limit stands where none was asked for", () => {
  const chunk = chunkOf([
    { atMs: 5, input: 7, output: 300, maxTokens: 200 },
    { atMs: 6, output: 300, maxTokens: 0 },
  ]);
  const request = createRequests().allocate();
  fillRequest(request, chunk, 0, each, 4096);
  assert.deepEqual([request.arrivalMs, request.inputTokens, request.outputTokens, request.maxTokens], [5, 7, 200, 200]);
  fillRequest(request, chunk, 1, each, 4096);
  assert.deepEqual([request.arrivalMs, request.outputTokens, request.maxTokens], [6, 300, 4096]);
});

it("nothing of an earlier request is left in its row", () => {
  const requests = createRequests();
  const chunk = chunkOf([{ atMs: 1 }]);
  const used = requests.allocate();
  fillRequest(used, chunk, 0, each, 100);
  const fresh = { ...used };
  Object.assign(used, { attempts: 4, attemptsThrottled: 3, attemptsUnavailable: 1, outstanding: 2, hedges: 1 });
  Object.assign(used, { lastTarget: 1, lastRetryCost: 14, isPending: true, isEnded: true, holds: 0 });
  fillRequest(used, chunk, 0, each, 100);
  assert.deepEqual({ ...used }, fresh);
});
