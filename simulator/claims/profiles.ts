/** Claims about inference profiles: quota, the price of staying in the EU, and the way to a far region. */
import { AWS_REGIONS } from "../base/regions.ts";
import { createPriceBook, type PriceBook } from "../service/pricing/price-book.ts";
import { blendedPrice } from "../service/pricing/prices.ts";
import { defaultQuotaOf } from "../service/quota/default-quotas.ts";
import { type Claim, type ClaimCase, type ClaimInputs, percent } from "./claim.ts";

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
