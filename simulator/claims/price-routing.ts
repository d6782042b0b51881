/** Claims about prices that differ by region and hour, and about what following them saves. */
import { arbitrageCeiling } from "../service/pricing/hourly-curve.ts";
import { createPriceBook, lookupPrice } from "../service/pricing/price-book.ts";
import { blendedPrice } from "../service/pricing/prices.ts";
import { type Claim, type ClaimCase, type ClaimInputs, percent, smallestReaching } from "./claim.ts";
import {
  BILLING_CASES,
  type BillingCase,
  LIST_PRICES,
  READINGS,
  type Reading,
  STATIC_READINGS,
  SWING_READINGS,
  savingOfDay,
  swingOfDay,
} from "./price-day.ts";

export const savedByRouting: Claim = {
  id: "saving",
  says: "Routing latency-tolerant calls to the cheapest region saves 18 to 23 % of the token cost.",
  judge: (inputs) => casesOfSaving(inputs, 0.18, (saving) => `${percent(saving)} saved`),
};

export const effectivePrice: Claim = {
  id: "price",
  says: "Routing turns USD 3.00/15.00 per million tokens into an effective 2.43/12.15.",
  judge: (inputs) => {
    const [input, output] = listPriceOf(inputs);
    const shown = (saving: number) => `USD ${(input * (1 - saving)).toFixed(2)}/${(output * (1 - saving)).toFixed(2)}`;
    return casesOfSaving(inputs, 1 - 2.43 / 3, shown);
  },
};

export const hourlySwing: Claim = {
  id: "swing",
  says: "Prices differ by up to 31 % between peak and off-peak hours.",
  judge: (inputs) => {
    const { model } = inputs.assumptions;
    const published = swingOfDay(inputs, LIST_PRICES);
    const spread = widestSpread(inputs);
    const own = spreadOf(inputs, model);
    return [
      {
        billing: "any",
        reading: "over the day, at list prices",
        found: `${percent(published)} over the day`,
        verdict: published >= 0.31 ? "holds" : "holds if",
        condition: "your own contract has prices by the hour: AWS publishes none",
      },
      ...SWING_READINGS.map((reading): ClaimCase => {
        const swing = swingOfDay(inputs, reading);
        return {
          billing: "any",
          reading: reading.name,
          found: `peak ${percent(swing)} above trough`,
          verdict: swing >= 0.31 - 0.005 ? "holds if" : "fails",
          condition: "your own contract has such prices: this is what the words would mean",
        };
      }),
      {
        billing: "any",
        reading: `between regions, ${model}`,
        found: `dearest ${percent(own)} above cheapest`,
        verdict: own >= 0.31 ? "holds" : "holds if",
        condition: `the model is one with a regional spread, such as ${spread.model} (${percent(spread.share)})`,
      },
    ];
  },
};

export const sixFigures: Claim = {
  id: "six-figures",
  says: "At 100 million calls even a conservative 15 % is six figures a year.",
  judge: (inputs) => {
    const { inputTokens, outputTokens } = inputs.assumptions;
    const [input, output] = listPriceOf(inputs);
    const callUsd = (inputTokens * input + outputTokens * output) / 1e6;
    return [
      ["100 million calls a year", 100e6],
      ["100 million calls a month", 1200e6],
    ].map(([reading, calls]): ClaimCase => {
      const saved = 0.15 * Number(calls) * callUsd;
      const neededUsd = 100_000 / (0.15 * Number(calls));
      return {
        billing: "any that lets 15 % be saved",
        reading: String(reading),
        found: `USD ${Math.round(saved).toLocaleString("en-US")} a year`,
        verdict: saved >= 100_000 ? "holds" : "holds if",
        condition: `a call costs USD ${neededUsd.toPrecision(3)} or more (here ${callUsd.toPrecision(3)}), and 15 % can be saved: see \`saving\``,
      };
    });
  },
};

export const weightedProfiles: Claim = {
  id: "weights",
  says: "Profiles with weighted regions (60/40) save 15 to 20 %.",
  judge: (inputs) => {
    const { profileWeight, home, regions } = inputs.assumptions;
    const gap = profileWeight === 0 ? Number.POSITIVE_INFINITY : 0.15 / profileWeight;
    const readings: readonly Reading[] = [LIST_PRICES, ...STATIC_READINGS];
    return BILLING_CASES.filter(({ rule }) => rule !== "lowest-cost").flatMap((billing) =>
      readings.map((reading): ClaimCase => {
        const found = profileWeight * Math.max(0, savingOfDay(inputs, reading, billing));
        const reachable = billing.rule !== "source" || billing.calls !== "home";
        return {
          billing: billing.name,
          reading: reading === LIST_PRICES ? "list prices (over a day a swing averages out)" : reading.name,
          found: `${percent(found)} saved`,
          verdict: found >= 0.15 ? "holds" : reachable && gap < 1 ? "holds if" : "fails",
          condition: reachable
            ? gap < 1
              ? `the region that takes ${percent(profileWeight)} is ${percent(gap)} cheaper than ${home}`
              : `with ${percent(profileWeight)} of the calls elsewhere not even free ones save 15 %`
            : `${home} is billed whichever of the ${regions.length} regions serves, and AWS's profiles have no weights`,
        };
      }),
    );
  },
};

