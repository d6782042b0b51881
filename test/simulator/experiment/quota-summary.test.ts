import assert from "node:assert/strict";
import { test } from "node:test";
import { quotaSummaries } from "../../../simulator/experiment/quota-summary.ts";
import type { ReplicationStats } from "../../../simulator/experiment/replication-stats.ts";

const use = (granted: number, utilisationMax: number, firstRefusalMs: number | null, lastRefusalMs: number | null) => ({
  id: "q",
  granted,
  refusedTokensPerMinute: granted / 10,
  refusedTokensPerDay: 1,
  refusedRequests: 2,
  overshootTokens: 5,
  utilisationMax,
  firstRefusalMs,
  lastRefusalMs,
});
const stats = (...uses: readonly ReturnType<typeof use>[]) =>
  uses.map((each) => ({ quotas: [each] }) as unknown as ReplicationStats);

test("counts add up over replications; the closest call and the outer refusals stand", () => {
  assert.deepEqual(quotaSummaries(stats(use(100, 0.9, null, null), use(50, 1.2, 500, 900), use(10, 1, 300, 400))), [
    {
      id: "q",
      granted: 160,
      refusedTokensPerMinute: 16,
      refusedTokensPerDay: 3,
      refusedRequests: 6,
      overshootTokens: 15,
      utilisationMax: 1.2,
      firstRefusalMs: 300,
      lastRefusalMs: 900,
    },
  ]);
  assert.equal(quotaSummaries(stats(use(1, 0.1, null, null)))[0]!.firstRefusalMs, null);
});
