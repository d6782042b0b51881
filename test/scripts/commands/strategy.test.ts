import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { meridianHere, TINY } from "../run-meridian.ts";

describe("meridian strategy", () => {
  it("refuses an action that there is not, and a name that cannot be a strategy's", async () => {
    const action = await meridianHere(["strategy", "nwe", "mine.ts"]);
    assert.deepEqual([action.code, /STRATEGY_ACTION[\s\S]*did you mean "new"/.test(action.stderr)], [2, true]);
    const name = await meridianHere(["strategy", "new", "My Rule.ts"]);
    assert.deepEqual([name.code, /STRATEGY_NAME/.test(name.stderr)], [2, true]);
  });

  it("exports a scenario's strategy as LiteLLM's configuration", async () => {
    const yaml = await meridianHere(["strategy", "export", TINY, "--strategy", "round-robin"]);
    assert.deepEqual([yaml.code, /STRATEGY_NOT_EXPORTED/.test(yaml.stderr)], [2, true]);
    const { code, stdout } = await meridianHere(["strategy", "export", TINY, "--strategy", "single", "--json"]);
    assert.equal(code, 0);
    const { config } = JSON.parse(stdout) as { config: { model_list: { litellm_params: { model: string } }[] } };
    assert.equal(config.model_list[0]!.litellm_params.model, "bedrock/converse/amazon.nova-pro-v1:0");
  });
});
