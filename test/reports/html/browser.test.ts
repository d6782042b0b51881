/** The report as a browser shows it: wide, narrow and printed, with and without scripts, filtered, and to axe. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { pathToFileURL } from "node:url";
import axe from "axe-core";
import { type Browser, chromium, type Page } from "playwright-core";
import { renderHtml } from "../../../reports/html/report.ts";
import type { RunResult } from "../../../simulator/experiment/result.ts";
import { fixture } from "../fixture.ts";
import { chromiumPath } from "./chromium.ts";

const CHROMIUM = chromiumPath();
const STRATEGIES = ["a baseline with quite a long name of its own", "cheapest within 12 s, or else the nearest", "b"];
/** The width of an A4 page less its default margins, at 96 px an inch. */
const A4_WIDTH_PX = 718;

/** What pages evaluate, as text: the types of a browser stay out of this project. */
const TOGGLE_FOLDED = `for (const one of document.querySelectorAll("details")) one.toggleAttribute("open")`;
const SCROLLED = `[...document.querySelectorAll(".chart .scroll")]
  .filter((one) => one.scrollWidth > one.clientWidth + 1).map((one) => one.getAttribute("aria-label"))`;
const WIDTH = "document.documentElement.scrollWidth";
const SERIOUS = (rules: string) => `axe.run({ exclude: [[".picture"]] }, { resultTypes: ["violations"], ${rules} })
  .then(({ violations }) => violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => id + ": " + nodes[0].html.slice(0, 200) + nodes[0].failureSummary))`;

/** What lies beyond the right edge, px, where no frame of its own scrolls to it. */
function beyond(edgePx: number, selector: string): string {
  return `[...document.querySelectorAll("${selector}")].filter((one) => {
    const frame = one.closest(".table,.scroll");
    const scrolls = getComputedStyle(frame ?? document.body).overflowX === "auto";
    return one.getBoundingClientRect().right > ${edgePx} + 1 && !scrolls;
  }).map((one) => one.id || (one.getAttribute("aria-label") ?? one.textContent).slice(0, 80))`;
}

/** A small run with the widest tables that a report has. */
function widest(): RunResult {
  const run = fixture({
    strategies: STRATEGIES,
    regions: ["us-west-2", "ap-northeast-1"],
    hours: 2,
    replications: 2,
    classes: ["chat", "nightly-batch-of-all"],
  });
  const laws = (["token-bucket", "clock-window", "rolling-window"] as const).map((law) => ({
    law,
    busiestReserved: 1_946_957,
    busiestSettled: 1_746_957,
    busiestFromMs: 0,
    smallestLimit: 1_490_000,
  }));
  const need = {
    id: "default/ap-southeast-1/sonnet/geographic",
    law: null,
    calls: 184_396,
    callsLeftOut: 0,
    limitTokensPerMinute: 1_600_000,
    laws,
    byClass: run.classes.map(({ name }) => ({ name, share: 0.5 })),
    explicitMaxTokens: {
      byClass: run.classes.map(({ name }) => ({ name, tokens: 4_700 })),
      busiestReserved: 1_487_656,
    },
  };
  return { ...run, strategies: run.strategies.map((one) => ({ ...one, quotaNeeds: [need] })) };
}

