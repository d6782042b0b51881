import assert from "node:assert/strict";
import test from "node:test";
import { onlySchema, rowFilter, tagsClass } from "../../../simulator/traffic/labels.ts";

test("the tag that is asked for, a known one, or else the caller's role", () => {
  const arn = "arn:aws:sts::111122223333:assumed-role/search-bedrock/app";
  assert.equal(tagsClass({ env: "prod", team: "search" }, null, arn), "search");
  assert.equal(tagsClass({ env: "prod", team: "search" }, "env", arn), "prod");
  assert.equal(tagsClass({}, null, arn), "search-bedrock");
  assert.equal(tagsClass({}, "env", arn), "");
  assert.equal(tagsClass({}, null, undefined), "");
});

test("rows must have all labels; models go by id, profile or short name", () => {
  const columns = {
    arrivalMs: Float64Array.of(0, 1, 2),
    inputTokens: Int32Array.of(1, 1, 1),
    outputTokens: Int32Array.of(1, 1, 1),
    classIndex: Uint16Array.of(0, 1, 0),
    classNames: ["chat", "batch"],
    modelIndex: Uint16Array.of(0, 0, 1),
    modelNames: ["us.anthropic.claude-haiku-4-5-20251001-v1:0", "amazon.nova-lite-v1:0"],
  };
  const rows = (only: unknown) => [0, 1, 2].filter(rowFilter(onlySchema.parse(only), columns));
  assert.deepEqual(rows("chat"), [0, 2]);
  assert.deepEqual(rows({ model: "claude-haiku-4-5" }), [0, 1]);
  assert.deepEqual(rows({ model: "anthropic.claude-haiku-4-5-20251001-v1:0", class: "batch" }), [1]);
  assert.deepEqual(rows({ tenant: "search" }), []);
});
