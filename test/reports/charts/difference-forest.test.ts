import assert from "node:assert/strict";
import { test } from "node:test";
import { LIGHT } from "../../../reports/base/theme.ts";
import { differenceForest } from "../../../reports/charts/difference-forest.ts";
import { renderSvg } from "../../../reports/html/svg.ts";
import { fixture } from "../fixture.ts";
import { withVerdict } from "./charts.ts";

/** x of the first mark of a named layer, from the drawn picture. */
function xOf(svg: string, layer: string): number {
  const match = new RegExp(`class="[^"]* ${layer}_marks"[^>]*><path[^>]*transform="translate\\(([-\\d.]+),`).exec(svg);
  assert.ok(match !== null, `${layer} is not drawn`);
  return Number(match[1]);
}

test("a strategy that costs less is drawn left of one that costs the same, in its own panel", async () => {
  const result = fixture();
  const svg = await renderSvg(differenceForest.spec(result, LIGHT), { idPrefix: "forest" });
  const relative = (metric: string) =>
    result.strategies
      .slice(1)
      .map(
        (strategy) =>
          result.comparisons.find((one) => one.strategy === strategy.name && one.metric === metric)!.relative.value!,
      );
  for (const metric of ["e2eMsP95", "usdPer1kServed"]) {
    const values = relative(metric);
    const drawn = values.map((_, at) => xOf(svg, `strategy_${at + 1}_${metric}_difference`));
    const byValue = values.map((_, at) => at).sort((a, b) => values[a]! - values[b]!);
    const byPosition = drawn.map((_, at) => at).sort((a, b) => drawn[a]! - drawn[b]!);
    assert.deepEqual(byPosition, byValue, metric);
    // Positions are an affine image of the values: two points fix it, the others must lie on it.
    const [low, high] = [byValue[0]!, byValue.at(-1)!];
    const scale = (drawn[high]! - drawn[low]!) / (values[high]! - values[low]!);
    values.forEach((value, at) => {
      assert.ok(Math.abs(drawn[low]! + (value - values[low]!) * scale - drawn[at]!) < 0.01);
    });
  }
});

test("hollow marks where a difference is not shown", () => {
  const marks = (verdict: "better" | "not shown") =>
    JSON.stringify(differenceForest.spec(withVerdict(fixture({ classes: ["all"] }), verdict), LIGHT)).match(
      /"fill":"#ffffff"/gi,
    )?.length ?? 0;
  assert.equal(marks("better"), 0);
  assert.equal(marks("not shown"), 7 * 5);
});

test("one strategy or one replication: says why there is nothing to compare", () => {
  assert.match(differenceForest.absence(fixture({ strategies: ["a"] }))!, /nothing to compare/);
  assert.match(
    differenceForest.absence(fixture({ replications: 1 }))!,
    /no difference can be shown\. Ask for at least 10/,
  );
  const measured = { ...fixture({ replications: 1 }), kind: "measured" as const };
  assert.match(
    differenceForest.absence(measured)!,
    /^One measured run: without intervals no difference can be shown\.$/,
  );
});

test("costs of other requests than the baseline's are named", () => {
  const result = fixture();
  const { subtitle } = differenceForest.heading(result);
  assert.match(
    subtitle,
    /Costs of \d strategies are of other requests than the baseline's: of a class at least a point/,
  );
  const alike = {
    ...result,
    strategies: result.strategies.filter(({ name }) => /single-us-east-1|cheapest$/.test(name)),
  };
  assert.doesNotMatch(differenceForest.heading(alike).subtitle, /of other requests/);
});