describe("the report in a browser", {
  skip: CHROMIUM === undefined ? "no chromium on PATH (apt install chromium)" : false,
}, () => {
  const folder = mkdtempSync(join(tmpdir(), "meridian-report-"));
  const file = join(folder, "report.html");
  const address = pathToFileURL(file).href;
  const complaints: string[] = [];
  let browser: Browser;
  let page: Page;

  before(async () => {
    writeFileSync(file, await renderHtml(widest()));
    browser = await chromium.launch({ executablePath: CHROMIUM!, args: ["--no-sandbox"] });
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
    page = await context.newPage();
    page.setDefaultTimeout(5_000);
    page.on("console", (message) => complaints.push(`console: ${message.text()}`));
    page.on("pageerror", (error) => complaints.push(`error: ${error.message}`));
    page.on("request", (request) => {
      if (request.url().split("#")[0] !== address) complaints.push(`request: ${request.url()}`);
    });
    await page.goto(address);
  });
  after(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true });
  });

  const hash = () => decodeURIComponent(new URL(page.url()).hash).replaceAll("+", " ");
  const rows = (table: string) => page.locator(`#table-${table} tbody tr`).filter({ visible: true });

  for (const width of [1280, 420]) {
    it(`at ${width} px the page does not scroll sideways, and what is wider does by itself`, async () => {
      await page.setViewportSize({ width, height: 900 });
      await page.evaluate(TOGGLE_FOLDED);
      assert.equal(await page.evaluate(WIDTH), width);
      assert.deepEqual(await page.evaluate(beyond(width, "table,svg")), []);
      assert.deepEqual(await page.evaluate(SCROLLED), [], "no chart has to be scrolled");
      await page.evaluate(TOGGLE_FOLDED);
      await page.setViewportSize({ width: 1280, height: 900 });
    });
  }

  it("filters by strategy, class, region and hour, and a link restores them", async () => {
    const all = await rows("classes").count();
    assert.equal(all, STRATEGIES.length * 2);
    await page.getByLabel(STRATEGIES[1]!, { exact: true }).uncheck();
    await page.getByLabel("class", { exact: true }).selectOption("chat");
    assert.equal(hash(), `#strategies=${STRATEGIES[0]}&strategies=b&class=chat`);
    assert.equal(await rows("classes").count(), 2);
    assert.equal(await rows("strategies").count(), 2, "rows about no class stay");
    const faint = page.locator("#chart-class-latency .only-light .faint");
    assert.equal(await faint.count(), 1, "the panel of the other class steps back");
    assert.match((await page.locator("#reach").textContent())!, /panels of classes; the other pictures show the whole/);

    const second = await page.context().newPage();
    await second.goto(page.url());
    const restored = second.locator("#table-classes tbody tr").filter({ visible: true });
    assert.equal(await restored.count(), 2);
    assert.equal(await second.getByLabel("class", { exact: true }).inputValue(), "chat");
    await second.close();

    await page.locator("#all").click();
    assert.equal(await rows("classes").count(), all);
    await page.getByLabel("hour", { exact: true }).selectOption("01:00 UTC");
    await page.locator("#chart-p95-over-day summary").click();
    assert.equal(await rows("p95-over-day").count(), STRATEGIES.length);
    await page.getByLabel("region", { exact: true }).selectOption("us-west-2");
    await page.locator("#chart-throttling-heatmap summary").click();
    assert.ok((await rows("throttling-heatmap").count()) <= STRATEGIES.length);
    for (const [map, left] of [
      ["throttling-heatmap", STRATEGIES.length],
      ["traffic-share", STRATEGIES.length],
      ["price-heatmap", 1],
    ] as const) {
      const own = page.locator(`#chart-${map} .only-light [class*="cell_marks"] > *`);
      assert.equal(await own.and(page.locator(":not(.faint)")).count(), left, map);
      assert.ok((await own.count()) > left, map);
    }
    assert.match((await page.locator("#reach").textContent())!, /rows, cells of maps; the other/);
    await page.locator("#all").click();
    assert.equal(hash(), "");
  });

  it("every chart has its data beside it", async () => {
    const download = page.waitForEvent("download");
    await page.locator("#chart-frontier .csv").click();
    assert.equal((await download).suggestedFilename(), "frontier.csv");
  });

  it("axe finds nothing serious, in either colour scheme", async () => {
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      await page.evaluate(axe.source);
      const rules = colorScheme === "light" ? "" : 'runOnly: ["color-contrast"]';
      const found = await page.evaluate(SERIOUS(rules));
      assert.deepEqual(found, [], colorScheme);
    }
    await page.emulateMedia({ colorScheme: null });
    assert.equal(await page.locator('svg:not([role="img"][aria-label])').count(), 0, "each picture has its alt text");
  });

  it("print shows what is folded, within the paper", async () => {
    await page.setViewportSize({ width: A4_WIDTH_PX, height: 1040 });
    await page.emulateMedia({ media: "print" });
    assert.equal(await page.locator("#table-frontier").isVisible(), true);
    assert.equal(await page.evaluate(WIDTH), A4_WIDTH_PX);
    assert.deepEqual(await page.evaluate(beyond(A4_WIDTH_PX, "table,svg,td,th")), []);
    const pdf = await page.pdf({ format: "A4" });
    assert.ok(pdf.subarray(0, 5).toString() === "%PDF-" && pdf.length > 50_000);
    await page.emulateMedia({ media: null });
  });

  it("without scripts everything is there but the controls", async () => {
    const context = await browser.newContext({ javaScriptEnabled: false });
    const plain = await context.newPage();
    await plain.goto(address);
    for (const id of ["#table-strategies", "#table-classes", "#chart-frontier .only-light svg", "#notes"])
      assert.equal(await plain.locator(id).isVisible(), true, id);
    for (const id of ["form.filters", "#theme", "#facets"])
      assert.equal(await plain.locator(id).isVisible(), false, id);
    await plain.locator("#chart-frontier summary").click();
    assert.equal(await plain.locator("#table-frontier").isVisible(), true);
    await context.close();
  });

  it("the console stayed empty, and nothing was requested", () => assert.deepEqual(complaints, []));
});
