/**
 * Claims about what is not the price of a region: inference profiles (quota, staying in the EU, a far region), the routing fee,
 * batch, and prompt caching in place of routing.
 */
import { AWS_REGIONS } from "../base/regions.ts";
import { billLedger, createLedger } from "../service/pricing/billing.ts";
import { createPriceBook, lookupPrice, type PriceBook } from "../service/pricing/price-book.ts";
import { BILLING_RULES, blendedPrice, type PriceKey } from "../service/pricing/prices.ts";
import { defaultQuotaOf } from "../service/quota/default-quotas.ts";
import { type Claim, type ClaimCase, type ClaimInputs, percent, smallestReaching } from "./claim.ts";
import { BILLING_CASES, LIST_PRICES, READINGS, savingOfDay } from "./price-day.ts";

const FEE_CALLS = 50_000_000;

export const routingFee: Claim = {
  id: "fee",
  says: "A routing fee of USD 0.0005 per 1,000 decisions is about USD 25 for 50 million calls.",
  judge: ({ assumptions }) =>
    BILLING_RULES.map((rule): ClaimCase => {
      const ledger = createLedger({ epochs: 1, placements: 1, classes: 1 });
      ledger.decisions[0] = FEE_CALLS;
      const usd =
        Number(
          billLedger(ledger, {
            rule,
            schedule: EMPTY_SCHEDULE,
            placements: [{ sourceKey: 0, destinationKey: 0 }],
            candidateKeys: [[0]],
            routingFeeUsdPer1kDecisions: assumptions.feeUsdPer1kDecisions,
          }).all.total,
        ) / 1e15;
      const holds = Math.abs(usd - 25) < 2.5;
      return {
        billing: rule,
        reading: "50 million decisions",
        found: `USD ${usd.toFixed(2)}`,
        verdict: holds ? "holds" : rule === "lowest-cost" ? "holds if" : "fails",
        condition: holds
          ? "so small that it changes no verdict here"
          : rule === "lowest-cost"
            ? "the fee is USD 0.0005 per 1,000 decisions"
            : "AWS charges no routing fee",
      };
    }),
};

const EMPTY_SCHEDULE = {
  epochStartMs: new Float64Array(1),
  keys: [{ model: "any", region: "any", family: "regional", tier: "standard" }] as const,
  fUsdPerToken: new Float64Array(4),
  factor: Float64Array.of(1),
};

export const batch: Claim = {
  id: "batch",
  says: "Batch and routing together save up to 60 %.",
  judge: (inputs) => {
    const book = createPriceBook({ data: inputs.prices });
    const { model, home, batchShare } = inputs.assumptions;
    const key: PriceKey = { model, region: home, family: "regional", tier: "standard" };
    const standard = costOfCall(inputs, book, key);
    const halved = 1 - costOfCall(inputs, book, { ...key, tier: "batch" }) / standard;
    const cases = BILLING_CASES.flatMap((billing) =>
      READINGS.map((reading): ClaimCase => {
        const routed = Math.max(0, savingOfDay(inputs, reading, billing));
        const both = 1 - (1 - batchShare * halved) * (1 - routed);
        const neededRouting = 1 - 0.4 / (1 - batchShare * halved);
        const reachable = !(billing.rule === "source" && billing.calls === "home") && reading !== LIST_PRICES;
        return {
          billing: billing.name,
          reading: reading.name,
          found: `${percent(both)} saved`,
          verdict: both >= 0.6 ? "holds" : reachable ? "holds if" : "fails",
          condition:
            both >= 0.6
              ? "if the batch job, which may run at any hour of a day, runs at the cheapest"
              : reachable
                ? `routing alone saves ${percent(neededRouting)}`
                : `batch saves ${percent(batchShare * halved)} of what can wait, and routing saves nothing`,
        };
      }),
    );
    return [...cases, globalBatch(inputs, book)];
  },
};

/** The largest saving that list prices allow: batch through a global profile against on-demand through a geographic one. */
function globalBatch(inputs: ClaimInputs, book: PriceBook): ClaimCase {
  const { home, batchShare } = inputs.assumptions;
  const models = [...new Set(inputs.prices.prices.map(({ model }) => model))];
  const found = models.flatMap((model) => {
    const key: PriceKey = { model, region: home, family: "geographic", tier: "standard" };
    const [from, to] = [book.quote(key), book.quote({ ...key, family: "global", tier: "batch" })];
    if ("code" in from || "code" in to) return [];
    const before = blendedPrice(from.prices.input, from.prices.output);
    return before > 0 ? [{ model, saving: 1 - blendedPrice(to.prices.input, to.prices.output) / before }] : [];
  });
  const best = found.reduce((a, b) => (b.saving > a.saving ? b : a), { model: "no model", saving: 0 });
  const saving = best.saving * batchShare;
  return {
    billing: "source",
    reading: "list prices, batch through a global profile",
    found: `${percent(saving)} saved (${best.model})`,
    verdict: saving >= 0.6 ? "holds" : "fails",
    condition: saving >= 0.6 ? "" : "this is the most that list prices of any model allow from this region",
  };
}

