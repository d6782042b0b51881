import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { pathToFileURL } from "node:url";
import axe from "axe-core";
import { type Browser, chromium, type Page } from "playwright-core";
import { renderHtml } from "../../../reports/index.ts";
import { prepareText } from "../../../scripts/io/experiment.ts";
import { explorableOf } from "../../../scripts/playground/load.ts";
import { startView, type ViewServer } from "../../../scripts/view/server.ts";
import { fixture } from "../../reports/fixture.ts";

const CHROMIUM = process.env.CHROMIUM_PATH ?? "/usr/bin/chromium";
const TEXT = `# a remark that stays
name: small
duration: 5m
replications: 2
world:
  regions: [us-east-1, eu-west-1]
  models: { m: { id: amazon.nova-pro-v1:0, capacity: { kind: slots, servers: 12, service: { exponential: { mean: 1s } } } } }
  quotas: [{ tokensPerMinute: 900k }]
traffic:
  - class: chat
    arrivals: { poisson: 5/s }
    tokens: { input: 1200, output: 100, maxTokens: 800 }
    slo: { e2e: 5s }
strategies: [{ single: { target: us-east-1 } }, round-robin, { cheapest-within: { p95: 4s } }]
`;

const ANSWERED = "#play-answer[data-took-ms]";
/** What pages evaluate, as text: the types of a browser stay out of this project. */
const move = (id: string, step: number) => `(() => {
  delete document.getElementById("play-answer").dataset.tookMs;
  const knob = document.getElementById("knob-${id}");
  knob.value = ${step};
  knob.dispatchEvent(new Event("input", { bubbles: true }));
})()`;
const AXE = `axe.run(document, { resultTypes: ["violations"] }).then(({ violations }) => violations
  .filter(({ impact }) => impact === "serious" || impact === "critical")
  .map(({ id, nodes }) => id + ": " + nodes[0].html.slice(0, 200) + nodes[0].failureSummary))`;
const editor = (page: Page) => page.locator("#play-editor .cm-content");

