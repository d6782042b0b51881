import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { completionsAt, placeIn } from "../../../scripts/playground/completions.ts";

/** The place of `|` in a text. */
function place(text: string) {
  const offset = text.indexOf("|");
  return placeIn(text.replace("|", ""), offset);
}
function labels(text: string, inputs?: Parameters<typeof completionsAt>[2]) {
  const offset = text.indexOf("|");
  return completionsAt(text.replace("|", ""), offset, inputs).options.map(({ label }) => label);
}

describe("the place of a cursor in a scenario", () => {
  const cases: readonly (readonly [string, string, "key" | "value"])[] = [
    ["na|", "", "key"],
    ["world:\n  re|", "world", "key"],
    ["world:\n  models:\n    m:\n      capacity:\n        ki|", "world.models.m.capacity", "key"],
    ["world:\n  models:\n    m:\n      id: x\n# remark\n\n      |", "world.models.m", "key"],
    ["world:\n  prices:\n    book: no|", "world.prices.book", "value"],
    ["traffic:\n  - cl|", "traffic.0", "key"],
    ["traffic:\n  - class: a\n  - class: b\n    ar|", "traffic.1", "key"],
    ["traffic:\n  - class: a\n    arrivals: { po|", "traffic.0.arrivals", "key"],
    ["traffic:\n  - class: a\n    slo: { e2e: 3s, s|", "traffic.0.slo", "key"],
    ["strategies:\n- a\n- ro|", "strategies.1", "key"],
    ["world:\n  regions: [us-east-1, eu|", "world.regions.1", "value"],
    ["world: { models: { m: { ca|", "world.models.m", "key"],
    ["world:\n  quotas:\n    - { region: a, tokensPerMinute: { li|", "world.quotas.0.tokensPerMinute", "key"],
    ["a: { b: [1, 2], c: { d: 1 }, |", "a", "key"],
  ];
  for (const [text, path, writes] of cases)
    it(text.split("\n").at(-1)!, () => {
      const found = place(text);
      assert.deepEqual([found.path.join("."), found.writes], [path, writes]);
    });
});

describe("what may stand there", () => {
  it("keys with their meaning", () => {
    const { from, options } = completionsAt("world:\n  pri", 12, undefined);
    assert.equal(from, 9);
    const prices = options.find(({ label }) => label === "prices")!;
    assert.deepEqual([prices.insert, prices.kind], ["prices: ", "key"]);
    assert.match(prices.detail!, /cost/);
  });

  it("words, regions and models", () => {
    assert.ok(labels("world:\n  profileRule: |").includes("least-busy"));
    assert.ok(labels("world:\n  regions: [|").includes("eu-central-1"));
    const prices = { prices: [{ model: "amazon.nova-pro-v1:0" }] } as never;
    assert.deepEqual(labels("world:\n  models:\n    m:\n      id: |", { prices }), ["amazon.nova-pro-v1:0"]);
  });

  it("strategies as words and as keys, and their options", () => {
    const found = labels("strategies:\n  - |");
    for (const name of ["round-robin", "cheapest-within", "name"]) assert.ok(found.includes(name), name);
    assert.ok(labels("strategies:\n  - cheapest-within: { |").includes("p95"));
    assert.ok(labels("traffic:\n  - arrivals: { |").includes("poisson"));
  });
});
