import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { answer, classOf, strategyOf } from "./answers.ts";

const CHAT = [classOf("chat", 6000)];
const WITH_BATCH = [classOf("chat", 6000), classOf("batch", 86_400_000, { deferrable: true })];
const one = (
  name: string,
  chat: Parameters<typeof strategyOf>[1][string],
  over: Parameters<typeof strategyOf>[2] = {},
) => strategyOf(name, { chat }, over);
const noisy = (around: number) => [around * 0.9, around * 1.1, around * 0.95, around * 1.05, around];

describe("the answer of a run", () => {
  it("names the cheapest that keeps the objective: share, month, interval, p95, condition, assumptions", () => {
    const { verdict, recommended, named } = answer(
      [
        one("base", { within: 0.97, p95: 5000 }),
        one("cheap", { within: 0.96, p95: 5500 }, { usd: 4 }),
        one("dear", {}, { usd: 6 }),
      ],
      CHAT,
    );
    assert.equal(
      verdict,
      "cheap keeps the objective (96 % of chat within 6 s) and costs USD 4,000 a month of such traffic (USD 4.00 per 1,000 served), 20 % less than base; p95 of chat 5.50 s, 10 % higher than with base. Faster, for 50 % more money: dear (p95 of chat 4.00 s). (5 paired replications of 12,345 requests.) Assumes list prices.",
    );
    assert.equal(recommended, "cheap");
    assert.deepEqual(named, ["cheap", "dear"]);
  });

  it("says by what leaders are alike where one of them is faster all the same", () => {
    const classes = [classOf("chat", 6000), classOf("code", 6000)];
    const two = (name: string, chat: number, usd: number) =>
      strategyOf(name, { chat: { p95: chat }, code: { p95: 5500 } }, { usd });
    const { verdict, recommended } = answer([two("base", 4000, 6), two("x", 4000, 5), two("y", 3000, 5)], classes);
    assert.match(
      verdict,
      /^x and y keep every objective .* and are not shown to differ in cost or in the p95 nearest to its limit: /,
    );
    assert.match(verdict, / Of them y is faster \(p95 of chat 3\.00 s\)\./);
    assert.doesNotMatch(verdict, /Faster/);
    assert.equal(recommended, null);
  });

  it("speaks of one replication of one request in the singular", () => {
    const { verdict } = answer([one("base", {})], CHAT, { replications: 1, requestsPerReplication: 1 });
    assert.match(verdict, / \(1 replication of 1 request\.\)/);
  });

  it("never prefers one that misses an objective that another keeps, however cheap", () => {
    const { verdict, recommended } = answer(
      [one("base", { within: 0.96 }), one("cheap", { within: 0.82 }, { usd: 1 })],
      CHAT,
    );
    assert.equal(recommended, "base");
    assert.match(verdict, /^base keeps the objective/);
    assert.match(verdict, /Left out because it misses 95 %: cheap \(82 % of chat within 6 s\)\./);
  });

  it("says the share that a class asks for where it is not the usual one", () => {
    const by = (share: number, a: number, b: number) =>
      answer(
        [one("base", { within: a }), one("x", { within: b }, { usd: 4 })],
        [classOf("chat", 6000, { sloShare: share })],
      ).verdict;
    assert.match(
      by(0.9, 0.91, 0.92),
      /^x keeps the objective \(92 % of chat within 6 s, where 90 % is asked for\) and/,
    );
    assert.match(by(0.9, 0.91, 0.82), /it misses 90 %: x \(82 % of chat within 6 s\)\./);
    assert.match(
      by(0.99, 0.97, 0.98),
      /^No strategy keeps the objective\. .*: 98 % of chat within 6 s, where 99 % is asked for;/,
    );
    const both = [classOf("chat", 6000), classOf("code", 8000, { sloShare: 0.9 })];
    const of = (name: string, chat: number, code: number, usd: number) =>
      strategyOf(name, { chat: { within: chat }, code: { within: code } }, { usd });
    const { verdict } = answer([of("base", 0.96, 0.93, 5), of("x", 0.96, 0.92, 4), of("y", 0.8, 0.85, 1)], both);
    assert.match(
      verdict,
      /^x keeps every objective \(96 % of chat within 6 s and 92 % of code within 8 s where 90 % is asked for\)/,
    );
    assert.match(
      verdict,
      /it misses an objective: y \(80 % of chat within 6 s where 95 % is asked for and 85 % of code/,
    );
  });

  it("nor one that fails more, does not serve, or is unstable", () => {
    const base = one("base", { within: 0.99 });
    const failing = answer([base, one("x", { within: 0.96, failed: 0.03 }, { usd: 1 })], CHAT);
    assert.match(failing.verdict, /^No strategy is shown to cost less than base|^base keeps/);
    assert.match(failing.verdict, /it fails more: x \(3 % of the requests\)/);
    const broken = answer([base, one("x", { within: 0.7, failed: 0.3 }, { usd: 1 })], CHAT);
    assert.equal(broken.recommended, "base");
    assert.match(broken.verdict, /it does not serve: x \(fails 30 % of chat\)/);
    const unstable = answer([base, one("x", {}, { usd: 1, unstable: true })], CHAT);
    assert.equal(unstable.recommended, "base");
    assert.match(unstable.verdict, /x \(the backlog grew all the time\)/);
  });

  it("does not rank what is not shown to differ, nor a difference too small to choose by", () => {
    const tiny = answer([one("base", {}), one("a", {}, { usd: 4 }), one("b", {}, { usd: 4.003 })], CHAT);
    assert.match(tiny.verdict, /^a and b keep the objective .* and are not shown to differ: USD 4,000/);
    assert.equal(tiny.recommended, null);
    assert.deepEqual(tiny.named, ["a", "b"]);
    const loose = answer(
      [one("base", {}, { usd: 9 }), one("a", {}, { usd: noisy(4) }), one("b", {}, { usd: noisy(4.1).toReversed() })],
      CHAT,
    );
    assert.match(loose.verdict, /^a and b keep/);
    const none = answer([one("base", {}), one("a", {}), one("b", {})], CHAT);
    assert.match(
      none.verdict,
      /^No strategy is shown to cost less than base by 0\.5 % or more without failing more: it keeps .* a and b are not shown to differ from it by as much\./,
    );
  });

  it("says that one replication cannot show a difference, not that none was found", () => {
    const once = (within: number) => ({ within: [within], failed: [0], p95: [4000] });
    const missing = one("base", once(0.9), { usd: [9] });
    const { verdict } = answer([missing, one("a", once(0.99), { usd: [4] }), one("b", once(0.99), { usd: [4] })], CHAT);
    assert.match(verdict, /^a and b keep the objective .* and one replication cannot tell them apart: USD/);
    assert.doesNotMatch(verdict, /no difference from|not shown to differ/);
    const [base, ...others] = [0.9, 0.8, 0.7].map((within, i) => one("abc"[i]!, once(within), { usd: [4] }));
    const missed = answer([base!, ...others], CHAT).verdict;
    assert.match(missed, /The least bad is a \(one replication cannot tell 2 others from it\): 90 % of chat/);
    assert.doesNotMatch(missed, /about as near/);
    const failing = [0.9, 0.8].map((share, i) =>
      one("ab"[i]!, { within: [0], failed: [share], p95: [4000] }, { usd: [4] }),
    );
    const overload = answer(failing, CHAT).verdict;
    assert.match(overload, /The least bad is b \(one replication cannot tell 1 other from it\)/);
    assert.match(overload, /Latency and cost .* One replication cannot show a difference: ask for ten/);
  });

  it("asks for no replications of a measured run, which is one", () => {
    const once = (name: string) => one(name, { within: [0.99], failed: [0], p95: [4000] }, { usd: [4] });
    const { verdict } = answer([once("a"), once("b")], CHAT, { isMeasured: true });
    assert.match(verdict, /One measured run has no intervals and cannot show a difference\./);
    assert.doesNotMatch(verdict, /ask for/);
  });

  it("of equal cost the faster one is preferred, by its own class and not by one that may wait", () => {
    const classes = (chat: number, batch: number) => ({ chat: { p95: chat }, batch: { p95: batch } });
    const by = (chat: number, batch: number) =>
      answer([strategyOf("base", classes(5000, 90_000)), strategyOf("x", classes(chat, batch))], WITH_BATCH);
    assert.equal(by(4000, 90_000).recommended, "x");
    assert.match(
      by(4000, 90_000).verdict,
      /99 % of batch within 24 h.* p95 of chat 4\.00 s, 20 % lower than with base/,
    );
    assert.equal(by(5000, 9_000).recommended, null);
    assert.doesNotMatch(by(5000, 9_000).verdict, /p95 of batch|faster/i);
  });

  it("when none keeps its objective that is the headline: the least bad, by how much, and what binds", () => {
    const work = answer([one("base", { within: 0.7, p95: 9000 }), one("x", { within: 0.82, p95: 8500 })], CHAT);
    assert.match(
      work.verdict,
      /^No strategy keeps the objective\. The least bad is x: 82 % of chat within 6 s, where 95 % is asked for; p95 of chat 8\.50 s, .* What binds is the work itself: chat takes 4\.25 s on average, of which it waits 5 ms/,
    );
    assert.equal(work.recommended, null);
    const quota = answer([one("base", { within: 0.8, wait: 4000, throttled: 0.2 })], CHAT);
    assert.match(quota.verdict, /^base misses its objective: 80 % .* What binds is the quota: 20 % of the attempts/);
    const queue = answer([one("base", { within: 0.8, wait: 4000 })], CHAT);
    assert.match(queue.verdict, /What binds is the capacity: the p95 of the wait/);
    const far = answer([one("base", { within: 0.8 })], [classOf("chat", 1000, { roundTripMs: 300 })]);
    assert.match(far.verdict, /What binds is the distance: a round trip of chat to the nearest region .* takes 300 ms/);
    const failing = answer([one("base", { within: 0.93, failed: 0.045 })], CHAT);
    assert.match(failing.verdict, /What binds is the quota: under base 4\.5 % of chat are throttled/);
  });

  it("an overload has its failures as the headline, and no latency", () => {
    const { verdict, recommended } = answer(
      [
        one("base", { failed: 0.996, within: 0 }, { unstable: true }),
        one("x", { failed: 0.99, within: 0 }, { unstable: true }),
      ],
      CHAT,
    );
    assert.match(
      verdict,
      /^No strategy serves this traffic\. The least bad is .*: it fails 99(\.\d)? % of the requests\. What binds is the quota/,
    );
    assert.match(verdict, /All are unstable\./);
    assert.doesNotMatch(verdict, /p95/);
    assert.equal(recommended, null);
  });

  it("without objectives it speaks of what is served, and of the class with the most requests", () => {
    const { verdict } = answer([one("base", {}), one("x", {}, { usd: 4 })], [classOf("chat", null)]);
    assert.match(verdict, /^x serves every request and costs/);
  });

  it("a strategy alone, and one replication, show no difference", () => {
    assert.match(
      answer([one("base", {})], CHAT).verdict,
      /^base alone keeps the objective .* name a second strategy to compare\./,
    );
    const single = answer(
      [
        one("base", { within: [0.99], failed: [0], p95: [4000] }, { usd: [5] }),
        one("x", { within: [0.99], failed: [0], p95: [1000] }, { usd: [1] }),
      ],
      CHAT,
    );
    assert.match(
      single.verdict,
      /^base and x keep the objective \(99 % of chat within 6 s\) and one replication cannot tell them apart: USD 5,000/,
    );
    assert.match(single.verdict, / One replication cannot show a difference: ask for ten \(`replications: 10`\), two/);
    assert.equal(single.recommended, null);
    const alone = answer([one("base", { within: [0.99], failed: [0], p95: [4000] }, { usd: [5] })], CHAT);
    assert.doesNotMatch(alone.verdict, /difference|tell them apart/);
  });

  it("says of how many requests, one of which has no plural", () => {
    const of = (requestsPerReplication: number) => answer([one("base", {})], CHAT, { requestsPerReplication }).verdict;
    assert.match(of(1.2), /\(5 replications of 1 request\.\)/);
    assert.match(of(1.6), /\(5 replications of 2 requests\.\)/);
  });

  it("begins with what was not sent at all", () => {
    const strategies = [one("base", {}), one("cheap", {}, { usd: 4 })];
    assert.match(
      answer(strategies, CHAT, { requestsPerReplication: 0 }).verdict,
      /^Nothing was sent: no request arrived within the run/,
    );
    assert.match(
      answer(strategies, CHAT, { classesWithoutArrivals: ["a"] }).verdict,
      /^Nothing was sent of class a\. cheap keeps/,
    );
    assert.match(
      answer(strategies, CHAT, { classesWithoutArrivals: ["a", "b", "c", "d", "e", "f", "g"], hasWarmup: true })
        .verdict,
      /^Nothing was sent after the warm-up of the classes a, b, c, d, e and 2 more\. cheap/,
    );
  });

  it("of an overload says what fails of each class, and prefers who fails a small class less", () => {
    const classes = [classOf("big", 6000), classOf("small", 6000)];
    const of = (name: string, small: number) => strategyOf(name, { big: { failed: 0.9897 }, small: { failed: small } });
    const [base, x] = [of("base", 1), of("x", 0.4)];
    // The total is nearly all of the large class.
    const total = { ...base.total, failedShare: base.byClass[0]!.failedShare };
    const alike = (one: typeof base) => ({
      ...one,
      total,
      replications: one.replications.map((point) => ({ ...point, failedShare: 0.9897 })),
    });
    const { verdict } = answer([alike(base), alike(x)], classes);
    assert.match(verdict, /The least bad is x \(1 other is not shown to differ\): it fails 98\.97 % of the requests/);
    assert.match(verdict, /\(98\.97 % of big and 40 % of small\)\./);
  });

  it("does not compare the cost with that of a baseline that does not serve", () => {
    const { verdict, recommended } = answer(
      [one("base", { within: 0.1, failed: 0.9 }, { usd: 40 }), one("x", {})],
      CHAT,
    );
    assert.equal(recommended, "x");
    assert.doesNotMatch(verdict, /less than base/);
    assert.match(verdict, /it does not serve: base \(fails 90 % of chat\)/);
  });

  it("says that an objective is not shown to be kept or missed where the interval holds what is asked for", () => {
    const wide = (around: number) => [-0.02, -0.01, 0, 0.01, 0.02].map((by) => around + by);
    const missing = answer([one("base", { within: wide(0.945) }), one("x", { within: wide(0.9) })], CHAT).verdict;
    assert.match(missing, /Not certain: that chat misses its objective \(95 % interval of the share 92\.5–96\.5 %\)\./);
    assert.match(answer([one("base", { within: wide(0.955) })], CHAT).verdict, /Not certain: that chat keeps its/);
    assert.doesNotMatch(answer([one("base", { within: 0.955 })], CHAT).verdict, /Not certain/);
  });

  it("names who comes nearer to objectives that none keeps, and for how much more", () => {
    const { verdict, named } = answer(
      [one("base", { within: 0.86 }), one("near", { within: 0.878 }, { usd: 6 })],
      CHAT,
    );
    assert.match(verdict, /The least bad is base \(1 other is about as near\)/);
    assert.match(verdict, /Nearer, for 20 % more money: near \(87\.8 % of chat within 6 s\)\./);
    assert.deepEqual(named, ["base", "near"]);
  });
});