/** One case for each billing rule and reading. */
function casesOfSaving(inputs: ClaimInputs, target: number, shown: (saving: number) => string): readonly ClaimCase[] {
  return BILLING_CASES.flatMap((billing) =>
    READINGS.map((reading): ClaimCase => {
      const saving = savingOfDay(inputs, reading, billing);
      const holds = saving >= target;
      const condition = holds ? "" : conditionOf(inputs, { reading, billing, target });
      return {
        billing: billing.name,
        reading: reading.name,
        found: shown(saving),
        verdict: holds ? "holds" : condition === undefined ? "fails" : "holds if",
        condition: condition ?? whyNever(reading, billing),
      };
    }),
  );
}

interface Shortfall {
  readonly reading: Reading;
  readonly billing: BillingCase;
  readonly target: number;
}

/** What would have to be larger; undefined when that is nothing of this reading. */
function conditionOf(inputs: ClaimInputs, { reading, billing, target }: Shortfall): string | undefined {
  if (billing.rule === "source" && billing.calls === "home") return undefined;
  if (reading === LIST_PRICES) {
    const other = modelThatSaves(inputs, target);
    return other === undefined ? undefined : `the model is one whose list price differs so far: ${other}`;
  }
  const isStatic = reading.staticFactor !== undefined;
  const ways: string[] = [];
  if (isStatic) {
    const withSwing = (swing: number) =>
      savingOfDay({ ...inputs, assumptions: { ...inputs.assumptions, swing } }, reading, billing);
    const gap = smallestReaching(withSwing, target, { low: 0, high: 0.99 });
    if (gap !== undefined) ways.push(`the dearest region is ${percent(gap)} above the cheapest`);
  } else {
    const amplitude = smallestReaching((a) => savingOfDay(inputs, reading, billing, { amplitude: a }), target, {
      low: 0,
      high: 0.99,
    });
    if (amplitude !== undefined)
      ways.push(`prices swing by ${((1 + amplitude) / (1 - amplitude)).toFixed(2)} peak to trough`);
    const demand = smallestReaching((demandSwing) => savingOfDay(inputs, reading, billing, { demandSwing }), target, {
      low: 0,
      high: 1,
    });
    if (demand !== undefined) ways.push(`demand peaks with the price, ${percent(demand)} up and down`);
  }
  return ways.length === 0 ? undefined : ways.join(", or ");
}

function whyNever(reading: Reading, billing: BillingCase): string {
  if (billing.rule === "source" && billing.calls === "home") return "home is billed whichever region serves";
  if (reading === LIST_PRICES) return "list prices do not move, and no model's differ so far in these regions";
  return "nothing of this kind reaches it";
}

/** A model of the book that saves so much at list prices between the regions that sell it; the one that saves most. */
function modelThatSaves({ assumptions, prices }: ClaimInputs, target: number): string | undefined {
  const book = createPriceBook({ data: prices });
  const found = [...new Set(prices.prices.map(({ model }) => model))].flatMap((model) => {
    const priceIn = (region: string) => {
      const quote = book.quote({ model, region, family: "regional", tier: "standard" });
      return "code" in quote ? Number.NaN : blendedPrice(quote.prices.input, quote.prices.output);
    };
    const home = priceIn(assumptions.home);
    const sold = assumptions.regions.map(priceIn).filter((price) => !Number.isNaN(price));
    return home > 0 ? [{ model, saving: assumptions.movableShare * (1 - Math.min(...sold) / home) }] : [];
  });
  const best = found.reduce((a, b) => (b.saving > a.saving ? b : a), { model: "", saving: 0 });
  return best.saving >= target ? `${best.model} (${percent(best.saving)})` : undefined;
}

/** Closed-form ceiling of price routing under one meaning of the swing. */
export interface CeilingRow {
  readonly reading: string;
  readonly amplitude: number;
  /** Shares saved at most with 2, 3 and 5 regions whose phases are spread evenly. */
  readonly byRegions: readonly number[];
}

/** @param swing share below 1, in each of its meanings */
export function ceilings(swing: number): readonly CeilingRow[] {
  return SWING_READINGS.map(({ name, amplitude }) => ({
    reading: name,
    amplitude: amplitude(swing),
    byRegions: [2, 3, 5].map((regions) => arbitrageCeiling(amplitude(swing), regions)),
  }));
}

function listPriceOf({ assumptions, prices }: ClaimInputs): readonly [input: number, output: number] {
  const book = createPriceBook({ data: prices });
  const { model, home } = assumptions;
  const { input, output } = lookupPrice(book, { model, region: home, family: "regional", tier: "standard" }).prices;
  return [input, output];
}

/** Dearest over cheapest commercial region of a model's standard input price, less 1. */
function spreadOf({ prices }: ClaimInputs, model: string): number {
  const listed = prices.prices.filter(
    (row) => row.model === model && row.tier === "standard" && row.input > 0 && !row.region.startsWith("us-gov-"),
  );
  const inputs = listed.map(({ input }) => input);
  return inputs.length === 0 ? 0 : Math.max(...inputs) / Math.min(...inputs) - 1;
}

function widestSpread(inputs: ClaimInputs): { readonly model: string; readonly share: number } {
  const models = [...new Set(inputs.prices.prices.map(({ model }) => model))];
  const spreads = models.map((model) => ({ model, share: spreadOf(inputs, model) }));
  return spreads.reduce((widest, each) => (each.share > widest.share ? each : widest));
}
