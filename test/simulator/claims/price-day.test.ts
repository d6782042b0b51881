import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { loadReference } from "../../../scripts/io/reference.ts";
import { assumptionsFrom } from "../../../simulator/claims/claim.ts";
import {
  BILLING_CASES,
  type DayChange,
  LIST_PRICES,
  STATIC_READINGS,
  SWING_READINGS,
  savingOfDay,
  swingOfDay,
} from "../../../simulator/claims/price-day.ts";
import { arbitrageCeiling, arbitrageCeilingHourly } from "../../../simulator/service/pricing/hourly-curve.ts";

const reference = await loadReference();
const [byProfile, byRouter, destination, lowestCost] = BILLING_CASES;
const [peakOverTrough, , upAndDown] = SWING_READINGS;

const inputsOf = (...changes: string[]) => ({ ...reference, assumptions: assumptionsFrom(changes) });

/** Hours of us-east-1 and of a region whose clock is `shift` hours ahead: the mean of the cheaper price, by hand. */
function byHand(amplitude: number, shift: number, demand: (hour: number) => number): number {
  let stayed = 0;
  let moved = 0;
  for (let hour = 0; hour < 24; hour++) {
    const price = (h: number) => 1 + amplitude * Math.cos((2 * Math.PI * (h - 15)) / 24);
    stayed += demand(hour) * price(hour);
    moved += demand(hour) * Math.min(price(hour), price(hour + shift));
  }
  return 1 - moved / stayed;
}

describe("a day of calls at prices that swing", () => {
  it("saves what a sum over the hours says, whoever's price it is but home's", () => {
    // Ireland is five hours ahead of Virginia.
    const inputs = inputsOf("regions=us-east-1,eu-west-1");
    const expected = byHand(0.31, 5, () => 1);
    for (const billing of [byRouter!, destination!])
      assert.ok(Math.abs(savingOfDay(inputs, upAndDown!, billing) - expected) < 1e-7);
    assert.equal(savingOfDay(inputs, upAndDown!, byProfile!), 0);
  });

  it("pays the routing fee under the lowest-cost rule only", () => {
    const inputs = inputsOf("feeUsdPer1kDecisions=0.6", "regions=us-east-1,eu-west-1");
    // A call costs 1,000 x 3 + 200 x 15 = USD 0.006; the fee of 0.0006 is a tenth of it.
    const difference = savingOfDay(inputs, LIST_PRICES, destination!) - savingOfDay(inputs, LIST_PRICES, lowestCost!);
    assert.ok(Math.abs(difference - 0.1) < 1e-9);
  });

  it("reaches the hourly closed form between opposite clocks, and never passes the ceiling of its regions", () => {
    // Shanghai's clock would be twelve hours ahead of New York's in winter less one: Singapore is thirteen ahead.
    const two = savingOfDay(inputsOf("regions=us-east-1,ap-southeast-1"), peakOverTrough!, destination!);
    assert.ok(two <= arbitrageCeilingHourly(0.31 / 2.31, 2));
    const five = savingOfDay(inputsOf(), peakOverTrough!, destination!);
    assert.ok(five > 0.118 && five < arbitrageCeiling(0.31 / 2.31, 5));
  });

  it("saves more when demand peaks with the price, as the sum says", () => {
    const change: DayChange = { demandSwing: 0.5 };
    const inputs = inputsOf("regions=us-east-1,eu-west-1");
    const expected = byHand(0.31, 5, (hour) => 1 + 0.5 * Math.cos((2 * Math.PI * (hour - 15)) / 24));
    assert.ok(Math.abs(savingOfDay(inputs, upAndDown!, destination!, change) - expected) < 1e-5);
  });

  it("saves the whole gap between regions when home is the dearest", () => {
    const [dearest, middle] = STATIC_READINGS;
    assert.ok(Math.abs(savingOfDay(inputsOf(), dearest!, destination!) - (1 - 1 / 1.31)) < 1e-9);
    assert.ok(Math.abs(savingOfDay(inputsOf(), middle!, destination!) - (1 - 1 / 1.155)) < 1e-9);
  });

  it("swings as its reading says", () => {
    assert.equal(swingOfDay(inputsOf(), LIST_PRICES), 0);
    assert.ok(Math.abs(swingOfDay(inputsOf(), peakOverTrough!) - 0.31) < 1e-9);
    assert.ok(Math.abs(swingOfDay(inputsOf(), upAndDown!) - (1.31 / 0.69 - 1)) < 1e-9);
  });
});
