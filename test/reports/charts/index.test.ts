import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { THEMES } from "../../../reports/base/theme.ts";
import { CHARTS } from "../../../reports/charts/index.ts";
import { renderSvg, renderThemes } from "../../../reports/html/svg.ts";
import { IS_FULL } from "../../budget.ts";
import { asked } from "../../members.ts";
import { fixture } from "../fixture.ts";
import { drawsMissing, FIXTURES, namesIn, withVerdict } from "./charts.ts";

const ROOT = new URL("../../../", import.meta.url);
const ASKED = asked(CHARTS, ({ id }) => id);

test("every chart that a file here exports is in the registry", async () => {
  const files = readdirSync(new URL("reports/charts/", ROOT)).filter(
    (file) => file.endsWith(".ts") && file !== "index.ts" && file !== "chart.ts",
  );
  const unlisted: string[] = [];
  let listed = 0;
  for (const file of files) {
    const exported: Record<string, unknown> = await import(new URL(`reports/charts/${file}`, ROOT).href);
    const charts = Object.entries(exported).filter(([, value]) => isChart(value));
    assert.ok(charts.length > 0, `reports/charts/${file} exports no chart: parts belong in reports/charts/parts`);
    const name = file.replace(/\.ts$/, "");
    const [only] = charts.length === 1 ? charts.map(([, chart]) => (chart as { id: string }).id) : [name];
    assert.equal(only, name, `reports/charts/${file}: give its chart the id "${name}", after its file`);
    const own = `test/reports/charts/${name}.test.ts`;
    assert.ok(existsSync(new URL(own, ROOT)), `reports/charts/${file}: write ${own}`);
    for (const [constant, chart] of charts) {
      if (CHARTS.some((one) => one === chart)) listed += 1;
      else unlisted.push(`reports/charts/index.ts: import ${constant} from ${file} and list it`);
    }
  }
  assert.deepEqual(unlisted, []);
  assert.equal(listed, CHARTS.length);
});

function isChart(value: unknown): boolean {
  return typeof value === "object" && value !== null && "id" in value && "spec" in value;
}

test("ids of charts are file names, each its own", () => {
  const ids = CHARTS.map((chart) => chart.id);
  for (const id of ids)
    assert.match(id, /^[a-z0-9]+(-[a-z0-9]+)*$/, "an id is lower case, its words joined by hyphens");
  assert.equal(new Set(ids).size, ids.length);
});

for (const [at, [name, result]] of FIXTURES.entries()) {
  test(`every chart compiles without a warning: ${name}`, async () => {
    for (const chart of ASKED) {
      const absence = chart.absence(result);
      if (absence !== undefined) {
        assert.match(absence, /\.$/, `${chart.id}: absence is a sentence`);
        continue;
      }
      const pictures = THEMES.map((theme) => ({
        spec: chart.spec(result, theme),
        options: { idPrefix: `${chart.id}-${theme.name}` },
      }));
      const svgs: string[] = [];
      for (const { spec, options } of pictures) {
        const names = namesIn(spec);
        assert.equal(new Set(names).size, names.length, `${chart.id} names two layers alike`);
        // The test of the page draws the edges, every chart in every theme, and holds them to the same.
        if (at > 0 && !IS_FULL) continue;
        const svg = await renderSvg(spec, options);
        svgs.push(svg);
        assert.match(svg, /^<svg[\s\S]*<\/svg>$/, chart.id);
        assert.ok(!drawsMissing(svg), `${chart.id} draws a missing number`);
      }
      if (svgs.length > 0) assert.deepEqual(await renderThemes(pictures), svgs, `${chart.id}: drawn for all themes`);
    }
  });

  test(`tables of charts are rectangular and their texts hold no NaN: ${name}`, () => {
    for (const chart of ASKED) {
      if (chart.absence(result) !== undefined) continue;
      const table = chart.table(result);
      assert.ok(table.rows.length > 0, `${chart.id}: where there is a picture there are rows`);
      for (const row of table.rows) {
        assert.equal(row.cells.length, table.columns.length, `${chart.id}: a cell for each column`);
        for (const cell of row.cells)
          assert.ok(!/NaN|Infinity|undefined/.test(`${cell.text}${cell.detail ?? ""}`), chart.id);
      }
    }
  });
}

test("no heading claims a difference that the comparisons do not show", () => {
  const none = withVerdict(fixture({ classes: ["all"] }), "not shown");
  for (const chart of CHARTS) {
    const { title } = chart.heading(none);
    assert.ok(
      !/\b(shown (lower|higher|to cost)|better|worse|cheapest to|wins?|best|fastest)\b/i.test(
        title.replace(/No strategy is shown to cost less/, ""),
      ),
      `${chart.id} ranks strategies that no comparison tells apart: ${title}`,
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
  assert.match(
    forest.heading(withVerdict(fixture({ classes: ["all"] }), "better")).title,
    /is shown lower for all 7 other strategies/,
  );
  assert.match(
    forest.heading(withVerdict(fixture({ classes: ["all"] }), "worse")).title,
    /is shown higher for all 7 other strategies/,
  );
});

test("every spec carries finding, conditions and alt text", () => {
  for (const chart of ASKED) {
    const { title, subtitle } = chart.heading(fixture());
    const spec = chart.spec(fixture(), THEMES[0]!) as { description?: string };
    const isTold = spec.description?.includes(title) && spec.description.includes(subtitle);
    assert.ok(isTold, `${chart.id}: spread frame(...) of parts/frame.ts into the spec; it writes the alt text`);
    assert.match(title, /\d/, `${chart.id}: a finding has numbers`);
    assert.match(subtitle, /five-regions/, `${chart.id}: begin the subtitle with conditionText(result)`);
  }
});
