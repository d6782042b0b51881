import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { confirmToken, shutLocks } from "../../../scripts/bench/bedrock/locks.ts";
import { freeSetup, refuseAmazon } from "../../../scripts/bench/setup.ts";
import { recordSchedule } from "../../../simulator/bench/make-plan.ts";
import { planOf, scenarioInput } from "../../simulator/scenario/base.ts";

const plan = planOf(scenarioInput({ requests: 50 }));
const schedule = recordSchedule(plan);
const experiment = { yaml: "name: test", inputs: { plan } };
const OPTIONS = { target: "emulator", api: "converse" };

describe("a setup that costs nothing", () => {
  it("has a budget only if one is given, and counts an emulator's tokens exactly", async () => {
    const free = await freeSetup(experiment, schedule, OPTIONS);
    assert.equal(free.spend, undefined);
    assert.ok(!free.saysTokens);
    const limited = await freeSetup(experiment, schedule, { ...OPTIONS, budgetUsd: 3 });
    assert.deepEqual([limited.spend!.budgetUsd, limited.spend!.inputFactor], [3, [1]]);
  });

  it("names the target that was meant by a word that is no file", async () => {
    await assert.rejects(
      freeSetup(experiment, schedule, { ...OPTIONS, target: "emulater" }),
      /did you mean emulator\?/,
    );
    await assert.rejects(freeSetup(experiment, schedule, { ...OPTIONS, target: "none.yaml" }), /ENDPOINTS_NOT_FOUND/);
  });

  it("keeps to limits that are given", async () => {
    await assert.rejects(freeSetup(experiment, schedule, { ...OPTIONS, maxRequests: 49 }), /BENCH_REQUEST_LIMIT/);
  });
});

describe("endpoints on other machines", () => {
  const folder = mkdtempSync(join(tmpdir(), "meridian-setup-"));
  after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "e.yaml");
  // An address of the block that is kept for documentation: nothing is ever sent there.
  writeFileSync(
    file,
    "api: openai\nmodels: { m: x }\nendpoints: { a: http://192.0.2.7/v1, b: http://127.0.0.1:9/v1 }\n",
  );
  const remote = (over: object) =>
    freeSetup(experiment, schedule, { ...OPTIONS, target: file, allowHost: ["192.0.2.7"], ...over });

  it("have the three locks, whatever they speak", async () => {
    const { paid, costsMoney } = await remote({});
    assert.equal(costsMoney, true);
    const codes = shutLocks(paid!.locks, paid!.purchase, false).map(({ code }) => code);
    assert.deepEqual(codes, ["SPEND_FLAG_MISSING", "SPEND_BUDGET_MISSING", "SPEND_CONFIRM_MISSING"]);
    const { paid: open } = await remote({ spendRealMoney: true, budgetUsd: 1 });
    const token = confirmToken(open!.purchase.facts, Date.now());
    assert.deepEqual(shutLocks({ ...open!.locks, token }, open!.purchase, false), []);
    assert.equal(open!.purchase.requests, 50);
  });

  it("have the limits of real calls", async () => {
    const many = recordSchedule(planOf(scenarioInput({ requests: 1001 })));
    await assert.rejects(
      freeSetup(experiment, many, { ...OPTIONS, target: file, allowHost: ["192.0.2.7"] }),
      /1000 are allowed/,
    );
  });

  it("of this machine have none", async () => {
    writeFileSync(
      join(folder, "own.yaml"),
      "api: openai\nmodels: { m: x }\nendpoints: { a: http://127.0.0.1:9/v1, b: http://127.0.0.1:8/v1 }\n",
    );
    const own = await freeSetup(experiment, schedule, { ...OPTIONS, target: join(folder, "own.yaml") });
    assert.deepEqual([own.paid, own.costsMoney], [undefined, undefined]);
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
