import assert from "node:assert/strict";
import { test } from "node:test";
import { single } from "../../../simulator/strategies/single.ts";
import { contextOf, requestOf, uniforms, viewOf } from "./fixtures.ts";

const context = contextOf("eu-west-1", "us-east-1", "us-west-2");

test("always the named target, also on a retry, whatever the load", () => {
  const strategy = single.create({ target: "us-east-1" }, context);
  const view = viewOf(context);
  for (let i = 0; i < 100; i++) view.onSent(1);
  assert.equal(strategy.choose(requestOf(), view, 0, uniforms()), 1);
  assert.equal(strategy.choose(requestOf({ attempt: 1, previousTarget: 1 }), view, 0, uniforms()), 1);
});

test("the first eligible target where the named one is not allowed", () => {
  const strategy = single.create({ target: "us-east-1" }, context);
  assert.equal(strategy.choose(requestOf(), viewOf(context, [2, 0]), 0, uniforms()), 2);
});

test("the target must be named", () => {
  assert.throws(() => single.create({}, context), /STRATEGY_MISSING_OPTION/);
});
