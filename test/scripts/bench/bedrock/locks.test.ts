import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import {
  confirmToken,
  openLocks,
  type SpendLocks,
  shutLocks,
  tokenFault,
  usdText,
  useToken,
} from "../../../../scripts/bench/bedrock/locks.ts";

const FACTS = { scenario: "a", budgetUsd: 5, limits: { requestsMax: 1 } };
const TOKEN = confirmToken(FACTS, Date.now());
const OPEN: SpendLocks = { flag: true, budgetUsd: 5, token: TOKEN };
const PURCHASE = { place: "Amazon Bedrock", facts: FACTS, requests: 400, expectedUsd: 1.234, mostUsd: 4.2 };
const unused = async () => true;
const codes = (locks: Partial<SpendLocks>, canAsk = false) =>
  shutLocks({ ...OPEN, ...locks }, PURCHASE, canAsk).map(({ code }) => code);

describe("the locks on spending", () => {
  it("are three, and each is needed", () => {
    assert.deepEqual(codes({}), []);
    assert.deepEqual(codes({ flag: false }), ["SPEND_FLAG_MISSING"]);
    assert.deepEqual(codes({ budgetUsd: undefined }), ["SPEND_BUDGET_MISSING"]);
    assert.deepEqual(codes({ token: undefined }), ["SPEND_CONFIRM_MISSING"]);
    assert.deepEqual(codes({ token: undefined }, true), [], "a person will be asked");
    assert.deepEqual(
      codes({ token: "other" }, true),
      ["SPEND_CONFIRM_WRONG"],
      "a wrong token is wrong for a person too",
    );
    assert.equal(codes({ flag: false, budgetUsd: undefined, token: undefined }).length, 3);
  });

  it("a person opens the third by typing the most that it can cost", async () => {
    const asked: string[] = [];
    const answer = (text: string) => async (question: string) => {
      asked.push(question);
      return text;
    };
    const locks = { ...OPEN, token: undefined };
    await openLocks(locks, PURCHASE, answer(" 4.20 "));
    assert.match(asked[0]!, /400 requests.*expected 1\.24 USD, at most 4\.20 USD\.\nType 4\.20 to go on: $/);
    for (const wrong of ["y", "", "4.2", "5"]) {
      await assert.rejects(openLocks(locks, PURCHASE, answer(wrong)), {
        message: /SPEND_CONFIRM_WRONG.*nothing was sent/,
      });
    }
    await openLocks(OPEN, PURCHASE, answer("never asked"), unused);
    assert.equal(asked.length, 5, "a token needs no question");
    await assert.rejects(openLocks({ ...locks, flag: false }, PURCHASE, answer("4.20")), /SPEND_FLAG_MISSING/);
  });

  it("a token opens the third once, and for an hour", async () => {
    const used = new Set<string>();
    const use = async (token: string) => !used.has(token) && used.add(token).has(token);
    await openLocks(OPEN, PURCHASE, undefined, use);
    await assert.rejects(openLocks(OPEN, PURCHASE, undefined, use), /SPEND_CONFIRM_USED .*--dry-run/s);
    const later = (minutes: number) =>
      shutLocks(OPEN, PURCHASE, false, Date.now() + minutes * 60_000).map(({ code }) => code);
    assert.deepEqual([later(59), later(62)], [[], ["SPEND_CONFIRM_EXPIRED"]]);
    const other = { ...PURCHASE, facts: { ...FACTS, budgetUsd: 50 } };
    assert.deepEqual(
      shutLocks(OPEN, other, false).map(({ code }) => code),
      ["SPEND_CONFIRM_WRONG"],
    );
  });

  it("an amount is never shown as less than it is", () => {
    assert.deepEqual([0, 0.001, 1.2, 4.201, Number.POSITIVE_INFINITY].map(usdText), [
      "0.00",
      "0.01",
      "1.20",
      "4.21",
      "unlimited",
    ]);
  });
});

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
