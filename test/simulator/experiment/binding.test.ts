import assert from "node:assert/strict";
import { it } from "node:test";
import { whatBinds, whatFails } from "../../../simulator/experiment/binding.ts";
import { classOf, strategyOf } from "./answers.ts";

const chat = classOf("chat", 6000, { roundTripMs: 40 });
const binds = (figures: Parameters<typeof strategyOf>[1][string], each = chat) =>
  whatBinds(strategyOf("x", { chat: figures }), each).binding;

it("what takes a large part of the limit binds: waits by quota or capacity, distance; else the work itself", () => {
  assert.equal(binds({ within: 0.8 }), "work");
  assert.equal(binds({ within: 0.8, wait: 3000 }), "capacity");
  assert.equal(binds({ within: 0.8, wait: 3000, throttled: 0.1 }), "quota");
  assert.equal(binds({ within: 0.8, wait: 3000 }, classOf("chat", 6000, { roundTripMs: 2000 })), "distance");
});

it("of a measured run attempts that came to nothing are what a request waited for, and none is known of the service", () => {
  const share = (value: number) => ({ value, low: null, high: null, n: 1 });
  const measured = (shares: Partial<Record<"timedOut" | "unavailable" | "throttled", number>>) => {
    const strategy = strategyOf("x", { chat: { within: 0.8, wait: 3000, throttled: shares.throttled ?? 0 } });
    const group = {
      ...strategy.byClass[0]!,
      timedOutAttemptShare: share(shares.timedOut ?? 0),
      unavailableAttemptShare: share(shares.unavailable ?? 0),
    };
    return whatBinds({ ...strategy, byClass: [group] }, chat, true);
  };
  const { binding, text } = measured({ timedOut: 0.0625, unavailable: 0.02 });
  assert.equal(binding, "limit");
  assert.equal(
    text,
    "What binds is the client's time limit: 6.25 % of the attempts of chat run into it, and the p95 of the time until the attempt that serves chat is sent is 3.00 s.",
  );
  assert.equal(measured({ throttled: 0.1, timedOut: 0.05 }).binding, "quota");
  assert.equal(measured({ unavailable: 0.05 }).binding, "capacity");
  assert.equal(measured({}).binding, "outage", "errors, or an endpoint that broke off");
});

it("of an objective for the first token the prompt binds, not the answer", () => {
  const slow = strategyOf("x", { chat: { within: 0.8 } });
  const estimate = (value: number) => ({ value, low: null, high: null, n: 1 });
  const ttftMs = { ...slow.byClass[0]!.ttftMs, p95: estimate(3300), mean: estimate(1600) };
  const late = { ...slow, byClass: [{ ...slow.byClass[0]!, ttftMs }] };
  const { text } = whatBinds(late, classOf("chat", null, { sloTtftMs: 2000 }));
  assert.match(text, /the first token of chat takes 1\.60 s on average, .* Shorter prompts, /);
  assert.doesNotMatch(text, /answers/);
  assert.match(whatBinds(late, classOf("chat", 3000, { sloTtftMs: 20_000 })).text, /Shorter answers, /);
});

it("where failures are most of what is missing, what they ended by binds", () => {
  const failing = strategyOf("x", { chat: { within: 0.9, failed: 0.1 } });
  assert.equal(whatBinds(failing, chat).binding, "quota");
  assert.match(whatBinds(failing, chat).text, /: under x 10 % of chat are throttled by token quotas/);
  const counts = { ...failing.byClass[0]!.counts, throttled: 0, timedOut: 90, failed: 20 };
  assert.match(
    whatFails(failing, { counts }).text,
    /^What binds is the client's time limit: under x 9 % of the requests run into it.*`limits: \{ idle/,
  );
});

it("names a second cause beside the first where it fails nearly as many", () => {
  const failing = strategyOf("x", { chat: { within: 0.9, failed: 0.1 } });
  const counts = { ...failing.byClass[0]!.counts, throttled: 90, refused: 60 };
  const { binding, text } = whatFails(failing, { counts });
  assert.equal(binding, "quota");
  assert.match(
    text,
    /^What binds is the quota: under x 9 % of the requests are .*; 6 % of the requests find no capacity\.$/,
  );
  assert.doesNotMatch(whatFails(failing, { counts: { ...counts, refused: 40 } }).text, /capacity/);
});

it("says how many causes more fail about as many, and names both of a wait and a distance", () => {
  const failing = strategyOf("x", { chat: { within: 0.9, failed: 0.1 } });
  const { counts } = failing.byClass[0]!;
  const textOf = (over: Partial<typeof counts>) => whatFails(failing, { counts: { ...counts, ...over } }).text;
  const three = { throttled: 90, refused: 60, timedOut: 50 };
  assert.match(textOf(three), /6 % of the requests find no capacity; 1 more cause fails about as many\.$/);
  const four = { ...three, residencyRefused: 45, abandoned: 44 };
  assert.match(textOf(four), /find no capacity; 2 more causes fail about as many\.$/);
  const far = whatBinds(
    strategyOf("x", { chat: { within: 0.8, wait: 3000 } }),
    classOf("chat", 6000, { roundTripMs: 2000 }),
  );
  assert.equal(far.binding, "distance");
  assert.equal(
    far.text,
    "What binds is the distance: a round trip of chat to the nearest region it may use takes 2.00 s; and the capacity: the p95 of the wait before chat is worked on is 3.00 s.",
  );
});

it("names the quotas that refused most", () => {
  const refused = (id: string, count: number) => ({
    id,
    granted: 1,
    refusedTokensPerMinute: count,
    refusedTokensPerDay: 0,
    refusedRequests: 0,
    overshootTokens: 0,
    utilisationMax: 1,
    firstRefusalMs: 0,
    lastRefusalMs: 0,
  });
  const one = {
    ...strategyOf("x", { chat: { failed: 0.5 } }),
    quotas: [refused("a", 1), refused("b", 9), refused("c", 5)],
  };
  assert.match(whatFails(one, one.byClass[0]!).text, /until they give up \(b, c and 1 more\)\.$/);
  const two = { ...one, quotas: one.quotas.slice(1) };
  assert.match(whatFails(two, two.byClass[0]!).text, /until they give up \(b and c\)\.$/);
});
