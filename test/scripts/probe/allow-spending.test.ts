import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { describe, it } from "node:test";
import { allowSpending, askToSpend, type MoneyOptions } from "../../../scripts/probe/allow-spending.ts";
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

function allowed(regions: readonly string[], options: Partial<MoneyOptions>): Promise<number> {
  const prepared = { targets: regions.map(target), priceSources: ["S1"], placeOf };
  const full = { count: 20, intervalMs: 2000, budgetUsd: undefined, agreed: false, ask: undefined };
  return allowSpending(prepared, { ...full, note: (text) => void notes.push(text), ...options });
}

const refusal = async (options: Partial<MoneyOptions>): Promise<string> =>
  allowed(["there"], options).then(
    () => "",
    (error: MeridianError) => error.problems.map(({ where, code }) => where ?? code).join(" "),
  );

describe("spending on probes", () => {
  it("is free on this machine and never asked about", async () => {
    assert.equal(await allowed(["here"], { intervalMs: 1 }), Number.POSITIVE_INFINITY);
    assert.deepEqual(notes, []);
  });

  it("wants a budget and a yes, and says the worst case of what is paid for", async () => {
    assert.equal(await refusal({}), "--budget-usd --yes");
    assert.equal(await refusal({ budgetUsd: 1 }), "--yes");
    assert.equal(await refusal({ agreed: true }), "--budget-usd");
    assert.equal(await refusal({ agreed: true, budgetUsd: 0.009 }), "--budget-usd");
    assert.equal(await allowed(["here", "there"], { agreed: true, budgetUsd: 0.5 }), 0.5);
    assert.match(notes.at(-1)!, /^20 calls of other machines cost at most 0\.20 USD \(prices: S1\)$/);
  });

  it("takes a typed yes, and nothing else, for one; it names no more than the budget", async () => {
    const questions: string[] = [];
    const ask = (answer: string) => async (question: string) => {
      questions.push(question);
      return answer;
    };
    assert.equal(await allowed(["there"], { budgetUsd: 0.1, ask: ask(" Yes ") }), 0.1);
    assert.match(questions[0]!, /Spend up to 0\.10 USD/);
    for (const answer of ["", "y", "no"]) {
      assert.equal(await refusal({ budgetUsd: 0.1, ask: ask(answer) }), "PROBE_DECLINED");
    }
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
    assert.equal(await refusal({ agreed: true, budgetUsd: 1, intervalMs: 499 }), "--interval");
  });
});
