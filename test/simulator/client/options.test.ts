import assert from "node:assert/strict";
import { test } from "node:test";
import { MeridianError } from "../../../simulator/base/errors.ts";
import { checkOptions, findTarget } from "../../../simulator/client/options.ts";
import type { OptionSpec } from "../../../simulator/client/strategy.ts";
import { contextOf } from "../strategies/fixtures.ts";

const context = contextOf("eu-west-1", "us-east-1", "us-east-1/global");
const specs: Record<string, OptionSpec> = {
  target: { type: "target", required: true, doc: "where to" },
  order: { type: "targets", doc: "in which order" },
  weights: { type: "targetWeights", doc: "how much" },
  wait: { type: "durationMs", default: 30_000, doc: "how long" },
  part: { type: "share", default: 0.5, doc: "which part" },
  tries: { type: "integer", min: 1, default: 2, doc: "how often" },
  ties: { type: "choice", values: ["first", "random"], default: "first", doc: "which" },
  eager: { type: "boolean", default: false, doc: "whether" },
};

test("defaults are filled in and targets become indices", () => {
  const checked = checkOptions("s", specs, { target: "us-east-1" }, context);
  assert.equal(checked.target("target"), 1);
  assert.deepEqual([...checked.targets("order")], [0, 1, 2]);
  assert.deepEqual([...checked.weights("weights")], [1, 1, 1]);
  assert.equal(checked.number("wait"), 30_000);
  assert.equal(checked.choice("ties"), "first");
  assert.equal(checked.boolean("eager"), false);
});

test("given values are used; targets without a weight have none", () => {
  const given = {
    target: "us-east-1/global",
    order: ["us-east-1", "eu-west-1"],
    weights: { "eu-west-1": 60 },
    wait: 0,
  };
  const checked = checkOptions("s", specs, given, context);
  assert.equal(checked.target("target"), 2);
  assert.deepEqual([...checked.targets("order")], [1, 0]);
  assert.deepEqual([...checked.weights("weights")], [60, 0, 0]);
  assert.equal(checked.number("wait"), 0);
});

test("a bare region name means the region's first target", () => {
  assert.equal(findTarget("us-east-1", { ...context, targetIds: ["x", "us-east-1/a", "us-east-1/b"] }), 1);
  assert.equal(findTarget("ap-south-1", context), -1);
});

test("every problem is reported at once, each with its place", () => {
  const bad = {
    order: ["eu-west-1", "eu-west-1"],
    weights: { "eu-west-1": -1 },
    wait: NaN,
    part: 1.5,
    tries: 0,
    ties: "x",
  };
  assert.throws(
    () => checkOptions("s", specs, { ...bad, eager: 1, typo: 2 }, context),
    (error) => {
      assert.ok(error instanceof MeridianError);
      const where = error.problems.map((problem) => problem.where).sort();
      assert.deepEqual(
        where,
        "eager order part target ties tries typo wait weights".split(" ").map((name) => `s.${name}`),
      );
      return true;
    },
  );
});

const refused: readonly [string, unknown][] = [
  ["target", "mars-1"],
  ["target", 3],
  ["order", []],
  ["order", ["mars-1"]],
  ["order", [1]],
  ["weights", { "mars-1": 1 }],
  ["weights", { "eu-west-1": 0 }],
  ["weights", { "us-east-1": Infinity }],
  ["weights", [1, 2]],
  ["tries", 1.5],
  ["wait", -1],
  ["wait", "30s"],
];
for (const [option, value] of refused) {
  test(`refuses ${option}: ${JSON.stringify(value)}`, () => {
    assert.throws(() => checkOptions("s", specs, { target: "eu-west-1", [option]: value }, context), MeridianError);
  });
}

test("amounts by target, lists and shares by class, and named amounts", () => {
  const kinds: Record<string, OptionSpec> = {
    quota: { type: "targetAmounts", doc: "how many" },
    lists: { type: "classTargets", doc: "which" },
    admit: { type: "classShares", doc: "how far" },
    score: { type: "amounts", values: ["price", "load"], doc: "what counts" },
  };
  const given = {
    quota: { "us-east-1": 900 },
    lists: { chat: ["us-east-1"] },
    admit: { chat: 0.6 },
    score: { price: 2 },
  };
  const checked = checkOptions("s", kinds, given, context);
  assert.deepEqual([...checked.amounts("quota")], [0, 900, 0]);
  assert.deepEqual(checked.classTargets("lists"), [Int32Array.of(1)]);
  assert.deepEqual([...checked.classShares("admit")], [0.6]);
  assert.deepEqual(checked.named("score"), { price: 2 });
  const empty = checkOptions("s", kinds, {}, context);
  assert.deepEqual([[...empty.amounts("quota")], empty.classTargets("lists")], [[0, 0, 0], [undefined]]);
  assert.deepEqual([[...empty.classShares("admit")], empty.named("score")], [[1], {}]);
  const wrong = { quota: { mars: 1 }, lists: { chatt: [] }, admit: { chat: 2 }, score: { price: -1 } };
  const problems = problemsOf(() => checkOptions("s", kinds, wrong, context));
  assert.deepEqual(problems, [
    's.quota: there is no target "mars"; targets are eu-west-1, us-east-1, us-east-1/global',
    's.lists: there is no class "chatt"; classes are chat',
    "s.admit: the share of chat must be in 0 to 1",
    "s.score: price must be a finite number, 0 or more",
  ]);
});

function problemsOf(run: () => unknown): readonly string[] {
  try {
    run();
  } catch (error) {
    if (error instanceof MeridianError) return error.problems.map(({ where, what }) => `${where}: ${what}`);
  }
  return [];
}
