import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { barsSvg, daysSvg, groupName } from "../../../reports/bill/charts.ts";
import { ONE } from "../../../simulator/bill/bill-line.ts";
import type { SpendGroup } from "../../../simulator/bill/spend.ts";

const group = (key: string | undefined, usd: number): SpendGroup => ({
  key,
  costUsd: BigInt(usd) * ONE,
  tokens: { input: 0n, output: 0n, cacheRead: 0n, cacheWrite: 0n, cacheWrite1h: 0n },
  effectiveUsdPerMTok: {},
  lines: 1,
});
const rects = (svg: string) =>
  [...svg.matchAll(/<rect x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)"/g)].map((match) =>
    match.slice(1).map(Number),
  );

describe("bars of groups", () => {
  const groups = [group("<b>", 200), group(undefined, 50), group("", 0)];

  it("are in proportion, and end within the picture at either width, with room for their amounts", () => {
    for (const width of [720, 350]) {
      const [first, second, none] = rects(String(barsSvg("region", groups, width)));
      assert.ok(Math.abs(first![2]! / second![2]! - 4) < 0.01);
      assert.equal(none![2], 0);
      assert.ok(first![0]! + first![2]! <= width - 80, String(width));
    }
  });

  it("escape names, and name what is not said and what is untagged", () => {
    const svg = String(barsSvg("region", groups));
    assert.ok(svg.includes("&lt;b&gt;") && svg.includes("(not said)") && svg.includes("(untagged)"));
    assert.equal(groupName("a"), "a");
  });
});

describe("columns of days", () => {
  const days = [group("2026-09-01", 10), group("2026-09-04", 5)];

  it("leave a gap where a day has no usage", () => {
    const found = rects(String(daysSvg(days, { isByDay: true })));
    assert.deepEqual(
      found.map(([, , , height]) => height),
      [150, 0, 0, 75],
    );
    assert.match(String(daysSvg([], { isByDay: true })), /0 days/);
  });

  it("of longer periods stand side by side, each at its first day", () => {
    const svg = String(daysSvg([group("2026-08-01", 1), group("2026-09-01", 2)], { isByDay: false, width: 350 }));
    assert.deepEqual(
      rects(svg).map(([, , , height]) => height),
      [75, 150],
    );
    assert.match(svg, /2026-08<.*by period, each at its first day/s);
  });
});
