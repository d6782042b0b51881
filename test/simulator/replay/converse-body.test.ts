import assert from "node:assert/strict";
import { it } from "node:test";
import fc from "fast-check";
import { parseConverse } from "../../../emulator/converse/request.ts";
import { parseConverseSettings } from "../../../emulator/converse/settings.ts";
import { converseBody, type PromptOrder } from "../../../simulator/replay/converse-body.ts";

const ORDER: PromptOrder = {
  requestId: "17.2",
  className: "chat",
  inputTokens: 300,
  outputTokens: 60,
  maxTokens: 200,
  prefixTokens: 0,
  prefixId: -1,
  tier: "standard",
  charsPerToken: 4,
};
const MODEL = {
  modelId: "amazon.nova-pro-v1:0",
  modelName: "Nova Pro",
  onDemandRegions: [],
  contextTokens: 300_000,
  maxOutputTokens: 5000,
  burndown: 1,
};

function read(order: Partial<PromptOrder>) {
  const body = JSON.parse(converseBody({ ...ORDER, ...order })) as Record<string, unknown>;
  return { body, prompt: parseConverse(body, MODEL), settings: parseConverseSettings(body) };
}

it("a prompt has the wanted number of tokens, as the emulator counts them", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20_000 }), (inputTokens) => {
      assert.equal(read({ inputTokens }).prompt.inputTokens, inputTokens);
    }),
    { numRuns: 40 },
  );
  assert.equal(read({ inputTokens: 0 }).prompt.inputTokens, 1, "a message is never empty");
});

it("characters per token scale the prompt", () => {
  const text = (order: Partial<PromptOrder>): readonly string[] =>
    (read(order).body.messages as { content: { text?: string }[] }[])[0]!.content.flatMap((block) => block.text ?? []);
  assert.equal(text({ charsPerToken: 5.25 })[0]!.length, 1575);
  assert.deepEqual(
    text({ charsPerToken: 3.5, prefixTokens: 200, prefixId: 1 }).map((each) => each.length),
    [700, 350],
  );
  assert.equal(text({ charsPerToken: 0.1, inputTokens: 1 })[0]!.length, 1);
});

it("a cacheable prefix is marked, equal for equal ids and different for others", () => {
  const point = (order: Partial<PromptOrder>) => read({ inputTokens: 3000, ...order }).prompt.cachePoints;
  const [first] = point({ prefixTokens: 2000, prefixId: 4 });
  assert.equal(first?.tokens, 2000);
  assert.deepEqual(point({ prefixTokens: 2000, prefixId: 4, inputTokens: 2500 }), [first]);
  assert.notEqual(point({ prefixTokens: 2000, prefixId: 5 })[0]?.prefixId, first?.prefixId);
  assert.equal(read({ inputTokens: 2000, prefixTokens: 2000, prefixId: 1 }).prompt.inputTokens, 2000);
});

it("limits, lengths, class and number of the attempt travel with it", () => {
  const { prompt, settings } = read({});
  assert.equal(prompt.maxTokens, 200);
  assert.deepEqual(settings.requestMetadata, { outputTokens: "60", class: "chat", requestId: "17.2" });
  assert.equal(read({ maxTokens: 0 }).prompt.maxTokens, undefined);
  assert.equal(read({ outputTokens: 0 }).settings.requestMetadata.outputTokens, "1");
  assert.equal(read({ className: 'a "b" <c> ü' }).settings.requestMetadata.class, "a _b_ _c_ _");
});

it("service tiers are asked for by name", () => {
  assert.equal(read({ tier: "priority" }).settings.serviceTier, "priority");
  assert.equal(read({ tier: "flex" }).settings.serviceTier, "flex");
  assert.equal(read({ tier: "latency-optimized" }).settings.latency, "optimized");
  assert.equal(read({}).settings.serviceTier, undefined);
});
