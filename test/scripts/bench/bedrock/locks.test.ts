import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  confirmToken,
  openLocks,
  type SpendLocks,
  shutLocks,
  usdText,
} from "../../../../scripts/bench/bedrock/locks.ts";

const OPEN: SpendLocks = { flag: true, budgetUsd: 5, token: "abc" };
const PURCHASE = { token: "abc", requests: 400, expectedUsd: 1.234, mostUsd: 4.2 };
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
    await openLocks(OPEN, PURCHASE, answer("never asked"));
    assert.equal(asked.length, 5, "a token needs no question");
    await assert.rejects(openLocks({ ...locks, flag: false }, PURCHASE, answer("4.20")), /SPEND_FLAG_MISSING/);
  });

  it("a token is of all that it was made of", () => {
    const facts = { scenario: "a", budgetUsd: 5, limits: { requestsMax: 1 } };
    assert.match(confirmToken(facts), /^[0-9a-f]{12}$/);
    assert.equal(confirmToken({ ...facts }), confirmToken(facts));
    assert.notEqual(confirmToken({ ...facts, budgetUsd: 50 }), confirmToken(facts));
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
