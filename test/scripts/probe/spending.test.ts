import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { loadReference } from "../../../scripts/io/reference.ts";
import { createSpendLedger, priceOfCall } from "../../../scripts/probe/spending.ts";
import type { MeridianError } from "../../../simulator/base/errors.ts";
import { createPriceBook } from "../../../simulator/service/pricing/price-book.ts";
import { probeOf } from "../../simulator/probe/probes.ts";

const { prices, profiles, models } = await loadReference();
const facts = { book: createPriceBook({ data: prices }), profiles, models };
const call = { region: "us-east-1", model: "amazon.nova-pro-v1:0", inputTokens: 500, outputTokens: 100 };

/** List price straight from the data file. */
function listed(model: string, region: string): { readonly input: number; readonly output: number } {
  const row = prices.prices.find(
    (each) =>
      each.model === model &&
      (each.region === region || each.region === "*") &&
      each.tier === "standard" &&
      each.routing === "in-region-or-geo",
  );
  return { input: row!.input, output: row!.output };
}

describe("what probes cost", () => {
  it("is the list price, of twice the wanted input and 100 tokens more at worst", () => {
    const { input, output } = listed(call.model, call.region);
    const price = priceOfCall(call, facts, undefined);
    assert.ok(Math.abs(price.worstUsd - ((1000 + 100) * input + 100 * output) / 1e6) < 1e-12);
    const billed = probeOf({ inputTokens: 480, outputTokens: 90, cacheReadTokens: 20 });
    assert.ok(Math.abs(price.costUsd(billed) - (500 * input + 90 * output) / 1e6) < 1e-12);
  });

  it("is the dearest of a profile's regions", () => {
    const model = "eu.amazon.nova-pro-v1:0";
    const record = profiles.profiles.find(({ profileId, historical }) => profileId === model && historical !== true)!;
    assert.equal(record.kind, "geographic");
    const regions = record.kind === "geographic" ? record.destinationsBySource["eu-west-1"]! : [];
    const dearest = Math.max(
      ...[...regions, "eu-west-1"].map((region) => {
        const quote = facts.book.quote({ model: record.modelId, region, family: "regional", tier: "standard" });
        return "code" in quote ? 0 : quote.prices.output;
      }),
    );
    const price = priceOfCall(
      { ...call, region: "eu-west-1", model, inputTokens: 1, outputTokens: 1e6 },
      facts,
      undefined,
    );
    assert.ok(price.worstUsd >= dearest && price.worstUsd < dearest * 1.01, `${price.worstUsd} ${dearest}`);
  });

  it("is that of long prompts, also at worst and where the user states the price", () => {
    const long = { ...call, model: "us.anthropic.claude-sonnet-4-5-20250929-v1:0", inputTokens: 99_950 };
    const price = priceOfCall(long, facts, undefined);
    assert.ok(Math.abs(price.worstUsd - (200_000 * 3.3 + 100 * 16.5) / 1e6) < 1e-9, "just below");
    const above = priceOfCall({ ...long, inputTokens: 99_951 }, facts, undefined);
    assert.ok(Math.abs(above.worstUsd - (200_002 * 6.6 + 100 * 24.75) / 1e6) < 1e-9);
    const costUsd = (inputTokens: number, cacheReadTokens: number) =>
      price.costUsd(probeOf({ inputTokens, outputTokens: 1000, cacheReadTokens }));
    assert.ok(Math.abs(costUsd(300_000, 0) - 2.00475) < 1e-9);
    assert.ok(Math.abs(costUsd(150_000, 50_000) - 0.6765) < 1e-9, "exactly at the threshold");
    const own = priceOfCall({ ...long, inputTokens: 150_000 }, facts, { input: 1, output: 10 });
    assert.ok(Math.abs(own.worstUsd - (300_100 * 2 + 100 * 15) / 1e6) < 1e-9);
  });

  it("must be known, or stated", () => {
    const unknown = { ...call, model: "arn:aws:bedrock:us-east-1:1:application-inference-profile/abc" };
    assert.throws(
      () => priceOfCall(unknown, facts, undefined),
      (error: MeridianError) => error.problems[0]!.code === "PROBE_PRICE_UNKNOWN" && /--price/.test(error.message),
    );
    assert.equal(priceOfCall(unknown, facts, { input: 1, output: 10 }).worstUsd, (1100 * 1 + 100 * 10) / 1e6);
  });

  it("never passes the budget, whatever is under way", () => {
    const ledger = createSpendLedger(1);
    assert.ok(ledger.reserve(0.4) && ledger.reserve(0.4));
    assert.ok(!ledger.reserve(0.4), "two are under way");
    ledger.settle(0.4, 0.1);
    assert.ok(ledger.reserve(0.4));
    assert.equal(ledger.spentUsd(), 0.1);
  });
});
