import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { litellmConfig } from "../../../scripts/strategy/export-litellm.ts";
import { HAIKU, planOf, scenarioInput, worldInput } from "../../simulator/scenario/base.ts";

const world = worldInput({
  quotas: [{ region: "a", tokensPerMinute: "900k" }],
  prices: { book: "none", overrides: [{ model: "m", input: 1, output: 5 }] },
} as never);

function configOf(strategy: unknown, client: unknown = { retry: "standard", timeout: "20s" }) {
  const plan = planOf(scenarioInput({ world, strategies: [strategy], client } as never));
  return litellmConfig(plan, plan.strategies[0]!);
}

describe("a strategy as LiteLLM's configuration", () => {
  it("lists a deployment for each target, with region, called id, prices and quota", () => {
    const { model_list, router_settings } = configOf("least-outstanding");
    assert.deepEqual(model_list[0], {
      model_name: "m",
      litellm_params: {
        model: `bedrock/converse/${HAIKU}`,
        aws_region_name: "a",
        input_cost_per_token: 1e-6,
        output_cost_per_token: 5e-6,
        tpm: 900_000,
      },
    });
    assert.deepEqual(
      model_list.map(({ model_name }) => model_name),
      ["m", "m"],
    );
    assert.equal(model_list[1]!.litellm_params.tpm, undefined);
    assert.deepEqual(router_settings, { routing_strategy: "least-busy", num_retries: 2, timeout: 20 });
  });

  it("weights, an order of fallbacks, and one fixed target", () => {
    const weighted = configOf({ weighted: { weights: { a: 60, b: 40 } } });
    assert.deepEqual(
      weighted.model_list.map(({ litellm_params }) => litellm_params.weight),
      [60, 40],
    );
    const { model_list, router_settings } = configOf({ priority: { targets: ["b", "a"], cooldown: "10s" } });
    assert.deepEqual(
      model_list.map(({ model_name, litellm_params }) => [model_name, litellm_params.aws_region_name]),
      [
        ["m", "b"],
        ["m-2", "a"],
      ],
    );
    assert.deepEqual([router_settings.fallbacks, router_settings.cooldown_time], [[{ m: ["m-2"] }], 10]);
    assert.equal(configOf({ single: { target: "b" } }).model_list.length, 1);
  });

  it("the litellm strategy comes out with its own settings", () => {
    const { model_list, router_settings } = configOf(
      { litellm: { routing: "latency-based-routing", buffer: 0.2, rpm: { a: 30 }, allowedFails: 1 } },
      { retry: "none" },
    );
    assert.deepEqual(router_settings, {
      routing_strategy: "latency-based-routing",
      cooldown_time: 5,
      allowed_fails: 1,
      routing_strategy_args: { lowest_latency_buffer: 0.2 },
      num_retries: 0,
    });
    assert.equal(model_list[0]!.litellm_params.rpm, 30);
  });

  it("a quota does not become a weight of a shuffle", () => {
    for (const strategy of ["random", { litellm: {} }, { weighted: { weights: { a: 1, b: 1 } } }]) {
      assert.ok(configOf(strategy).model_list.every(({ litellm_params }) => litellm_params.tpm === undefined));
    }
    const own = configOf({ litellm: { tpm: { b: 500 } } }).model_list.map(({ litellm_params }) => litellm_params.tpm);
    assert.deepEqual(own, [undefined, 500]);
  });

  it("its fallbacks come out as model groups, with the retries of one group", () => {
    const { model_list, router_settings } = configOf(
      { litellm: { fallbacks: [["b"]] } },
      { retry: { litellm: { retries: 1, retryAfter: "2s" } } },
    );
    assert.deepEqual(
      model_list.map(({ model_name, litellm_params }) => [model_name, litellm_params.aws_region_name]),
      [
        ["m", "a"],
        ["m-2", "b"],
      ],
    );
    const { fallbacks, num_retries, retry_after } = router_settings;
    assert.deepEqual([fallbacks, num_retries, retry_after], [[{ m: ["m-2"] }], 1, 2]);
  });

  it("a strategy without a rule there is refused with those that have one", () => {
    assert.throws(() => configOf("bandit"), /STRATEGY_NOT_EXPORTED .*no rule like bandit[\s\S]*least-outstanding/);
  });
});
