import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { refuseFeatures } from "../../../emulator/converse/features.ts";
import { bundledFacts } from "../../../emulator/model/facts.ts";

const TITAN = "amazon.titan-text-express-v1";
const MISTRAL_7B = "mistral.mistral-7b-instruct-v0:2";
const LLAMA_33 = "meta.llama3-3-70b-instruct-v1:0";
const MAVERICK = "meta.llama4-maverick-17b-instruct-v1:0";
const SONNET = "anthropic.claude-sonnet-4-5-20250929-v1:0";
const MICRO = "amazon.nova-micro-v1:0";

const text = { text: "Hello" };
const said = (...content: object[]) => ({ messages: [{ role: "user", content }] });
const tools = [{ toolSpec: { name: "t", inputSchema: { json: {} } } }];
const image = { image: { format: "png", source: { bytes: "aGk=" } } };
const document = { document: { format: "pdf", name: "a", source: { bytes: "aGk=" } } };
const point = { cachePoint: { type: "default" } };

function refusal(modelId: string, body: object, isStream = false): string | undefined {
  try {
    refuseFeatures(body as never, bundledFacts().fact(modelId, "converseLacks")?.value, isStream);
    return undefined;
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message}`;
  }
}

describe("what Converse refuses of a model", () => {
  for (const [what, modelId, body, expected, isStream] of [
    ["a system prompt", MISTRAL_7B, { ...said(text), system: [text] }, /doesn't support system messages\. Try again/],
    ["tools", TITAN, { ...said(text), toolConfig: { tools } }, /Validation.*This model doesn't support tool use\.$/],
    ["an image", TITAN, said(text, image), /doesn't support the image content block that you provided/],
    ["a document", MICRO, said(text, document), /doesn't support documents/],
    ["a document", TITAN, said(text, document), undefined],
    ["tools", LLAMA_33, { ...said(text), toolConfig: { tools } }, undefined],
    ["streamed tools", MAVERICK, { ...said(text), toolConfig: { tools } }, /tool use in streaming mode\.$/, true],
    [
      "a choice",
      LLAMA_33,
      { ...said(text), toolConfig: { tools, toolChoice: { any: {} } } },
      /toolChoice\.any field\. Rem/,
    ],
    ["a free choice", LLAMA_33, { ...said(text), toolConfig: { tools, toolChoice: { auto: {} } } }, undefined],
    [
      "a checkpoint",
      LLAMA_33,
      said(text, point),
      /^AccessDeniedException: You invoked an unsupported model or your req/,
    ],
    ["a checkpoint", SONNET, said(text, image, point), undefined],
    ["everything", "acme.own-v1", { ...said(image, document, point), toolConfig: { tools } }, undefined],
  ] as const) {
    it(`${modelId} ${expected === undefined ? "takes" : "lacks"} ${what}`, () => {
      const found = refusal(modelId, body, isStream);
      if (expected === undefined) assert.equal(found, undefined);
      else assert.match(found ?? "", expected);
    });
  }
});
