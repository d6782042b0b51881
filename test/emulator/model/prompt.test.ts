import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import {
  countFromMetadata,
  createPromptCache,
  estimateJsonTokens,
  estimateTokens,
  nextTool,
  PromptMeter,
} from "../../../emulator/model/prompt.ts";
import { callOf } from "../support.ts";

describe("PromptMeter", () => {
  it("marks successive prefixes with their tokens and times to live", () => {
    const meter = new PromptMeter();
    meter.addText("a".repeat(40));
    meter.mark("1h", "system.0");
    meter.addText("b".repeat(8));
    meter.addTokens(100, "picture");
    meter.mark(undefined, "system.2");
    assert.deepEqual(
      meter.cachePoints.map(({ tokens, ttlMs }) => [tokens, ttlMs]),
      [
        [10, 3_600_000],
        [112, 300_000],
      ],
    );
  });
  it("gives equal prefixes equal ids, whatever follows, and other splits other ids", () => {
    const idOf = (parts: readonly string[], after: string) => {
      const meter = new PromptMeter();
      for (const part of parts) meter.addText(part);
      meter.mark("5m", "x");
      meter.addText(after);
      return meter.cachePoints[0]!.prefixId;
    };
    assert.equal(idOf(["ab", "c"], "x"), idOf(["ab", "c"], "y"));
    assert.notEqual(idOf(["ab", "c"], "x"), idOf(["a", "bc"], "x"));
  });
});

describe("token estimate", () => {
  it("is one token per four bytes, rounded up", () => {
    assert.deepEqual(["", "a", "four", "fives", "日本語"].map(estimateTokens), [0, 1, 1, 2, 3]);
  });
  it("never decreases when text is added", () => {
    fc.assert(fc.property(fc.string(), fc.string(), (a, b) => estimateTokens(a + b) >= estimateTokens(a)));
  });
  it("counts values by their JSON", () => {
    assert.equal(estimateJsonTokens({ a: 1 }), 2);
    assert.equal(estimateJsonTokens(undefined), 0);
  });
});

describe("countFromMetadata", () => {
  it("reads whole numbers and refuses everything else", () => {
    assert.equal(countFromMetadata({ n: "120" }, "n", 1), 120);
    assert.equal(countFromMetadata({}, "n", 1), undefined);
    assert.equal(countFromMetadata({}, "constructor", 1), undefined);
    for (const text of ["", "0", "-5", "1.5", "1e3", "9999999999", "abc"]) {
      assert.throws(
        () => countFromMetadata({ n: text }, "n", 1),
        { name: "ValidationException", message: /^requestMetadata\.n states a number of tokens/ },
        text,
      );
    }
  });
});

const point = (prefixId: string, tokens: number, ttlMs = 300_000) => ({ prefixId, tokens, ttlMs });

describe("prompt cache", () => {
  it("writes first, reads until it expires, and a hit renews the time to live", () => {
    const cache = createPromptCache();
    const call = callOf({ cachePoints: [point("p", 2000)] });
    const use = (nowMs: number) => cache.use(call, "us-east-1", nowMs);
    assert.deepEqual(use(0), { readTokens: 0, writeTokens: 2000 });
    assert.deepEqual(use(299_000), { readTokens: 2000, writeTokens: 0 });
    assert.deepEqual(use(598_000), { readTokens: 2000, writeTokens: 0 });
    assert.deepEqual(use(898_001), { readTokens: 0, writeTokens: 2000 });
  });
  it("reads the longest known prefix and writes the rest", () => {
    const cache = createPromptCache();
    cache.use(callOf({ cachePoints: [point("a", 1500)] }), "us-east-1", 0);
    const longer = callOf({ cachePoints: [point("a", 1500), point("b", 4000)] });
    assert.deepEqual(cache.use(longer, "us-east-1", 1), { readTokens: 1500, writeTokens: 2500 });
  });
  it("separates regions and models, and ignores short prefixes", () => {
    const cache = createPromptCache();
    const call = callOf({ cachePoints: [point("p", 2000)] });
    cache.use(call, "us-east-1", 0);
    assert.equal(cache.use(call, "us-west-2", 1).readTokens, 0);
    assert.equal(cache.use({ ...call, modelId: "other" }, "us-east-1", 1).readTokens, 0);
    const short = callOf({ cachePoints: [point("s", 1023)] });
    assert.deepEqual(cache.use(short, "us-east-1", 0), { readTokens: 0, writeTokens: 0 });
  });
  it("goes by the model's own minimum", () => {
    const written = (tokens: number, cacheMinimumTokens: number) =>
      createPromptCache().use(callOf({ cachePoints: [point("p", tokens)], cacheMinimumTokens }), "us-east-1", 0);
    assert.equal(written(4095, 4096).writeTokens, 0);
    assert.equal(written(4096, 4096).writeTokens, 4096);
    assert.equal(written(600, 512).writeTokens, 600);
  });
});

/** A conversation in letters: `q` a question, `c` a call, `C` two calls, `r` results. */
const next = (tools: readonly string[], conversation: string) =>
  nextTool(
    tools,
    [...conversation],
    (letter) => ({ c: 1, C: 2 })[letter] ?? 0,
    (letter) => letter === "q",
  );

describe("nextTool", () => {
  for (const [conversation, expected] of [
    ["", "a"],
    ["q", "a"],
    ["qcr", "b"],
    ["qcrcr", "c"],
    ["qcrcrcr", "a"],
    ["qCr", "c"],
    ["qcrqcrq", "a"],
  ] as const) {
    it(`is ${expected} after ${conversation === "" ? "nothing" : conversation}`, () => {
      assert.equal(next(["a", "b", "c"], conversation), expected);
    });
  }
  it("is the only one, or none", () => {
    assert.equal(next(["a"], "qcr"), "a");
    assert.equal(next([], "q"), undefined);
  });
});