export const caching: Claim = {
  id: "caching",
  says: "Prompt caching saves more than routing by price does.",
  judge: (given) => {
    const assumptions = { ...given.assumptions, model: given.assumptions.cachingModel };
    const inputs = { ...given, assumptions };
    const cached = cachingSaving(inputs, assumptions.cacheHits);
    return BILLING_CASES.flatMap((billing) =>
      READINGS.map((reading): ClaimCase => {
        const routed = Math.max(0, savingOfDay(inputs, reading, billing));
        const needed = smallestReaching((hits) => cachingSaving(inputs, hits), Math.max(routed, 1e-6), {
          low: 0,
          high: 1,
        });
        return {
          billing: billing.name,
          reading: reading.name,
          found: `${percent(cached)} by caching, ${percent(routed)} by routing`,
          verdict: cached > routed ? "holds" : needed === undefined ? "fails" : "holds if",
          condition:
            needed === undefined
              ? `with ${percent(assumptions.cachedShare)} of the input in prefixes even 100 % of hits save less`
              : `${percent(needed)} or more of the calls find their prefix in the cache; each region has its own`,
        };
      }),
    );
  },
};

/** Share of a call's cost that caching saves; negative when prefixes are written and seldom read. */
function cachingSaving(inputs: ClaimInputs, hits: number): number {
  const { model, home, inputTokens, outputTokens, cachedShare } = inputs.assumptions;
  const { input, output, cacheRead, cacheWrite } = cachePrices(inputs, model, home);
  const plain = inputTokens * input + outputTokens * output;
  const prefix = hits * cacheRead + (1 - hits) * cacheWrite;
  const cached = inputTokens * ((1 - cachedShare) * input + cachedShare * prefix) + outputTokens * output;
  return plain === 0 ? 0 : 1 - cached / plain;
}

function cachePrices({ prices }: ClaimInputs, model: string, region: string) {
  return lookupPrice(createPriceBook({ data: prices }), { model, region, family: "regional", tier: "standard" }).prices;
}

function costOfCall({ assumptions }: ClaimInputs, book: PriceBook, key: PriceKey): number {
  const { input, output } = lookupPrice(book, key).prices;
  return assumptions.inputTokens * input + assumptions.outputTokens * output;
}

export const doubledQuota: Claim = {
  id: "quota",
  says: "A cross-region profile has up to twice the quota of one region.",
  judge: (inputs) => {
    const ratios = quotaRatios(inputs);
    const { model, home } = inputs.assumptions;
    const own = ratios.find((each) => each.model === model && each.region === home);
    const [least, most] = [ratios[0], ratios.at(-1)];
    if (least === undefined || most === undefined) return [];
    const told = (each: QuotaRatio) => `${each.ratio.toFixed(1)} times (${each.model} in ${each.region})`;
    return [
      {
        billing: "any",
        reading: "default tokens per minute, every model with both quotas",
        found: `${told(least)} to ${told(most)}`,
        verdict: most.ratio > 2.05 ? "fails" : most.ratio >= 1.95 ? "holds" : "holds if",
        condition:
          most.ratio > 2.05
            ? "each family of quotas has numbers of its own today, and some are more than twice as large"
            : "the account has the defaults; quotas that were raised have a ratio of their own",
      },
      ...(own === undefined
        ? []
        : [
            {
              billing: "any",
              reading: `default tokens per minute, ${model} in ${home}`,
              found: `${own.ratio.toFixed(1)} times`,
              verdict: own.ratio >= 1.95 ? "holds" : "fails",
              condition: "the account has the defaults",
            } satisfies ClaimCase,
          ]),
    ];
  },
};

interface QuotaRatio {
  readonly model: string;
  readonly region: string;
  readonly ratio: number;
}

/** Of every model and region with a default of both families, the smallest first. */
function quotaRatios({ quotas }: ClaimInputs): readonly QuotaRatio[] {
  const models = [...new Set(quotas.quotas.map(({ model }) => model))];
  const ratios = models.flatMap((modelId) =>
    AWS_REGIONS.flatMap(({ id: region }) => {
      const one = defaultQuotaOf(quotas, { modelId, region, family: "regional" });
      const across = defaultQuotaOf(quotas, { modelId, region, family: "geographic" });
      if (one === undefined || across === undefined) return [];
      return [{ model: modelId, region, ratio: across.tokensPerMinute / one.tokensPerMinute }];
    }),
  );
  return ratios.sort((a, b) => a.ratio - b.ratio);
}

