import assert from "node:assert/strict";
import { it } from "node:test";
import { checkResidency } from "../../../scripts/plan/priced.ts";
import type { EvidenceRuns } from "../../../scripts/plan/run-evidence.ts";
import type { RoutesVariant } from "../../../scripts/plan/variants.ts";

/** Whatever would be run, or read of the scenario, throws. */
const nothing = new Proxy({}, { get: (_, key) => assert.fail(String(key)) });

it("a rule that costs nothing, or whose price is not known, is not simulated", async () => {
  const rule = { className: "chat", rule: "eu", forbidden: [] };
  const check = (withRuleUsd: number | null, withoutRuleUsd: number | null) =>
    checkResidency({
      runs: nothing as EvidenceRuns,
      labelled: () => assert.fail("prepared"),
      variant: nothing as RoutesVariant,
      residency: [{ ...rule, withRuleUsd, withoutRuleUsd }],
    });
  assert.equal(await check(10, 10), null);
  assert.equal(await check(null, 10), null);
  await assert.rejects(check(12, 10), "a rule with a price is");
});
