import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it, test } from "node:test";
import { loadReference } from "../../../../scripts/io/reference.ts";
import type { ScenarioInput } from "../../../../simulator/scenario/schema.ts";
import { appliedQuotaOf, defaultQuotaOf, quotaDataSchema } from "../../../../simulator/service/quota/default-quotas.ts";
import { planOf, problemsOf, SONNET, scenarioInput } from "../../scenario/base.ts";

const file = new URL("../../../../scenarios/reference/bedrock-quotas.json", import.meta.url);
const raw = JSON.parse(readFileSync(file, "utf8"));
const data = quotaDataSchema().parse(raw);

const { quotas: quotaData } = await loadReference();

test("the bundled quotas have their shape; recorded defaults", () => {
  assert.equal(data.quotas.length, 54);
  const find = (model: string, scope: string) =>
    data.quotas.find((row) => row.model === model && row.scope === scope && row.kind === "default");
  assert.equal(find("anthropic.claude-sonnet-4-5-20250929-v1:0", "cross-region-geo")?.tpm, 5_000_000);
  assert.equal(find("anthropic.claude-haiku-4-5-20251001-v1:0", "cross-region-geo")?.tpd, 3.6e9);
});

test("the worked example holds its own arithmetic", () => {
  const { input, cacheWrite, cacheRead, output, maxTokens, burndown, ...stated } = data.model.workedExample;
  assert.equal(stated.reserved, input + cacheWrite + maxTokens);
  assert.equal(stated.reservedOlderText, input + cacheWrite + cacheRead + maxTokens);
  assert.equal(stated.settled, input + cacheWrite + output * burndown);
});

test("a negative limit is refused", () => {
  const quotas = [{ ...raw.quotas[0], tpm: -1 }];
  assert.equal(quotaDataSchema().safeParse({ ...raw, quotas }).success, false);
});

const NOVA = "amazon.nova-pro-v1:0";
const ask = (modelId: string, region: string, family: "regional" | "geographic" | "global") =>
  defaultQuotaOf(quotaData, { modelId, region, family });

describe("AWS's default quotas", () => {
  it("the very region goes before the others, and those before any", () => {
    assert.equal(ask(NOVA, "us-east-1", "geographic")?.tokensPerMinute, 800_000);
    assert.equal(ask(NOVA, "eu-west-1", "geographic")?.tokensPerMinute, 200_000);
    assert.equal(ask(NOVA, "eu-west-1", "regional")?.tokensPerMinute, 1_000_000);
  });

  it("per day: as recorded, twice that across regions, else 1,440 times the minute's", () => {
    assert.equal(ask(NOVA, "us-east-1", "regional")?.tokensPerDay, 1_152_000_000);
    const haiku = "anthropic.claude-haiku-4-5-20251001-v1:0";
    assert.equal(ask(haiku, "us-east-1", "geographic")?.tokensPerDay, 7_200_000_000);
    assert.equal(ask(SONNET, "us-east-1", "geographic")?.tokensPerDay, 5_000_000 * 1440);
  });

  it("what an account was seen to have is no default", () => {
    const opus = "anthropic.claude-opus-4-5-20251101-v1:0";
    assert.equal(ask(opus, "us-east-1", "geographic"), undefined);
    const asked = { modelId: opus, region: "us-east-1", family: "geographic" } as const;
    assert.equal(appliedQuotaOf(quotaData, asked), 2_000_000);
  });
});

const world = (quotas: readonly object[], id = NOVA): ScenarioInput =>
  scenarioInput({
    world: {
      regions: ["us-east-1", "eu-west-1"],
      models: { n: { id, capacity: { kind: "slots", servers: 1 } } },
      quotas,
    } as unknown as ScenarioInput["world"],
  });

describe("a scenario with AWS's defaults", () => {
  it("fills what no entry limits; entries win wherever they stand; the notes name the sources", () => {
    const own = { region: "eu-west-1", tokensPerMinute: 5 };
    for (const list of [
      [{ defaults: "aws-2026" }, own],
      [own, { defaults: "aws-2026" }],
    ]) {
      const plan = planOf(world(list));
      assert.deepEqual(
        plan.world.quotas.map((quota) => [quota.id, quota.tokensPerMinute!.limit, quota.tokensPerDay?.limit]),
        [
          ["default/us-east-1/n/on-demand", 1_000_000, 1_152_000_000],
          ["default/eu-west-1/n/on-demand", 5, undefined],
        ],
      );
      assert.match(plan.notes.join(), /n on-demand 1000000 TPM in us-east-1.*Sources: /);
    }
  });

  it("an unknown number is a problem with the entry to write, and unlimited is a number", () => {
    const unknown = "anthropic.claude-3-haiku-20240307-v1:0";
    const problems = problemsOf(world([{ defaults: "aws-2026" }], unknown));
    assert.deepEqual(
      problems.map(({ code, where }) => [code, where]),
      [
        ["QUOTA_DEFAULT_UNKNOWN", "world.quotas[0].defaults"],
        ["QUOTA_DEFAULT_UNKNOWN", "world.quotas[0].defaults"],
      ],
    );
    assert.match(problems[0]!.fix!, /model: n, family: on-demand, tokensPerMinute/);
    const plan = planOf(world([{ defaults: "aws-2026" }, { tokensPerMinute: "unlimited" }], unknown));
    assert.ok(plan.world.quotas.every((quota) => quota.tokensPerMinute === null));
  });
});
