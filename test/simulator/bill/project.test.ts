import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type BillLine, parseDecimal, sumOf, toNumber } from "../../../simulator/bill/bill-line.ts";
import { FLAT, projectBill, QUANTILES } from "../../../simulator/bill/project.ts";
import { createBill } from "../../../simulator/bill/spend.ts";

const DAY_MS = 86_400_000;
const START_MS = Date.UTC(2026, 6, 1);

/** A bill of whole days with a known law. */
function billOf(
  days: number,
  usdOf: (day: number, weekday: number) => number,
  { withoutZeros = false }: { readonly withoutZeros?: boolean } = {},
) {
  const lines = Array.from({ length: days }, (_, day): BillLine => {
    const startMs = START_MS + day * DAY_MS;
    return {
      startMs,
      endMs: startMs + DAY_MS,
      kind: "usage",
      costUsd: parseDecimal(usdOf(day, new Date(startMs).getUTCDay()).toFixed(6))!,
      quantity: undefined,
      unit: undefined,
      service: undefined,
      usageType: undefined,
      operation: undefined,
      region: undefined,
      account: undefined,
      identity: undefined,
      tags: {},
      estimated: false,
      line: day + 1,
    };
  });
  const head = { format: "test", view: "test", statedTotalUsd: undefined, costBasis: "unblended", notes: [] };
  const kept = withoutZeros ? lines.filter(({ costUsd }) => costUsd > 0n) : lines;
  return createBill({ ...head, lines: kept }, { idOf: () => undefined });
}

const OPTIONS = { months: 12, growth: undefined, prices: [FLAT] };

