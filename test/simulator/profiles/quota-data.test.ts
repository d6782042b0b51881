import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { quotaDataSchema } from "../../../simulator/profiles/quota-data.ts";

const file = new URL("../../../scenarios/reference/bedrock-quotas.json", import.meta.url);
const raw = JSON.parse(readFileSync(file, "utf8"));
const data = quotaDataSchema.parse(raw);

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
  assert.equal(quotaDataSchema.safeParse({ ...raw, quotas }).success, false);
});
