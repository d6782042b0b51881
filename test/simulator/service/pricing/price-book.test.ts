import assert from "node:assert/strict";
import { test } from "node:test";
import { MeridianError } from "../../../../simulator/base/errors.ts";
import { createPriceBook, lookupPrice } from "../../../../simulator/service/pricing/price-book.ts";
import type { PriceKey } from "../../../../simulator/service/pricing/prices.ts";
import { BOOK_DATA, standardKey } from "./fixtures.ts";

const NOVA = "amazon.nova-pro-v1:0";
const SONNET = "anthropic.claude-sonnet-4-5-20250929-v1:0";
const HAIKU = "anthropic.claude-haiku-4-5-20251001-v1:0";
const book = createPriceBook({ data: BOOK_DATA, modelIds: { sonnet: SONNET } });

function price(model: string, region: string, more: Partial<PriceKey> = {}) {
  return lookupPrice(book, { ...standardKey(model, region), ...more });
}

function close(actual: number, expected: number, what = "") {
  assert.ok(Math.abs(actual - expected) <= 1e-9 * Math.max(1, expected), `${what} ${actual} is not ${expected}`);
}

// Recorded facts: AWS Price List of 2026-09-17 and pricing page of 2026-07-24, as summarised in docs/model/pricing.md.
test("list prices of the regions, as published", () => {
  close(price(NOVA, "us-east-1").prices.input, 0.8);
  close(price(NOVA, "eu-west-3").prices.input, 1.18);
  close(price(NOVA, "ap-southeast-2").prices.output, 4 * 0.84);
  assert.equal(price(NOVA, "us-east-1").derivation, "listed");
  assert.equal(price(NOVA, "us-east-1").confidence, "high");
});

test("a model listed without regions costs the same everywhere; global is 1/1.1 of geographic", () => {
  for (const region of ["us-east-1", "eu-west-1", "ap-northeast-1"]) {
    const geographic = price("sonnet", region, { family: "geographic" }).prices;
    const global = price("sonnet", region, { family: "global" }).prices;
    assert.deepEqual([geographic.input, geographic.output, global.input, global.output], [3.3, 16.5, 3, 15]);
  }
  assert.deepEqual(price("sonnet", "us-gov-west-1").prices.input, 3.6);
});

test("cache prices: listed, by multiplier, and for a one-hour life", () => {
  const claude = price(SONNET, "us-east-1").prices;
  close(claude.cacheRead, 0.33);
  close(claude.cacheWrite, 4.125);
  close(price(SONNET, "us-east-1", { cacheTtl: "1h" }).prices.cacheWrite, 6.6);
  // Not listed for this key: by multiplier from the global input price.
  const global = price(HAIKU, "ap-northeast-1", { family: "global" }).prices;
  close(global.cacheRead, 0.1);
  close(global.cacheWrite, 1.25);
  close(price(NOVA, "us-east-1").prices.cacheRead, 0.2);
  close(price(NOVA, "us-east-1").prices.cacheWrite, 0);
  const llama = price("meta.llama3-3-70b-instruct-v1:0", "us-east-1").prices;
  assert.deepEqual([llama.cacheRead, llama.cacheWrite], [0.72, 0.72]);
});

test("tiers: a listed row beats the rule, the rule fills the gap", () => {
  close(price(NOVA, "ap-northeast-1", { tier: "batch" }).prices.input, 0.48);
  close(price(NOVA, "ap-northeast-1", { tier: "priority" }).prices.input, 1.68);
  // Mistral Large 2407 sells batch at 0.75 x, not 0.5 x.
  close(price("mistral.mistral-large-2407-v1:0", "us-west-2", { tier: "batch" }).prices.input, 1.5);
  const flex = price("meta.llama3-1-70b-instruct-v1:0", "us-east-1", { tier: "flex" });
  close(flex.prices.input, 0.36);
  assert.equal(flex.confidence, "derived");
  close(price("meta.llama3-1-70b-instruct-v1:0", "us-east-1", { tier: "priority" }).prices.output, 0.72 * 1.75);
});

test("global batch of Sonnet 4.5 is 55 % below geographic on demand", () => {
  const batch = price(SONNET, "us-east-1", { family: "global", tier: "batch" }).prices.input;
  const demand = price(SONNET, "us-east-1", { family: "geographic" }).prices.input;
  assert.ok(Math.abs(1 - batch / demand - 0.5454) < 1e-3);
});

test("rules: one Claude price for all commercial regions, GovCloud 1.2 x global, global of a regional price", () => {
  assert.equal(price("anthropic.claude-opus-5", "us-east-1").prices.input, 5.5);
  assert.match(price("anthropic.claude-opus-5", "us-east-1").derivation, /same price/);
  close(price(HAIKU, "us-gov-east-1").prices.input, 1.2);
  close(price("anthropic.claude-opus-4-7", "us-gov-west-1").prices.input, 6);
  const novaGlobal = price("amazon.nova-2-lite-v1:0", "ap-northeast-1", { family: "global" });
  close(novaGlobal.prices.input, 0.36);
});

