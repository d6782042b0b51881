import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createCatalog } from "../../emulator/catalog.ts";
import { countTokens } from "../../emulator/count-tokens.ts";
import { DEFAULT_CATALOG } from "../../emulator/default-catalog.ts";
import { CLAUDE, CLAUDE_BASE, userMessage } from "./support.ts";

const catalog = createCatalog(DEFAULT_CATALOG);
const count = (modelId: string, body: object) => countTokens(catalog, modelId, Buffer.from(JSON.stringify(body)));
const converse = { input: { converse: { messages: [userMessage("12345678")] } } };

describe("countTokens", () => {
  it("counts Converse and invoke bodies", () => {
    assert.deepEqual(count(CLAUDE_BASE, converse), { inputTokens: 2 });
    const body = { anthropic_version: "bedrock-2023-05-31", messages: [{ role: "user", content: "123456789" }] };
    const blob = Buffer.from(JSON.stringify(body)).toString("base64");
    assert.deepEqual(count(CLAUDE_BASE, { input: { invokeModel: { body: blob } } }), { inputTokens: 3 });
  });
  it("takes a model's ARN, no profile, no unknown model and no empty input", () => {
    assert.deepEqual(count(`arn:aws:bedrock:us-east-1::foundation-model/${CLAUDE_BASE}`, converse), { inputTokens: 2 });
    assert.throws(() => count(CLAUDE, converse), {
      name: "ValidationException",
      message: /doesn't support counting tokens/,
    });
    assert.throws(() => count("nobody.model", converse), { message: "The provided model identifier is invalid." });
    assert.throws(() => count(CLAUDE_BASE, { input: {} }), { name: "ValidationException" });
    assert.throws(() => countTokens(catalog, CLAUDE_BASE, Buffer.from("{")), { name: "SerializationException" });
  });
});
