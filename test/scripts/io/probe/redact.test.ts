import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createRedactor } from "../../../../scripts/io/probe/redact.ts";

describe("redaction of error texts", () => {
  it("hides secrets by value, as sent and percent-encoded", () => {
    const secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCY=";
    const redact = createRedactor([secret]);
    const clean = redact(`a ${secret} b ${encodeURIComponent(secret)} c`);
    assert.equal(clean, "a [hidden] b [hidden] c");
  });

  it("hides what was signed, whoever's it is", () => {
    const canonical =
      "The Canonical String for this request should have been 'POST\n/model/x/converse-stream\n\nhost:a\nx-amz-security-token:IQoJb3JpZ2luX2VjCANARY==\n' Credential=AKIACANARYCANARY0000/20260504/us-east-1, Signature=cafecafe, Bearer ABSKCANARYCANARYCANARY";
    const clean = createRedactor([])(canonical);
    for (const canary of ["CANARY", "cafecafe", "IQoJ"]) assert.ok(!clean.includes(canary), clean);
    assert.ok(!clean.includes("\n"));
  });

  it("keeps to one line of 400 characters and leaves ordinary words alone", () => {
    assert.equal(createRedactor([])("Too many tokens, please wait."), "Too many tokens, please wait.");
    assert.equal(createRedactor([])("x y ".repeat(500)).length, 400);
  });
});