test("every listed geographic price with a global twin of the 4.5 generation on is 1.1 x it", () => {
  let pairs = 0;
  for (const global of BOOK_DATA.prices.filter(
    (row) => row.tier === "global" && row.model !== "anthropic.claude-sonnet-4-20250514-v1:0",
  )) {
    const twin = BOOK_DATA.prices.find(
      (row) => row.tier === "standard" && row.model === global.model && row.region === global.region,
    );
    if (twin === undefined) continue;
    pairs += 1;
    // Published prices are rounded to a cent or a tenth of one.
    assert.ok(Math.abs(twin.input / global.input - 1.1) < 0.005, `${global.model} ${global.region}`);
  }
  assert.ok(pairs > 50);
});

test("what is not sold is refused with near names or listed regions and the cure", () => {
  const fails = (model: string, region: string, more: Partial<PriceKey>, pattern: RegExp) =>
    assert.throws(
      () => price(model, region, more),
      (error) => error instanceof MeridianError && error.exitCode === 2 && pattern.test(error.message),
    );
  fails(
    "amazon.nova-pro",
    "us-east-1",
    {},
    /PRICE_MODEL_UNKNOWN.*did you mean amazon\.nova-pro-v1:0.*\n\s+fix: .*overrides/,
  );
  fails(NOVA, "eu-south-1", {}, /PRICE_NOT_LISTED.*listed regions: .*eu-west-3/);
  fails(NOVA, "us-east-1", { family: "global" }, /PRICE_NOT_LISTED/);
  fails(SONNET, "us-gov-west-1", { family: "global" }, /PRICE_NOT_LISTED/);
  fails("deepseek.v3.2", "ap-south-1", { tier: "latency-optimized" }, /PRICE_NOT_LISTED/);
});

test("the scenario's own prices win, and its other tiers follow", () => {
  const own = createPriceBook({
    data: BOOK_DATA,
    modelIds: { sonnet: SONNET },
    overrides: [{ model: "sonnet", region: "us-east-1", input: 2, output: 8, cacheWrite: 1 }],
  });
  const quote = lookupPrice(own, standardKey("sonnet", "us-east-1"));
  assert.deepEqual(quote.prices, { input: 2, output: 8, cacheRead: 0.2, cacheWrite: 1 });
  assert.equal(lookupPrice(own, standardKey("sonnet", "eu-west-1")).prices.input, 3.3);
  assert.equal(lookupPrice(own, { ...standardKey("sonnet", "us-east-1"), tier: "batch" }).prices.output, 4);
  const oneHour = lookupPrice(own, { ...standardKey("sonnet", "us-east-1"), cacheTtl: "1h" });
  assert.equal(oneHour.prices.cacheWrite, 1);
});

test("a world without a book costs nothing but what it states", () => {
  const none = createPriceBook({ data: null, overrides: [{ model: "m", region: "r1", input: 3, output: 3 }] });
  assert.deepEqual(lookupPrice(none, standardKey("m", "r2")).prices, {
    input: 0,
    output: 0,
    cacheRead: 0,
    cacheWrite: 0,
  });
  assert.equal(lookupPrice(none, standardKey("m", "r1")).prices.cacheRead, 3);
});

test("the tier multipliers hold in the published rows; the exceptions are the ones the docs name", () => {
  const multiplier: Record<string, number> = { priority: 1.75, flex: 0.5, batch: 0.5 };
  const exceptions = new Set<string>();
  let pairs = 0;
  for (const row of BOOK_DATA.prices) {
    const factor = multiplier[row.tier];
    const standard = BOOK_DATA.prices.find(
      (other) =>
        other.tier === (row.routing === "global" ? "global" : "standard") &&
        other.model === row.model &&
        other.region === row.region &&
        other.routing === row.routing,
    );
    if (factor === undefined || standard === undefined) continue;
    pairs += 1;
    const off = Math.abs(row.input / standard.input / factor - 1);
    if (Math.max(off, Math.abs(row.output / standard.output / factor - 1)) > 0.02) exceptions.add(row.model);
  }
  assert.equal(pairs, 260);
  assert.deepEqual([...exceptions].sort(), ["amazon.nova-2-lite-v1:0", "mistral.mistral-large-2407-v1:0"]);
});

test("every published GovCloud price of Claude is 1.2 x its global price", () => {
  const gov = BOOK_DATA.prices.filter((row) => row.region.startsWith("us-gov-") && row.model.startsWith("anthropic."));
  assert.equal(gov.length, 8);
  for (const row of gov) {
    const global = BOOK_DATA.prices.find((other) => other.tier === "global" && other.model === row.model);
    close(row.input / (global?.input ?? Number.NaN), 1.2, row.model);
  }
});

test("says where a tier's price is the usual ratio of the standard one, for it may not be sold at all", () => {
  const nova = price(NOVA, "us-east-1", { tier: "flex" });
  const sonnet = price("anthropic.claude-sonnet-4-5-20250929-v1:0", "us-east-1", { tier: "flex" });
  assert.deepEqual([nova.isByRatio, sonnet.isByRatio], [undefined, true]);
  close(sonnet.prices.input, 1.65);
});
