import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { chromium } from "playwright-core";
import { renderHtml } from "../../../reports/index.ts";
import { createProgressFile, runningNow } from "../../../scripts/view/progress-file.ts";
import { startView, type ViewServer, viewApp } from "../../../scripts/view/server.ts";
import { fixture } from "../../reports/fixture.ts";

const root = mkdtempSync(join(tmpdir(), "meridian-view-"));
const RESULT = fixture({ strategies: ["single", "cheapest"], classes: ["chat"], hours: 3 });
const CHROMIUM = "/usr/bin/chromium";
let server: ViewServer;

before(async () => {
  for (const [id, seed] of [
    ["run-a", 1],
    ["run-b", 2],
  ] as const) {
    mkdirSync(join(root, id));
    writeFileSync(join(root, id, "result.json"), JSON.stringify({ ...RESULT, seed }));
    writeFileSync(join(root, id, "report.html"), await renderHtml(RESULT));
  }
  mkdirSync(join(root, "broken"));
  writeFileSync(join(root, "broken", "result.json"), "{");
  server = await startView(root, 0);
});
after(async () => {
  await server.close();
  rmSync(root, { recursive: true, force: true });
});

describe("the local page", () => {
  it("lists runs, serves reports, compares, and names what is not there", async () => {
    const get = async (path: string) => {
      const answer = await fetch(new URL(path, server.url));
      return { status: answer.status, text: await answer.text() };
    };
    const list = await get("/");
    for (const words of ["run-a", "run-b", "broken", "unreadable"]) assert.ok(list.text.includes(words), words);
    assert.match((await get("/runs/run-a")).text, /^<!doctype html>/);
    assert.match((await get("/compare?run=run-a&run=run-b")).text, /B against A/);
    assert.equal((await get("/compare?run=run-a")).status, 400);
    assert.equal((await get("/compare?run=run-a&run=..%2Frun-b")).status, 400);
    assert.equal((await get("/runs/..%2F..%2Fetc")).status, 400);
    assert.equal((await get("/runs/none")).status, 404);
    assert.equal((await get("/elsewhere")).status, 404);
  });

  it("answers only to a Host that is loopback", async () => {
    const status = await new Promise((resolve, reject) => {
      const asked = request(server.url, { headers: { host: "example.org" } }, ({ statusCode }) => resolve(statusCode));
      asked.on("error", reject);
      asked.end();
    });
    assert.equal(status, 403);
    assert.equal((await viewApp(root).request("/", { headers: { host: "127.0.0.1:8060" } })).status, 200);
    await assert.rejects(startView(root, Number(new URL(server.url).port)), /VIEW_PORT/);
  });

  it("shows what is running, of processes that are alive", async () => {
    let nowMs = 0;
    const file = createProgressFile(root, "acme.yaml", () => nowMs);
    file.update(0.25, "p95 4 s", { p95Ms: 4_000, throttled: 3 });
    file.update(0.5, "too soon to be written");
    assert.deepEqual(await runningNow(root), [
      { name: "acme.yaml", share: 0.25, text: "p95 4 s", p95Ms: 4_000, throttled: 3 },
    ]);
    nowMs = 1000;
    file.update(0.75, "later");
    writeFileSync(join(root, ".running", "999999999.json"), JSON.stringify({ name: "x", share: 0, text: "" }));
    assert.deepEqual(
      (await runningNow(root)).map(({ share }) => share),
      [0.75],
    );
    file.stop();
    assert.deepEqual(readdirSync(join(root, ".running")), ["999999999.json"]);
  });

  const browser = existsSync(CHROMIUM) ? {} : { skip: `no Chromium at ${CHROMIUM}` };
  it("compares by ticking in a browser, without an error or a request to elsewhere", browser, async () => {
    let nowMs = 0;
    const file = createProgressFile(root, "running.yaml", () => nowMs);
    file.update(0.4, "p95 4.1 s", { p95Ms: 4_100, throttled: 1 });
    const chrome = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
    try {
      const page = await chrome.newPage();
      const errors: string[] = [];
      const elsewhere: string[] = [];
      page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
      page.on("pageerror", (error) => errors.push(String(error)));
      page.on(
        "request",
        (asked) =>
          !asked.url().startsWith(server.url) && !asked.url().startsWith("data:") && elsewhere.push(asked.url()),
      );
      await page.goto(server.url);
      await page.getByText("running.yaml").waitFor();
      nowMs = 1_000;
      file.update(0.5, "p95 4.3 s", { p95Ms: 4_300, throttled: 7 });
      await page.getByLabel("throttled, since this page was opened").waitFor();
      for (const id of ["run-a", "run-b"]) await page.getByLabel(`compare ${id}`).check();
      await page.getByRole("button", { name: "Compare the ticked runs" }).click();
      await page.getByRole("heading", { name: "B against A" }).waitFor();
      assert.deepEqual([errors.filter((text) => !text.includes("favicon")), elsewhere], [[], []]);
    } finally {
      await chrome.close();
      file.stop();
    }
  });
});
