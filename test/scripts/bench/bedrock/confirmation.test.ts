import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it } from "node:test";
import { confirmToken, tokenFault, useToken } from "../../../../scripts/bench/bedrock/confirmation.ts";

const FACTS = { scenario: "a", budgetUsd: 5, limits: { requestsMax: 1 } };
const NOW_MS = Date.UTC(2026, 4, 4, 12, 0, 30);
const MINUTE_MS = 60_000;

it("a token is of all that it was made of, and of its minute", () => {
  const token = confirmToken(FACTS, NOW_MS);
  assert.match(token, /^[0-9a-f]{12}-[0-9a-z]+-[0-9a-f]{6}$/);
  assert.notEqual(confirmToken(FACTS, NOW_MS), token, "another dry run gives another");
  assert.equal(confirmToken({ ...FACTS }, NOW_MS + 20_000, "n"), confirmToken(FACTS, NOW_MS, "n"));
  assert.equal(tokenFault(token, FACTS, NOW_MS), undefined);
  assert.equal(tokenFault(token, FACTS, NOW_MS + 60 * MINUTE_MS), undefined);
  assert.equal(tokenFault(token, FACTS, NOW_MS + 61 * MINUTE_MS), "expired");
  assert.equal(tokenFault(token, { ...FACTS, budgetUsd: 50 }, NOW_MS), "wrong");
  assert.equal(tokenFault(token, FACTS, NOW_MS - 2 * MINUTE_MS), "wrong", "from the future");
  for (const other of ["", "abc", token.slice(0, 12), `${token.slice(0, 13)}zzzz-abcdef`, `${token}x`])
    assert.equal(tokenFault(other, FACTS, NOW_MS), "wrong", other);
});

it("a token is used once, and forgotten when it could no longer be used", async () => {
  const folder = join(mkdtempSync(join(tmpdir(), "meridian-tokens-")), "used");
  assert.deepEqual([await useToken("a-1", folder), await useToken("a-1", folder)], [true, false]);
  writeFileSync(join(folder, "old-1"), "");
  utimesSync(join(folder, "old-1"), 0, 0);
  assert.equal(await useToken("b-1", folder), true);
  assert.deepEqual(readdirSync(folder).sort(), ["a-1", "b-1"]);
  rmSync(join(folder, ".."), { recursive: true });
});
