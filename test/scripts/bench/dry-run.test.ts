import assert from "node:assert/strict";
import { it } from "node:test";
import { type DryRun, dryRunText } from "../../../scripts/bench/dry-run.ts";

const DRY: DryRun = {
  scenario: "a.yaml",
  target: "Amazon Bedrock",
  requests: 412,
  lengthMs: 60_000,
  strategies: [
    {
      name: "cheapest",
      expectedUsd: 0.421,
      worstUsd: 7.5,
      attempts: 430,
      attemptsThrottled: 18,
      attemptsMax: 3,
      quotas: [{ id: "us-east-1/sonnet", utilisationMax: 0.87 } as never, { id: "b", utilisationMax: 0.1 } as never],
    },
  ],
  expectedUsd: 0.421,
  worstUsd: 7.5,
  busiestMinuteTokens: 380_000,
  budgetUsd: 5,
  prompts: [
    { inputTokens: 900, prefixTokens: 300, maxTokens: 250 },
    { inputTokens: 40, prefixTokens: 0, maxTokens: 0 },
  ],
  notes: ["Answers are as long as the model likes."],
  k6: "k6 run replay.ts",
  bedrock: {
    endpoints: [
      { region: "us-east-1", url: "https://one", isStandard: true, hasAddress: true },
      { region: "eu-west-1", url: "https://two", isStandard: false, hasAddress: false },
    ],
    credentials: { kind: "session", source: "single sign-on", expiresAt: "2026-11-21T10:00:00.000Z" },
    endsAt: "2026-11-21T09:00:00.000Z",
  },
  locks: { flag: false, budget: true, confirm: "0123456789ab-1abc" },
};

it("a dry run as text", () => {
  assert.equal(
    dryRunText(DRY),
    [
      "dry run         a.yaml against Amazon Bedrock; no model is called",
      "endpoint        us-east-1  https://one",
      "endpoint        eu-west-1  https://two  (set in the environment or a profile; no address from this machine)",
      "credentials     session from single sign-on, until 2026-11-21T10:00:00.000Z",
      "would end       2026-11-21T09:00:00.000Z",
      "traffic         412 requests in 1 min 0 s for each strategy",
      "first prompts   900 tokens, 300 of them a cacheable prefix, max_tokens 250; 40 tokens, no max_tokens",
      "busiest minute  380000 tokens are asked for (input and max_tokens)",
      "strategy        cheapest: 430 attempts, 18 of them answered 429; 0.43 USD expected; quotas: us-east-1/sonnet 87 %",
      "expected        0.43 USD, as simulated, at the scenario's prices",
      "worst case      7.50 USD if every request took 3 attempts, all billed to max_tokens; the budget stops it at 5.00 USD",
      "note            Answers are as long as the model likes.",
      "k6              k6 run replay.ts",
      "lock 1          shut: add --spend-real-money",
      "lock 2          open: --budget-usd 5",
      "lock 3          shut: add --confirm 0123456789ab-1abc within an hour, or type the most it can cost when asked",
    ].join("\n"),
  );
});

it("says what is not known or not limited", () => {
  const text = dryRunText({
    ...DRY,
    worstUsd: null,
    budgetUsd: null,
    bedrock: { ...DRY.bedrock!, credentials: null },
  });
  assert.match(text, /credentials {5}none found/);
  assert.match(text, /unlimited: clients may try for ever; no budget/);
  assert.match(text, /lock 2 +shut: add --budget-usd/);
  assert.match(text, /lock 3 +shut: the token needs the budget/);
  assert.doesNotMatch(dryRunText({ ...DRY, bedrock: null, locks: null }), /lock|endpoint|credentials/);
});