describe("the playground in a browser", { skip: existsSync(CHROMIUM) ? false : `no Chromium at ${CHROMIUM}` }, () => {
  const folder = mkdtempSync(join(tmpdir(), "meridian-playground-"));
  const file = join(folder, "small.yaml");
  const complaints: string[] = [];
  let browser: Browser;
  let server: ViewServer;
  let page: Page;

  async function opened(address: string, width = 1280): Promise<Page> {
    const one = await (await browser.newContext({ viewport: { width, height: 900 } })).newPage();
    one.setDefaultTimeout(30_000);
    one.on("console", (message) => complaints.push(`console: ${message.text()}`));
    one.on("pageerror", (error) => complaints.push(`error: ${error.message}`));
    one.on("request", (request) => {
      const url = request.url();
      if (![server.url, "blob:", "data:", "file:"].some((own) => url.startsWith(own)))
        complaints.push(`request: ${url}`);
    });
    await one.goto(address);
    await one.evaluate('document.getElementById("playground").scrollIntoView()');
    await one.locator(ANSWERED).waitFor();
    return one;
  }

  before(async () => {
    writeFileSync(file, TEXT);
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
    server = await startView(folder, 0, file);
    page = await opened(`${server.url}playground`);
  });
  after(async () => {
    await browser?.close();
    await server?.close();
    rmSync(folder, { recursive: true });
  });

  const drag = async (id: string, step: number, on = page) => {
    await on.evaluate(move(id, step));
    await on.locator(`${ANSWERED}:not(.stale)`).waitFor();
  };
  const picture = (id: string) => page.locator(`#play-${id} svg`).getAttribute("aria-label");

  it("pictures move as a slider is dragged, and say from where", async () => {
    const [frontier, classes] = [await picture("frontier"), await picture("classes")];
    assert.match(classes!, /chat: single .* s, round-robin .* s/);
    await drag("load", 150);
    assert.notEqual(await picture("frontier"), frontier);
    assert.notEqual(await picture("classes"), classes);
    assert.match((await page.locator("#play-status").textContent())!, /of 1 of 2 replications|whole run/);
    await page.locator("#play-frontier path[opacity='0.55']").first().waitFor({ state: "attached" });
  });

  it("letting go simulates the whole run, with the verdict of meridian simulate", async () => {
    await page.evaluate('document.getElementById("knob-load").dispatchEvent(new Event("change"))');
    await page.locator("#play-answer[data-extent=whole]").waitFor();
    assert.match(
      (await page.locator("#play-status").textContent())!,
      /^The whole run: [\d,]+ requests per strategy in 2/,
    );
    assert.ok((await page.locator("#play-verdict").textContent())!.length > 20);
    assert.equal(await page.locator("#play-whole").isVisible(), false);
  });

  it("is saved as a scenario file that runs, with its remarks", async () => {
    const download = page.waitForEvent("download");
    await page.getByRole("button", { name: "Save as a scenario file" }).click();
    const saved = await download;
    assert.equal(saved.suggestedFilename(), "small-changed.yaml");
    const text = readFileSync(await saved.path(), "utf8");
    assert.match(text, /^# a remark that stays/);
    const { plan } = (await prepareText(text, "saved.yaml")).inputs;
    assert.match(JSON.stringify(plan.traffic[0]!.arrivals), /"ratePerS":15\.\d+/);
  });

  it("every knob that can be turned is answered", async () => {
    for (const [id, step] of [
      ["swing", 60],
      ["quota", 40],
      ["ceiling-2", 60],
      ["movable", 80],
    ] as const)
      await drag(id, step);
    assert.equal(await page.locator("#play-problems .alarm").count(), 0);
    await page.getByRole("button", { name: "Reset the sliders" }).click();
    await page.locator("#play-answer:not(.stale)").waitFor();
    assert.equal(await page.locator("#knob-movable").inputValue(), "200");
  });

  it("the editor shows the problems of check at their lines, and completes keys", async () => {
    await editor(page).click();
    await page.keyboard.press("Control+Home");
    await page.keyboard.type("sed: 3\n");
    await page.locator("#play-problems .alarm").first().waitFor();
    assert.match((await page.locator("#play-problems").textContent())!, /Line 1: .*sed.*did you mean "seed"/);
    await page.locator("#play-editor .cm-lint-marker-error").waitFor();
    await page.keyboard.press("Control+Home");
    await page.keyboard.press("Shift+End");
    await page.keyboard.type("se");
    await page.locator("#play-editor .cm-tooltip-autocomplete li", { hasText: "seed" }).click();
    await page.keyboard.type("7");
    await page.locator("#play-problems .alarm").first().waitFor({ state: "detached" });
    assert.match((await editor(page).textContent())!, /^seed: 7/);
  });

  it("axe finds nothing serious, in either colour scheme", async () => {
    await page.locator("#play-answer:not(.stale)").waitFor();
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      await page.evaluate(axe.source);
      assert.deepEqual(await page.evaluate(AXE), [], colorScheme);
    }
  });

  it("works inside a one-file report, also on a telephone, and does nothing else there", async () => {
    const report = join(folder, "report.html");
    writeFileSync(
      report,
      await renderHtml(fixture({ strategies: ["a", "b"], hours: 2 }), await explorableOf(TEXT, file)),
    );
    const address = pathToFileURL(report).href;
    const one = await opened(address, 420);
    assert.equal(await one.evaluate("document.documentElement.scrollWidth"), 420);
    const before = await one.locator("#play-classes svg").getAttribute("aria-label");
    await drag("load", 160, one);
    assert.notEqual(await one.locator("#play-classes svg").getAttribute("aria-label"), before);
    await one.emulateMedia({ media: "print" });
    assert.equal(await one.locator("#play").isVisible(), false);
    assert.equal(await one.locator("#strategies").isVisible(), true);
    await one.context().close();

    const plain = await (await browser.newContext({ javaScriptEnabled: false })).newPage();
    await plain.goto(address);
    assert.equal(await plain.locator("#play").isVisible(), false);
    await plain.locator("#play-source summary").click();
    assert.match((await plain.locator("pre.scenario").textContent())!, /^# a remark that stays/);
    await plain.context().close();
  });

  it("the console stayed empty, and nothing was asked for elsewhere", () => assert.deepEqual(complaints, []));
});

describe("the pages of the playground", () => {
  it("are those of a run, a shipped scenario or a file, and of nothing else", async () => {
    const server = await startView(mkdtempSync(join(tmpdir(), "meridian-view-")), 0);
    try {
      const get = async (path: string, init?: RequestInit) => {
        const answer = await fetch(new URL(path, server.url), init);
        return {
          status: answer.status,
          text: await answer.text(),
          policy: answer.headers.get("content-security-policy"),
        };
      };
      const page = await get("playground?scenario=hourly-swing");
      assert.match(page.text, /<h1>hourly-swing\.yaml/);
      assert.ok(page.policy!.includes("script-src 'self'") && !page.policy!.includes("unsafe-eval"));
      assert.equal((await get("playground?scenario=none")).status, 400);
      assert.equal((await get("playground?scenario=..%2Freference")).status, 400);
      assert.equal((await get("playground?run=..%2Fx")).status, 400);
      assert.equal((await get("playground?run=none")).status, 400);
      const post = (headers: Record<string, string>, body: string) =>
        get("playground/inputs", { method: "POST", headers, body });
      assert.equal((await post({}, "name: x")).status, 403);
      assert.equal((await post({ "x-meridian": "playground" }, "name: x")).status, 200);
      assert.equal((await post({ "x-meridian": "playground" }, "x".repeat(2 ** 20 + 1))).status, 413);
      const missing = await post(
        { "x-meridian": "playground" },
        TEXT.replace("{ poisson: 5/s }", "{ trace: none.csv }"),
      );
      assert.match(missing.text, /TRACE_NOT_FOUND/);
    } finally {
      await server.close();
    }
  });
});
