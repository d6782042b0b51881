import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  fanSvg,
  projectionGaps,
  projectionHeadline,
  projectionTable,
  renderProjectionCsv,
  renderProjectionText,
} from "../../../reports/bill/projection.ts";
import { ONE } from "../../../simulator/bill/bill-line.ts";
import { FLAT, type Projection } from "../../../simulator/bill/project.ts";

const months = ["2026-10", "2026-11"].map((month, i) => ({
  month,
  usd: [1n, 2n, 3n, 4n, 5n].map((usd) => usd * ONE * BigInt(i + 1)),
}));
const projection: Projection = {
  firstDay: "2026-07-01",
  lastDay: "2026-09-28",
  days: 90,
  growth: { quantiles: [0, 0.1, 0.2], source: "trend" },
  gaps: { estimatedDays: 0, cutDays: [], emptyDays: 0, ifMissing: 1 },
  otherUsageUsd: 0n,
  weekdays: [1, 1, 1, 1, 1, 1, 1],
  seasons: { factors: new Array<number>(12).fill(1), source: "none" },
  withoutGrowthUsd: [6n, 6n, 7n, 8n, 8n].map((usd) => usd * ONE),
  scenarios: [{ price: FLAT, months, totalUsd: [3n, 6n, 9n, 12n, 15n].map((usd) => usd * ONE) }],
  tornado: [],
};

describe("a projection's table", () => {
  it("has every month and the total", () => {
    assert.equal(projectionTable({ projection, file: "bill.csv" }).rows.length, 3);
    assert.match(
      renderProjectionCsv({ projection, file: "b" }),
      /prices as they are,total,3\.00,6\.00,9\.00,12\.00,15\.00\r\n$/,
    );
  });
});

describe("the headline of a projection", () => {
  it("is a range with what it rests on, and what it would be without growth", () => {
    assert.equal(
      projectionHeadline(projection),
      "2 months of this usage from October 2026 on cost between USD 3 and USD 15 with a probability of 80 % if nothing is changed and the bill's trend of 10.0 % a month (0.0 % to 20.0 %) lasts; if growth ends now, between USD 6 and USD 8.",
    );
  });
});

describe("what a projection leaves out", () => {
  it("is named by its days, and what it would cost if days without spend are only missing", () => {
    const gaps = { estimatedDays: 1, cutDays: ["2026-09-28"], emptyDays: 21, ifMissing: 1.3 };
    assert.deepEqual(projectionGaps({ ...projection, gaps }), [
      "1 day whose amounts may still change is left out.",
      "Left out for so little spend that it looks like a part of a day: 2026-09-28.",
      "21 days between have no spend, and the months ahead have as many in proportion; if the export only lacks them, the months cost 30 % more.",
    ]);
    assert.deepEqual(projectionGaps(projection), []);
  });

  it("says what other usage of Bedrock is not in it", () => {
    const text = renderProjectionText(
      { projection: { ...projection, otherUsageUsd: 12_345n * ONE }, file: "b" },
      { colour: false, width: 500 },
    );
    assert.match(text, /and so is other usage of Bedrock, USD 12,345\.00 on the bill/);
  });
});

describe("the fan", () => {
  it("puts amounts on a scale from zero, and says in words what it shows", () => {
    const svg = String(fanSvg("flat <b>", months));
    // The scale ends at 10: an amount of 10 is at its top, 12, and of 5 half way down to 230.
    assert.match(svg, /points="70\.0,208\.2 700\.0,186\.4 700\.0,12\.0 70\.0,121\.0"/);
    assert.match(svg, /aria-label="flat &lt;b&gt;: in 2026-11 between USD 2 and 10, median 6"/);
  });
});
