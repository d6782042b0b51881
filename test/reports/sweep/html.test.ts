/** The page of a sweep: what it says, its pictures, and how a browser shows it. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { pathToFileURL } from "node:url";
import axe from "axe-core";
import { type Browser, chromium } from "playwright-core";
import { DARK, LIGHT } from "../../../reports/base/theme.ts";
import { renderSvg } from "../../../reports/html/svg.ts";
import { sobolChart, tornadoChart } from "../../../reports/sweep/bar-charts.ts";
import { curveChart } from "../../../reports/sweep/curve-chart.ts";
import { mapChart, scatterCharts } from "../../../reports/sweep/factor-charts.ts";
import { renderSweepHtml } from "../../../reports/sweep/html.ts";
import { parseRange } from "../../../simulator/sweep/job.ts";
import { chromiumPath } from "../html/chromium.ts";
import { curveReport, reportOf, row } from "./sweep-fixture.ts";

const LOAD = parseRange("traffic[0].arrivals.scale", "1..2x2")!;
const SWING = parseRange("swing", "0..1x2")!;
const PLACES = [
  [1, 0],
  [1, 1],
  [2, 0],
  [2, 1],
] as const;

const mapReport = () =>
  reportOf({
    factors: [LOAD, SWING],
    rows: PLACES.flatMap((values, i) => [
      row(i, values, "home", { saving: 0 }),
      row(i, values, "away", { saving: 0.5 - 0.3 * i }),
    ]),
    metric: "saving",
    objective: null,
  });
const breakEven = () => mapChart("break-even", mapReport().answers[0].analysis.maps[0]!);
const tornadoReport = () =>
  reportOf({
    factors: [LOAD, SWING],
    rows: [1, 0.5, 2, 1, 1].map((s, i) => row(i, [], "home", { p95: s * 1000 })),
    design: "tornado",
  });
const sobolReport = () =>
  reportOf({
    factors: [LOAD, SWING],
    rows: Array.from({ length: 32 }, (_, i) => row(i, [0, 0], "home", { p95: 1000 + ((i * 7919) % 31) })),
    design: "sensitivity",
  });
const scatterReport = () =>
  reportOf({
    factors: [LOAD, SWING],
    rows: Array.from({ length: 24 }, (_, i) => row(i, [i, (i * 7) % 24], "home", { p95: 1000 + 100 * i })),
    design: "latin-hypercube",
  });

describe("the page of a sweep", () => {
  it("is the same bytes for the same points, names are escaped, and it asks for nothing", async () => {
    const page = await renderSweepHtml(curveReport());
    assert.equal(await renderSweepHtml(curveReport()), page);
    assert.ok(page.includes("a &lt;b&gt;") && !page.includes("a <b>"));
    assert.doesNotMatch(page.replace(/data:text\/csv[^"]*/g, ""), /https?:/);
    assert.match(page, /p95 latency of chat is within 8 s over/);
    assert.match(page, /class="alarm"><dt>Unstable<\/dt><dd>at 1 point the backlog/);
  });

  it("has the numbers of every picture as CSV, whole and with the points' states", () => {
    const report = curveReport();
    const table = curveChart("curve-0", report.answers[0]).table(report);
    assert.deepEqual(table.rows.map(({ cells }) => cells.map(({ value }) => value)).slice(1, 4), [
      ["home", 2, null, ""],
      ["home", 3, null, ""],
      ["home", 4, null, "unstable"],
    ]);
    assert.deepEqual(
      breakEven()
        .table(mapReport())
        .rows[0]!.cells.map(({ value }) => value)
        .slice(2),
      ["away", 0.5, "yes"],
    );
    assert.equal(
      breakEven().table(mapReport()).rows[3]!.cells[2]!.value,
      "home",
      "what costs more than the baseline is not best",
    );
    assert.equal(tornadoChart.table(tornadoReport()).rows[0]!.cells[4]!.value, 2000);
    assert.equal(sobolChart.table(sobolReport()).rows.length, 2);
  });

  it("draws each picture in both themes without a warning, and says where there is nothing to draw", async () => {
    const charts = [
      [curveChart("curve-0", curveReport().answers[0]), curveReport()],
      [breakEven(), mapReport()],
      ...scatterCharts(scatterReport().answers[0].analysis.associations, scatterReport().answers[0].question).map(
        (chart) => [chart, scatterReport()] as const,
      ),
      [tornadoChart, tornadoReport()],
      [sobolChart, sobolReport()],
    ] as const;
    for (const [chart, report] of charts) {
      assert.equal(chart.absence(report), undefined);
      for (const theme of [LIGHT, DARK]) {
        const svg = await renderSvg(chart.spec(report, theme), { idPrefix: "x" });
        assert.match(svg, /aria-label="[^"]{40}/);
      }
    }
    const gone = reportOf({
      factors: [LOAD],
      rows: [0, 1].map((i) => row(i, [i + 1], "home", { p95: null, failed: 1 })),
    });
    assert.match(curveChart("c", gone.answers[0]).absence(gone)!, /does not exist at any point/);
    assert.match(await renderSweepHtml({ ...gone, rows: [] }), /No point has a result yet/);
  });
});

const CHROMIUM = chromiumPath();

describe("the page of a sweep in a browser", {
  skip: CHROMIUM === undefined ? "no chromium on PATH (apt install chromium)" : false,
}, () => {
  const folder = mkdtempSync(join(tmpdir(), "meridian-sweep-page-"));
  let browser: Browser;
  before(async () => {
    browser = await chromium.launch({ executablePath: CHROMIUM!, args: ["--no-sandbox"] });
  });
  after(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true });
  });

  for (const [name, make, schemes] of [
    ["curves", curveReport, ["light", "dark"]],
    ["map", mapReport, ["light"]],
  ] as const) {
    it(`${name}: narrow or wide it does not scroll sideways, axe finds nothing serious, the console stays empty`, async () => {
      const file = join(folder, `${name}.html`);
      writeFileSync(file, await renderSweepHtml(make()));
      const page = await browser.newPage();
      const said: string[] = [];
      page.on("console", (message) => said.push(message.text()));
      page.on("request", (request) => said.push(...(request.url().startsWith("file:") ? [] : [request.url()])));
      await page.goto(pathToFileURL(file).href);
      for (const width of [1280, 420]) {
        await page.setViewportSize({ width, height: 900 });
        assert.equal(await page.evaluate("document.documentElement.scrollWidth"), width);
      }
      await page.evaluate(axe.source);
      for (const colorScheme of schemes) {
        await page.emulateMedia({ colorScheme });
        const rules = colorScheme === "light" ? "" : ', runOnly: ["color-contrast"]';
        const found = await page.evaluate(
          `axe.run({ exclude: [[".picture"]] }, { resultTypes: ["violations"]${rules} }).then(({ violations }) => violations.filter(({ impact }) => impact === "serious" || impact === "critical").map(({ id }) => id))`,
        );
        assert.deepEqual(found, [], colorScheme);
      }
      assert.deepEqual(said, []);
      await page.close();
    });
  }
});
