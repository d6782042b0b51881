import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { describe, it } from "node:test";
import { confirmToken } from "../../../scripts/bench/bedrock/locks.ts";
import { allowSpending, askToSpend, type MoneyOptions, probePurchase } from "../../../scripts/probe/allow-spending.ts";
import { identityOf } from "../../../scripts/probe/identity.ts";
import type { MeridianError } from "../../../simulator/base/errors.ts";

const place = (region: string, isLoopback: boolean) =>
  [
    region,
    { region, url: "https://a", host: "a", allowedHosts: ["a"], isLoopback, identity: identityOf({}), names: {} },
  ] as const;
const target = (region: string) => ({
  region,
  model: "x",
  calledAs: "x",
  worstUsd: region === "here" ? 0 : 0.01,
  costUsd: () => 0,
});
const placeOf = new Map([place("here", true), place("there", false)]);
const notes: string[] = [];
const PACE = { count: 20, intervalMs: 2000, inputTokens: 500, outputTokens: 100 };
const SHUT = { flag: false, budgetUsd: undefined, token: undefined };
const locks = (over: object) => ({ locks: { ...SHUT, ...over } });

function allowed(regions: readonly string[], options: Partial<MoneyOptions>): Promise<number> {
  const prepared = { targets: regions.map(target), priceSources: ["S1"], placeOf };
  return allowSpending(prepared, {
    ...PACE,
    locks: SHUT,
    ask: undefined,
    note: (text) => void notes.push(text),
    ...options,
  });
}

const refusal = async (options: Partial<MoneyOptions>): Promise<string> =>
  allowed(["there"], options).then(
    () => "",
    (error: MeridianError) => error.problems.map(({ code }) => code).join(" "),
  );

describe("spending on probes", () => {
  it("is free on this machine and never asked about", async () => {
    assert.equal(await allowed(["here"], { intervalMs: 1 }), Number.POSITIVE_INFINITY);
    assert.deepEqual(notes, []);
  });

  it("has three locks: a flag, a budget and a confirmation; each that is shut is named", async () => {
    const [flag, budget, confirm] = ["SPEND_FLAG_MISSING", "SPEND_BUDGET_MISSING", "SPEND_CONFIRM_MISSING"];
    assert.equal(await refusal({}), `${flag} ${budget} ${confirm}`);
    assert.equal(await refusal(locks({ flag: true })), `${budget} ${confirm}`);
    assert.equal(await refusal(locks({ flag: true, budgetUsd: 1 })), confirm);
    assert.equal(await refusal(locks({ flag: true, budgetUsd: 0.009 })), "PROBE_COSTS_MONEY");
    assert.match(notes.at(-1)!, /^20 calls of other machines cost at most 0\.20 USD \(prices: S1\)$/);
  });

  it("takes the amount as it is shown, and nothing else", async () => {
    const questions: string[] = [];
    const ask = (answer: string) => async (question: string) => {
      questions.push(question);
      return answer;
    };
    const open = locks({ flag: true, budgetUsd: 0.1 });
    assert.equal(await allowed(["there"], { ...open, ask: ask(" 0.10 ") }), 0.1);
    assert.match(questions[0]!, /20 requests go to other machines: .* at most 0\.10 USD/);
    for (const answer of ["", "yes", "0.1", "0.20"]) {
      assert.equal(await refusal({ ...open, ask: ask(answer) }), "SPEND_CONFIRM_WRONG");
    }
  });

  it("takes a token of exactly these calls, once", async () => {
    const called = { targets: ["here", "there"].map(target), priceSources: ["S1"], placeOf };
    const { facts } = probePurchase(called, PACE, 0.1)!;
    const used = new Set<string>();
    const useToken = async (token: string) => !used.has(token) && used.add(token).size > 0;
    const open = { ...locks({ flag: true, budgetUsd: 0.1, token: confirmToken(facts, Date.now()) }), useToken };
    assert.equal(await refusal({ ...open, count: 21 }), "SPEND_CONFIRM_WRONG");
    assert.equal(await allowed(["here", "there"], open), 0.1);
    assert.equal(await refusal(open), "SPEND_CONFIRM_USED");
  });

  it("asks on a terminal only, and takes Ctrl-C for a no", async () => {
    const stdin = Object.assign(new PassThrough(), { isTTY: true });
    const stderr = Object.assign(new PassThrough(), { isTTY: true });
    const streams = { stdin, stderr } as unknown as NonNullable<Parameters<typeof askToSpend>[2]>;
    const controller = new AbortController();
    assert.equal(askToSpend({ live: false }, controller.signal, streams), undefined);
    const answer = askToSpend({ live: true }, controller.signal, streams)!("Sure? ");
    controller.abort();
    assert.equal(await answer, "");
  });

  it("makes no load", async () => {
    assert.equal(await refusal({ ...locks({ flag: true, budgetUsd: 1 }), intervalMs: 499 }), "PROBE_TOO_FAST");
  });
});
