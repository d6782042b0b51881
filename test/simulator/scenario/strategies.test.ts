import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { strategySchema } from "../../../simulator/scenario/strategies.ts";
import { STRATEGIES } from "../../../simulator/strategies/index.ts";
import { planOf, scenarioInput } from "./base.ts";

const said = (input: unknown) =>
  strategySchema
    .safeParse(input)
    .error?.issues.map((issue) => issue.message)
    .join() ?? "";

describe("strategies as a scenario names them", () => {
  it("a name alone, or with options, a label and a client", () => {
    assert.deepEqual(strategySchema.parse("round-robin"), {
      kind: "round-robin",
      file: undefined,
      options: {},
      name: undefined,
      client: undefined,
    });
    const one = strategySchema.parse({
      "cheapest-within": { p95: "4s" },
      name: "cheap",
      client: { retry: "none", timeout: "5s" },
    });
    assert.equal(one.kind, "cheapest-within");
    assert.equal(one.options.p95, 4000);
    assert.equal(one.name, "cheap");
    assert.equal(one.client?.timeout, 5000);
  });

  it("every registered strategy can be named, and its options are checked", () => {
    for (const { name, options } of STRATEGIES) {
      const needed = Object.values(options).some((option) => option.required === true);
      assert.equal(strategySchema.safeParse(name).success, true, name);
      assert.equal(strategySchema.safeParse({ [name]: {} }).success, !needed, name);
      assert.equal(strategySchema.safeParse({ [name]: { nonsense: 1 } }).success, false, name);
    }
  });

  it("exactly one strategy", () => {
    assert.notEqual(said({ name: "x" }), "");
    assert.notEqual(said({ cheapest: {}, "round-robin": {} }), "");
    assert.notEqual(said("fastest"), "");
  });

  it("LiteLLM's fallbacks take the client's retries for each group, and its attempts are those of all", () => {
    const [one] = planOf(
      scenarioInput({
        strategies: [{ litellm: { fallbacks: [["b"]] } }],
        client: { retry: { litellm: { retries: 4, retryAfter: "3s" } } },
      } as never),
    ).strategies;
    assert.deepEqual([one!.options.retries, one!.options.retryAfter], [4, 3_000]);
    assert.equal((one!.client!.retry as { readonly maxAttempts?: number }).maxAttempts, 10);
    const other = scenarioInput({
      strategies: [{ litellm: { fallbacks: [["b"]] } }],
      client: { retry: "standard" },
    } as never);
    assert.throws(() => planOf(other), /strategies\[0\]\.litellm\.fallbacks[\s\S]*retry: litellm/);
  });
});
