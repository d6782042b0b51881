import assert from "node:assert/strict";
import { it } from "node:test";
import { tagRow } from "../../../scripts/io/tag-rules.ts";
import { parseTagRules, Tagger } from "../../../simulator/base/tag-rules.ts";

const row = { timeMs: 0, inputTokens: 1, outputTokens: 1, model: "amazon.nova-lite-v1:0" };
const tagger = () => new Tagger(parseTagRules('tag team=search where identity like "*api*"', "tags.txt"));

it("a call without a tag gets the rule's team in place of its caller's role", () => {
  const untagged = { ...row, identity: "arn:x/api", tenant: "api", className: "api", isTagged: false };
  assert.deepEqual(tagRow(untagged, tagger(), null), { ...untagged, tenant: "search", className: "search" });
  // A class that is not the role stays.
  assert.equal(tagRow({ ...untagged, className: "chat" }, tagger(), null).className, "chat");
});

it("a tag of the call's own stays, and so does a call that no rule fits", () => {
  const tagged = { ...row, identity: "arn:x/api", tenant: "ops", className: "ops", isTagged: true };
  const other = { ...row, identity: "arn:x/web", tenant: "web", className: "web", isTagged: false };
  assert.equal(tagRow(tagged, tagger(), null), tagged);
  assert.equal(tagRow(other, tagger(), null), other);
  // A tag that is asked for by another key is not this one.
  assert.equal(tagRow({ ...other, identity: "api" }, tagger(), "product").tenant, "web");
});