describe("the projection of a bill", () => {
  it("continues an exact trend with its weekdays, without any width", () => {
    const usd = (day: number, weekday: number): number => 100 * 1.001 ** day * (weekday % 6 === 0 ? 0.5 : 1.2);
    const projection = projectBill(billOf(84, usd), OPTIONS)!;
    const october = projection.scenarios[0]!.months[0]!;
    let expected = 0;
    // The last day is 22 September, so the first whole month is October: days 92 to 122.
    for (let day = 92; day < 123; day++) expected += usd(day, new Date(START_MS + day * DAY_MS).getUTCDay());
    assert.equal(october.month, "2026-10");
    assert.ok(Math.abs(toNumber(october.usd[2]!) / expected - 1) < 0.002, `${october.usd[2]} for ${expected}`);
    const growth = 1.001 ** (365 / 12) - 1;
    for (const quantile of projection.growth.quantiles) assert.ok(Math.abs(quantile - growth) < 0.002);
  });

  it("takes seasons that are given, and finds those of two years", () => {
    const flat = billOf(90, () => 100);
    const given = projectBill(flat, { ...OPTIONS, seasons: new Map([[11, 0.7]]) })!;
    const monthOf = (all: typeof given, name: string) =>
      toNumber(all.scenarios[0]!.months.find(({ month }) => month === name)!.usd[2]!);
    assert.ok(
      Math.abs(monthOf(given, "2026-12") - 31 * 70) < 0.01 && Math.abs(monthOf(given, "2026-11") - 30 * 100) < 0.01,
    );
    assert.ok(given.tornado.some(({ driver }) => driver === "seasons"));
    const seasonal = (day: number) => (new Date(START_MS + day * DAY_MS).getUTCMonth() === 11 ? 60 : 100);
    const found = projectBill(billOf(3 * 365, seasonal), { ...OPTIONS, months: 12 })!;
    assert.equal(found.seasons.source, "bill");
    assert.ok(Math.abs(found.seasons.factors[11]! / found.seasons.factors[5]! - 0.6) < 0.02);
    assert.equal(projectBill(flat, OPTIONS)!.seasons.source, "none");
  });

  it("of a routing is as much cheaper, and as unsure, as it was simulated", () => {
    const routed = { name: "global", change: -0.1, changeError: 0.02, fromMonth: 1 };
    const { scenarios, withoutGrowthUsd } = projectBill(
      billOf(90, () => 100),
      { ...OPTIONS, prices: [FLAT, routed] },
    )!;
    const [now, then] = scenarios.map(({ totalUsd }) => totalUsd.map(toNumber));
    assert.ok(Math.abs(then![2]! / now![2]! - 0.9) < 1e-6);
    assert.ok(Math.abs(then![4]! / now![4]! - (0.9 + 1.2815515655 * 0.02)) < 1e-6);
    for (const usd of withoutGrowthUsd) assert.ok(Math.abs(toNumber(usd) - 36_500) < 1);
  });

  it("is wider the noisier the bill, and the further ahead", () => {
    const noise = (size: number) => (day: number) => 100 * Math.exp(size * Math.sin(day * 12.9898) * 1.4);
    const width = (size: number, month: number): number => {
      const { usd } = projectBill(billOf(90, noise(size)), OPTIONS)!.scenarios[0]!.months[month]!;
      return toNumber(usd[4]!) / toNumber(usd[0]!);
    };
    assert.ok(width(0.4, 11) > width(0.1, 11));
    assert.ok(width(0.4, 11) > width(0.4, 0));
  });

  it("sums exactly, in order of its quantiles, and takes price changes from their month on", () => {
    const cut = { name: "cut", change: -0.2, fromMonth: 7 };
    const [flat, cheaper] = projectBill(
      billOf(30, () => 100),
      { ...OPTIONS, prices: [FLAT, cut] },
    )!.scenarios;
    for (const { months, totalUsd } of [flat!, cheaper!]) {
      assert.deepEqual(
        totalUsd,
        QUANTILES.map((_, q) => sumOf(months.map(({ usd }) => usd[q]!))),
      );
      assert.ok(totalUsd.every((usd, q) => q === 0 || usd >= totalUsd[q - 1]!));
    }
    assert.equal(cheaper!.months[5]!.usd[2], flat!.months[5]!.usd[2]);
    assert.equal(toNumber(cheaper!.months[6]!.usd[2]!), 0.8 * toNumber(flat!.months[6]!.usd[2]!));
  });

  it("takes a range of growth as given, and shows it as the widest driver", () => {
    const { growth, tornado } = projectBill(
      billOf(10, () => 100),
      { ...OPTIONS, growth: [0.02, 0.1] },
    )!;
    assert.equal(growth.source, "given");
    assert.ok(Math.abs(growth.quantiles[0]! - 0.02) < 0.001 && Math.abs(growth.quantiles[2]! - 0.1) < 0.001);
    assert.equal(tornado[0]!.driver, "growth");
    // 365 days at 100 a day.
    const ended = tornado.find(({ driver }) => driver === "growth ends now")!;
    assert.equal(toNumber(ended.lowUsd), 36_500);
  });

  it("of an account that spends on working days alone has quiet weekends ahead, too", () => {
    const working = billOf(91, (_, weekday) => (weekday % 6 === 0 ? 0 : 100), { withoutZeros: true });
    const { scenarios, growth, weekdays, gaps } = projectBill(working, OPTIONS)!;
    // From October 2026 to September 2027 there are 261 days from Monday to Friday.
    assert.ok(Math.abs(toNumber(scenarios[0]!.totalUsd[2]!) - 26_100) < 1, String(scenarios[0]!.totalUsd[2]));
    assert.ok(Math.abs(growth.quantiles[1]!) < 1e-9);
    assert.deepEqual([weekdays[0], weekdays[6], gaps.emptyDays, gaps.ifMissing], [0, 0, 0, 1]);
  });

  it("reads growth by the calendar, over days that the export lacks", () => {
    const usd = (day: number): number => (day >= 30 && day < 51 ? 0 : 100 * Math.exp(0.005 * day));
    const projection = projectBill(billOf(91, usd, { withoutZeros: true }), OPTIONS)!;
    assert.ok(Math.abs(projection.growth.quantiles[1]! - (Math.exp((0.005 * 365) / 12) - 1)) < 0.002);
    // Three of thirteen weeks are without spend.
    assert.equal(projection.gaps.emptyDays, 21);
    assert.ok(Math.abs(projection.gaps.ifMissing - 13 / 10) < 1e-9);
    let october = 0;
    for (let day = 92; day < 123; day++) october += 100 * Math.exp(0.005 * day);
    assert.ok(Math.abs(toNumber(projection.scenarios[0]!.months[0]!.usd[2]!) / (october * (10 / 13)) - 1) < 0.005);
  });

  it("is not led by a last day that is not over", () => {
    const { gaps, growth, lastDay } = projectBill(
      billOf(91, (day) => (day === 90 ? 8 : 100)),
      OPTIONS,
    )!;
    assert.deepEqual([gaps.cutDays, lastDay], [["2026-09-29"], "2026-09-28"]);
    assert.ok(growth.quantiles.every((share) => Math.abs(share) < 1e-9));
  });

  it("says nothing from too few days", () => {
    assert.equal(
      projectBill(
        billOf(27, () => 100),
        OPTIONS,
      ),
      undefined,
    );
    assert.equal(
      projectBill(
        billOf(6, () => 100),
        { ...OPTIONS, growth: [0, 0.1] },
      ),
      undefined,
    );
  });
});
