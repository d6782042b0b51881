import assert from "node:assert/strict";
import { test } from "node:test";
import { random } from "../../../simulator/strategies/random.ts";
import { contextOf, requestOf, uniforms, viewOf } from "./fixtures.ts";

const context = contextOf("a", "b", "c", "d");

test("one draw cuts the eligible into equal parts", () => {
  const strategy = random.create({}, context);
  const view = viewOf(context, [0, 1, 3]);
  const choices = [0, 0.333, 0.334, 0.666, 0.667, 0.999].map((u) => strategy.choose(requestOf(), view, 0, uniforms(u)));
  assert.deepEqual(choices, [0, 0, 1, 1, 3, 3]);
});
