import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { LIGHT } from "../../../reports/base/theme.ts";
import { distributionsChart, quantilePairsChart } from "../../../reports/validation/distributions.ts";
import {
  groupTable,
  harnessTable,
  harnessText,
  renderValidationHtml,
  renderValidationMarkdown,
  renderValidationTerminal,
  totalTable,
  windowText,
} from "../../../reports/validation/report.ts";
import { residualsChart } from "../../../reports/validation/residuals.ts";
import { validation } from "./results.ts";

const result = validation();

describe("the reports of a validation", () => {
  it("say first what the harness itself errs by", async () => {
    const words = /harness itself errs by 2\.0 ms at p50, 2\.0 ms at p95 and 2\.0 ms at p99/;
    assert.match(harnessText(result), words);
    const html = await renderValidationHtml(result);
    const terminal = renderValidationTerminal(result, { colour: false, width: 100 }).replaceAll("\n", " ");
    for (const text of [html, renderValidationMarkdown(result), terminal]) {
      assert.match(text, words);
      assert.ok(text.search(words) < text.indexOf("p95 E2E"), "before any figure of a strategy");
      assert.match(text, /about 5444|needs 5444/);
      assert.match(text, /−1\.40 to 0\.00/);
    }
    assert.match(windowText(result), /1,000 requests in 2 min from 2026-05-04 00:00 UTC/);
    assert.match(harnessText({ ...result, harness: null }), /not measured/);
  });

  it("are one page that loads nothing, the same bytes each time, with a picture in both themes", async () => {
    const html = await renderValidationHtml(result);
    assert.equal(await renderValidationHtml(result), html);
    assert.match(html, /content="default-src (&#39;|')none/);
    assert.ok(!/(src|href)="(?!data:|#)/.test(html), "no assets");
    assert.equal(html.match(/class="picture only-dark/g)?.length, 6);
    assert.equal(html.match(/class="picture only-light/g)?.length, 6);
    assert.ok(!html.includes("NaN") && !html.includes("undefined"));
  });

  it("escape names", async () => {
    const hostile = validation(['<img src=x onerror="alert(1)">', "a|b\n# c"]);
    assert.ok(!(await renderValidationHtml(hostile)).includes("<img"));
    assert.ok(!renderValidationMarkdown(hostile).includes("<img"));
    const terminal = renderValidationTerminal(validation(["\u001b[31mred", "b"]), { colour: false, width: 80 });
    assert.ok(!terminal.includes("\u001b"));
  });

  it("repeat in colour what they say in text", () => {
    const coloured = renderValidationTerminal(result, { colour: true, width: 80 });
    assert.ok(coloured.includes("\u001b[32mequivalent"));
    assert.ok(coloured.includes("\u001b[33mundecided"));
  });
});

describe("the tables of a validation", () => {
  it("have full values for other tools", () => {
    const [strategy] = result.strategies;
    const total = totalTable(strategy!, 0);
    assert.equal(total.rows.length, 7);
    assert.deepEqual(
      total.rows.at(-1)!.cells.map(({ value }) => value),
      ["attempts answered 429", 0.31, 0.317, -0.007, 0.01, "undecided"],
    );
    assert.equal(groupTable(strategy!, 0).rows[0]!.cells[0]!.text, "class chat");
    const [first] = harnessTable(result.harness!).rows;
    // 2 ms of 5 % of 1000 ms, which is what the margins of the comparison are held against.
    assert.equal(first!.cells.at(-1)!.value, 0.04);
  });
});

describe("the charts of a validation", () => {
  const layersOf = (spec: unknown) =>
    (spec as { hconcat: { layer: { name: string; data: { values: Record<string, number>[] } }[] }[] }).hconcat.map(
      ({ layer }) => Object.fromEntries(layer.map(({ name, data }) => [name, data.values])),
    );

  it("show both distributions over the same axis", () => {
    const [e2e, ttft] = layersOf(distributionsChart(0).spec(result, LIGHT));
    const point = result.strategies[0]!.e2eCurve[49]!;
    assert.equal(e2e!.strategy_0_e2e_simulated![49]!.ms, point.simulatedMs / 1000);
    assert.equal(e2e!.strategy_0_e2e_measured![49]!.share, 0.5);
    assert.ok(ttft!.strategy_0_ttft_measured);
  });

  it("pair quantiles, with the line on which they agree", () => {
    const [e2e] = layersOf(quantilePairsChart(1).spec(result, LIGHT));
    assert.equal(e2e!.strategy_1_e2e_pairs!.length, 99);
    for (const { simulated, measured } of e2e!.e2e_agreement!) assert.equal(simulated, measured);
    assert.match(quantilePairsChart(1).heading(result).title, /E2E 2\.0 % at p1/);
  });

  it("draw residuals against the margins that were fixed", () => {
    const [e2e] = layersOf(residualsChart(0).spec(result, LIGHT));
    assert.deepEqual(
      e2e!.e2e_margin!.map(({ share, margin, under }) => [share, margin, under]),
      [
        [0.5, 0.05, -0.05],
        [0.95, 0.05, -0.05],
        [0.99, 0.1, -0.1],
      ],
    );
    assert.match(residualsChart(0).heading(result).title, /6 of 6 judged percentiles/);
  });

  it("say so where there is nothing to draw, and give their numbers", () => {
    const none = { ...result, strategies: result.strategies.map((one) => ({ ...one, e2eCurve: [], ttftCurve: [] })) };
    for (const chart of [distributionsChart(0), quantilePairsChart(0), residualsChart(0)]) {
      assert.match(chart.absence(none)!, /Too few/);
      assert.equal(chart.absence(result), undefined);
      const { rows } = chart.table(result);
      assert.ok(rows.some(({ cells }) => cells[0]!.text === "TTFT p95"));
    }
  });
});
