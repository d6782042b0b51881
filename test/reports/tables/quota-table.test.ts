import assert from "node:assert/strict";
import { test } from "node:test";
import { hasQuotas, quotaTable, quotaWords } from "../../../reports/tables/quota-table.ts";
import type { QuotaSummary, RunResult } from "../../../simulator/experiment/result.ts";
import { fixture } from "../fixture.ts";

function quota(id: string, over: Partial<QuotaSummary> = {}): QuotaSummary {
  return {
    id,
    granted: 900,
    refusedTokensPerMinute: 0,
    refusedTokensPerDay: 0,
    refusedRequests: 0,
    overshootTokens: 0,
    utilisationMax: 0.5,
    firstRefusalMs: null,
    lastRefusalMs: null,
    ...over,
  };
}

function withQuotas(...quotas: readonly (readonly QuotaSummary[])[]): RunResult {
  const result = fixture({ strategies: ["a", "b", "c"] });
  return { ...result, strategies: result.strategies.map((one, at) => ({ ...one, quotas: quotas[at] ?? [] })) };
}

const BUSY = withQuotas(
  [quota("q1", { utilisationMax: 1.125, overshootTokens: 7000 }), quota("q2", { granted: 0 })],
  [
    quota("q1", {
      refusedTokensPerMinute: 60,
      refusedRequests: 40,
      utilisationMax: 1,
      firstRefusalMs: 3_723_000,
      lastRefusalMs: 82_800_000,
    }),
  ],
  [quota("q1")],
);

test("without quotas there is nothing to show", () => {
  assert.equal(hasQuotas(withQuotas()), false);
  assert.equal(quotaWords(withQuotas()), "No quota was in force.");
});

test("one row per strategy and quota in use, with its share, its limit and its instants", () => {
  const table = quotaTable(BUSY);
  assert.equal(table.rows.length, 3, "a quota that nobody asked is left out");
  const texts = table.rows.map((row) => row.cells.map((cell) => cell.text));
  assert.deepEqual(texts[0], ["a", "q1", "900", "0", "0", "0", "0", "0", "113", "7,000", "never", "never"]);
  assert.deepEqual(texts[1], ["b", "q1", "900", "100", "10.0", "60", "0", "40", "100", "0", "01:02:03", "23:00:00"]);
  assert.equal(table.rows[1]!.cells[10]!.value, "2026-05-04T01:02:03.000Z");
  for (const row of table.rows) assert.equal(row.cells.length, table.columns.length);
});

test("in words: who came closest, who was refused most, who never", () => {
  assert.equal(
    quotaWords(BUSY),
    "a came closest to a limit: it had 113 % of q1 in use and was never refused. Refused most: b, 100 of 1,000 calls (10.0 %) by q1, first at 01:02:03, last at 23:00:00. Never refused: a, c.",
  );
  assert.equal(
    quotaWords(withQuotas([quota("q1")])),
    "a came closest to a limit: it had 50.0 % of q1 in use and was never refused.",
  );
});

test("a run longer than a day says which day", () => {
  assert.match(quotaWords({ ...BUSY, durationMs: 7 * 86_400_000 }), /first at 2026-05-04 01:02:03/);
});
