import assert from "node:assert/strict";
import { test } from "node:test";
import { isSoldOnlyThroughProfiles } from "../../../simulator/profiles/profile-only-models.ts";
import { PROFILE_DATA } from "./fixtures.ts";

test("models whose bare id is known to be refused", () => {
  for (const model of [
    "anthropic.claude-3-7-sonnet-20250219-v1:0",
    "anthropic.claude-sonnet-4-20250514-v1:0",
    "anthropic.claude-sonnet-4-5-20250929-v1:0",
    "anthropic.claude-opus-5",
    "deepseek.r1-v1:0",
    "amazon.nova-premier-v1:0",
  ]) {
    assert.ok(isSoldOnlyThroughProfiles(model), model);
    assert.ok(PROFILE_DATA.profiles.some((profile) => profile.modelId === model) || model.includes("3-7"), model);
  }
});

test("models that are sold in a region", () => {
  for (const model of [
    "amazon.nova-pro-v1:0",
    "anthropic.claude-3-haiku-20240307-v1:0",
    "meta.llama3-3-70b-instruct-v1:0",
    "mistral.mistral-large-2407-v1:0",
    "deepseek.v3.2",
    "sonnet",
  ]) {
    assert.ok(!isSoldOnlyThroughProfiles(model), model);
  }
});
