import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { confirmToken } from "../../../../scripts/bench/bedrock/confirmation.ts";
import { openLocks, type SpendLocks, shutLocks, usdText } from "../../../../scripts/bench/bedrock/locks.ts";

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
