import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { freeSetup, refuseAmazon } from "../../../scripts/bench/setup.ts";
import { recordSchedule } from "../../../simulator/bench/make-plan.ts";
import { planOf, scenarioInput } from "../../simulator/scenario/base.ts";

const plan = planOf(scenarioInput({ requests: 50 }));
const schedule = recordSchedule(plan);
const OPTIONS = { target: "emulator", api: "converse" };

describe("a setup that costs nothing", () => {
  it("has a budget only if one is given, and counts an emulator's tokens exactly", async () => {
    const free = await freeSetup(plan, schedule, OPTIONS);
    assert.equal(free.spend, undefined);
    assert.ok(!free.saysTokens);
    const limited = await freeSetup(plan, schedule, { ...OPTIONS, budgetUsd: 3 });
    assert.deepEqual([limited.spend!.budgetUsd, limited.spend!.inputFactor], [3, [1]]);
  });

  it("keeps to limits that are given", async () => {
    await assert.rejects(freeSetup(plan, schedule, { ...OPTIONS, maxRequests: 49 }), /BENCH_REQUEST_LIMIT/);
  });
});

it("Amazon's hosts need the locks of --target bedrock", () => {
  const refuse = (...urls: readonly string[]) => refuseAmazon(new Map(urls.map((url, i) => [`r${i}`, url])), "e.yaml");
  refuse("http://127.0.0.1:7400", "https://llm.example.org", "https://amazonaws.com.example.org", "https://myapi.awsx");
  for (const url of [
    "https://bedrock-runtime.us-east-1.amazonaws.com",
    "https://bedrock-runtime.cn-north-1.amazonaws.com.cn",
    "https://bedrock-runtime.us-east-1.api.aws",
    "https://vpce-1.bedrock-runtime.us-east-1.vpce.amazonaws.com",
    "https://bedrock-runtime.us-east-1.AMAZONAWS.com/openai/v1",
    "https://bedrock-runtime.us-east-1.amazonaws.com.:443",
  ]) {
    assert.throws(() => refuse(url), {
      message: /ENDPOINT_COSTS_MONEY {2}e\.yaml: endpoints\.r0.*\n {2}fix: use --target bedrock/,
    });
  }
});
