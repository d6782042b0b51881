import assert from "node:assert/strict";
import test from "node:test";
import { tagsClass } from "../../../simulator/traffic/labels.ts";

test("the tag that is asked for, a known one, or else the caller's role", () => {
  const arn = "arn:aws:sts::111122223333:assumed-role/search-bedrock/app";
  assert.equal(tagsClass({ env: "prod", team: "search" }, null, arn), "search");
  assert.equal(tagsClass({ env: "prod", team: "search" }, "env", arn), "prod");
  assert.equal(tagsClass({}, null, arn), "search-bedrock");
  assert.equal(tagsClass({}, "env", arn), "");
  assert.equal(tagsClass({}, null, undefined), "");
});
