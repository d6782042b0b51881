import assert from "node:assert/strict";
import { it } from "node:test";
import {
  differenceText,
  intervalText,
  marginText,
  outcomeText,
  signedDifference,
  valueText,
} from "../../../simulator/validate/result.ts";
import { oneQuantity } from "./results.ts";

it("differences are read in the unit of their margin", () => {
  const relative = oneQuantity({ difference: 0.0123, low: -0.00001, high: 0.02 });
  assert.equal(differenceText(relative), "+1.23 % (0.00 to +2.00)");
  const share = oneQuantity({
    unit: "share",
    isRelative: false,
    margin: 0.01,
    difference: -0.003,
    low: -0.004,
    high: 0,
  });
  assert.equal(differenceText(share), "−0.30 points (−0.40 to 0.00)");
  assert.equal(marginText(share), "±1 point");
  const retries = oneQuantity({ unit: "perRequest", isRelative: false, margin: 0.02, difference: 0.0051, low: null });
  assert.equal(signedDifference(retries), "+0.0051");
  assert.equal(intervalText(retries), "");
  assert.equal(marginText(retries), "±0.02");
  assert.equal(differenceText(oneQuantity({ difference: null })), "n/a");
});

it("values have a unit, and open questions what they need", () => {
  assert.deepEqual(
    [valueText(1234.5, "ms"), valueText(288.06, "ms"), valueText(0.317, "share"), valueText(0.4861, "usd")],
    ["1.234 s", "288.1 ms", "31.70 %", "0.4861"],
  );
  assert.equal(valueText(null, "ms"), "n/a");
  assert.equal(
    outcomeText(oneQuantity({ outcome: "undecided", requestsNeeded: 900 })),
    "undecided: about 900 requests needed",
  );
  assert.equal(outcomeText(oneQuantity({ outcome: "undecided" })), "undecided");
});
