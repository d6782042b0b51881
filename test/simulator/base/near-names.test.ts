import assert from "node:assert/strict";
import { test } from "node:test";
import { didYouMean, nearNames, suggestOneOf } from "../../../simulator/base/near-names.ts";

const NAMES = ["us-east-1", "us-east-2", "us-west-2", "eu-west-1", "amazon.nova-pro-v1:0"];

test("a typing error finds the name, best first", () => {
  assert.equal(nearNames("us-eats-1", NAMES)[0], "us-east-1");
});

test("a part of a long name finds it", () => {
  assert.deepEqual(nearNames("nova-pro", NAMES), ["amazon.nova-pro-v1:0"]);
});

test("the first words of a name find it", () => {
  assert.deepEqual(nearNames("fallbak", ["one profile", "fallback west", "fallback + batch"]), [
    "fallback + batch",
    "fallback west",
  ]);
});

test("a plural is near; of a short word, one error is", () => {
  assert.deepEqual(nearNames("strategy", ["strategies", "regions"]), ["strategies"]);
  assert.deepEqual(nearNames("replicas", ["replications", "regions"]), ["replications"]);
  assert.deepEqual(nearNames("jsn", ["json", "csv"]), ["json"]);
  assert.deepEqual(nearNames("jsno", ["json", "csv"]), ["json"], "letters in the wrong order are one error");
  assert.deepEqual(nearNames("list", ["best", "welch"]), []);
});

test("words of a short list are all named, the nearest first", () => {
  assert.equal(suggestOneOf("gird", ["grid", "sobol"]), 'did you mean "grid"? known here: grid, sobol');
  assert.equal(suggestOneOf("x", ["grid", "sobol"]), "known here: grid, sobol");
});

test("without a near name there is no suggestion", () => {
  assert.deepEqual(nearNames("mars-colony-seven", NAMES), []);
  assert.equal(didYouMean("mars-colony-seven", NAMES), "");
  assert.equal(didYouMean("eu-west-7", ["eu-west-1"]), " (did you mean eu-west-1?)");
});