export const euOnly: Claim = {
  id: "eu-only",
  says: "Staying in the EU costs no surcharge.",
  judge: ({ prices }) => {
    const book = createPriceBook({ data: prices });
    const models = [...new Set(prices.prices.map(({ model }) => model))];
    const against = (reading: string, billing: string, surchargeOf: (model: string) => number | undefined) =>
      surchargeCase({ reading, billing, models, surchargeOf });
    return [
      against("EU profile against the same EU region alone", "source", (model) =>
        dearest(EU, (eu) => ratio(priceOf(book, model, eu, "geographic"), priceOf(book, model, eu, "regional"))),
      ),
      against("EU profile against the global profile", "source", (model) =>
        dearest(EU, (eu) => ratio(priceOf(book, model, eu, "geographic"), priceOf(book, model, eu, "global"))),
      ),
      against("an EU region against us-east-1", "source", (model) =>
        dearest(EU, (eu) => ratio(priceOf(book, model, eu, "regional"), priceOf(book, model, "us-east-1", "regional"))),
      ),
      against("the dearest EU member against the EU region that was called", "destination", (model) =>
        dearest(EU, (eu) =>
          dearest(EU, (to) => ratio(priceOf(book, model, to, "regional"), priceOf(book, model, eu, "regional"))),
        ),
      ),
    ];
  },
};

const EU = AWS_REGIONS.filter(({ geography }) => geography === "eu").map(({ id }) => id);

interface Comparison {
  readonly reading: string;
  readonly billing: string;
  readonly models: readonly string[];
  /** As a share; undefined where one of the two is not sold. */
  readonly surchargeOf: (model: string) => number | undefined;
}

function surchargeCase({ reading, billing, models, surchargeOf }: Comparison): ClaimCase {
  const surcharges = models.flatMap((model) => {
    const surcharge = surchargeOf(model);
    return surcharge === undefined ? [] : [{ model, surcharge }];
  });
  const known = surcharges.length;
  const dear = surcharges.filter(({ surcharge }) => surcharge > 0.0005);
  const worst = dear.reduce((a, b) => (b.surcharge > a.surcharge ? b : a), { model: "", surcharge: 0 });
  const free = surcharges.find(({ surcharge }) => surcharge <= 0.0005);
  return {
    billing,
    reading,
    found:
      dear.length === 0
        ? `no surcharge for any of ${known} models`
        : `${dear.length} of ${known} models cost more, at most ${percent(worst.surcharge)} (${worst.model})`,
    verdict: dear.length === 0 ? "holds" : free === undefined ? "fails" : "holds if",
    condition:
      dear.length === 0
        ? ""
        : free === undefined
          ? "nothing"
          : `the model is one without a surcharge, such as ${free.model}`,
  };
}

function priceOf(book: PriceBook, model: string, region: string, family: "regional" | "geographic" | "global") {
  const quote = book.quote({ model, region, family, tier: "standard" });
  return "code" in quote ? undefined : blendedPrice(quote.prices.input, quote.prices.output);
}

/** How much dearer, as a share. */
function ratio(price: number | undefined, than: number | undefined): number | undefined {
  return price === undefined || than === undefined || than === 0 ? undefined : price / than - 1;
}

function dearest(regions: readonly string[], of: (region: string) => number | undefined): number | undefined {
  const known = regions.map(of).filter((value) => value !== undefined);
  return known.length === 0 ? undefined : Math.max(...known);
}

export const farLatency: Claim = {
  id: "latency",
  says: "A far destination adds network latency.",
  judge: ({ assumptions, roundTrips }) => {
    const { home, regions } = assumptions;
    const trips = regions.flatMap((region) => {
      const ms = region === home ? undefined : roundTrips.rtt[home]?.[region];
      return ms === undefined ? [] : [{ region, ms }];
    });
    const near = trips.reduce((a, b) => (b.ms < a.ms ? b : a), { region: "none", ms: Number.POSITIVE_INFINITY });
    const far = trips.reduce((a, b) => (b.ms > a.ms ? b : a), { region: "none", ms: 0 });
    const told = ({ region, ms }: { region: string; ms: number }) => `${Math.round(ms)} ms to ${region}`;
    return [
      {
        billing: "any",
        reading: `round trip from ${home}, each exchange`,
        found: trips.length === 0 ? "no round trip is known" : `${told(near)}, ${told(far)}`,
        verdict: trips.length > 0 && near.ms > 0 ? "holds" : "fails",
        condition:
          "a streamed answer pays it once before the first token; a connection that is opened anew, more often",
      },
    ];
  },
};
