import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { THEMES } from "../../../reports/base/theme.ts";
import { CHARTS } from "../../../reports/charts/index.ts";
import { renderSvg } from "../../../reports/html/svg.ts";
import { fixture } from "../fixture.ts";
import { FIXTURES, namesIn, rounded, withVerdict } from "./charts.ts";

const ROOT = new URL("../../../", import.meta.url);

test("every chart file is in the registry, under its own name", () => {
  const files = readdirSync(new URL("reports/charts/", ROOT))
    .filter((file) => file.endsWith(".ts") && file !== "index.ts" && file !== "chart.ts")
    .map((file) => file.slice(0, -3));
  assert.deepEqual(CHARTS.map((chart) => chart.id).sort(), files.sort());
});

for (const [name, result] of FIXTURES) {
  test(`every chart compiles without a warning: ${name}`, async () => {
    for (const chart of CHARTS) {
      const absence = chart.absence(result);
      if (absence !== undefined) {
        assert.match(absence, /\.$/);
        continue;
      }
      for (const theme of THEMES) {
        const spec = chart.spec(result, theme);
        const svg = await renderSvg(spec, { idPrefix: `${chart.id}-${theme.name}` });
        assert.match(svg, /^<svg[\s\S]*<\/svg>$/);
        assert.ok(
          !/NaN|undefined|Infinity|null/.test(svg.replace(/<text[\s\S]*?<\/text>/g, "")),
          `${chart.id} draws a missing number`,
        );
        const names = namesIn(spec);
        assert.equal(new Set(names).size, names.length, `${chart.id} names two layers alike`);
      }
    }
  });

  test(`tables of charts are rectangular and their texts hold no NaN: ${name}`, () => {
    for (const chart of CHARTS) {
      if (chart.absence(result) !== undefined) continue;
      const table = chart.table(result);
      assert.ok(table.rows.length > 0, chart.id);
      for (const row of table.rows) {
        assert.equal(row.cells.length, table.columns.length, chart.id);
        for (const cell of row.cells)
          assert.ok(!/NaN|Infinity|undefined/.test(`${cell.text}${cell.detail ?? ""}`), chart.id);
      }
    }
  });
}

test("no heading claims a difference that the comparisons do not show", () => {
  const none = withVerdict(fixture(), "not shown");
  for (const chart of CHARTS) {
    const { title } = chart.heading(none);
    assert.ok(
      !/\b(shown (lower|higher|to cost)|better|worse|cheapest to|wins?|best|fastest)\b/i.test(
        title.replace(/No strategy is shown to cost less/, ""),
      ),
      title,
    );
  }
  const forest = CHARTS.find((chart) => chart.id === "difference-forest")!;
  assert.match(forest.heading(none).title, /p95 E2E latency is not shown to differ for all 7 other strategies/);
  const frontier = CHARTS.find((chart) => chart.id === "frontier")!;
  assert.match(
    frontier.heading(none).title,
    /^No strategy is shown to cost less than single-us-east-1; by their means/,
  );
});

test("titles follow the verdicts when they change", () => {
  const forest = CHARTS.find((chart) => chart.id === "difference-forest")!;
  assert.match(forest.heading(withVerdict(fixture(), "better")).title, /is shown lower for all 7 other strategies/);
  assert.match(forest.heading(withVerdict(fixture(), "worse")).title, /is shown higher for all 7 other strategies/);
});

test("every spec carries finding, conditions and alt text", () => {
  for (const chart of CHARTS) {
    const { title, subtitle } = chart.heading(fixture());
    const spec = chart.spec(fixture(), THEMES[0]!) as { description?: string };
    assert.ok(spec.description?.includes(title) && spec.description.includes(subtitle), chart.id);
    assert.match(title, /\d/, `${chart.id}: a finding has numbers`);
    assert.match(subtitle, /five-regions/, chart.id);
  }
});

const GOLDEN = ["frontier", "p95-over-day", "difference-forest"];
for (const id of GOLDEN) {
  test(`golden picture: ${id}`, async () => {
    const chart = CHARTS.find((one) => one.id === id)!;
    const result = fixture({ strategies: ["single-us-east-1", "round-robin", "cheapest"], hours: 6, replications: 4 });
    const svg = rounded(await renderSvg(chart.spec(result, THEMES[0]!), { idPrefix: id })).replaceAll("><", ">\n<");
    const file = new URL(`test/golden/reports/${id}.svg`, ROOT);
    if (process.env.UPDATE_GOLDEN === "1" || !existsSync(file)) {
      assert.equal(
        process.env.UPDATE_GOLDEN,
        "1",
        `${id}.svg is missing; write it with UPDATE_GOLDEN=1 and look at it`,
      );
      mkdirSync(new URL(".", file), { recursive: true });
      writeFileSync(file, `${svg}\n`);
    }
    assert.equal(`${svg}\n`, readFileSync(file, "utf8"), "the picture changed: look at it, then UPDATE_GOLDEN=1");
  });
}
