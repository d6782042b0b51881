/**
 * `npm run perf -- report`: time and size of a large report. `npm run perf -- playground`: how long the playground takes
 * to answer while a slider is dragged, in Chromium. Options of the latter: --drags N, --chromium PATH.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import Table from "cli-table3";
import { chromium } from "playwright-core";
import { renderHtml } from "../../reports/index.ts";
import { prepareText } from "../../scripts/io/experiment.ts";
import { startView } from "../../scripts/view/server.ts";
import { EXIT_CODES } from "../../simulator/base/errors.ts";
import { assembleResult, planJobs, runJob } from "../../simulator/experiment/index.ts";
import { readOptions, wholeNumber } from "../arguments.ts";
import { spreadOf } from "./rounds.ts";

const USAGE = "PERF_USAGE";
const REPORT_S_MAX = 3;
const REPORT_BYTES_MAX = 3_000_000;
const ANSWER_MS_MAX = 300;

const WORLD = `
world:
  regions: [us-east-1, us-west-2, eu-west-1, ap-southeast-1, ap-northeast-1]
  models:
    m:
      id: anthropic.claude-3-5-sonnet-20240620-v1:0
      capacity: { kind: slots, servers: 40, service: { lognormal: { mean: 4s, cv: 1 } } }
  quotas: [{ tokensPerMinute: 900k }]
`;

const TOKENS = "tokens: { input: 1200, output: 250, maxTokens: 800 }";

/** 10 strategies, 20 replications, 5 regions, 24 hours, 3 classes: few requests, since a report holds none of them. */
const REPORT = `
name: large-report
duration: 24h
replications: 20
${WORLD}
traffic:
  - { class: chat, arrivals: { poisson: 0.004/s }, ${TOKENS}, origin: us-east-1, slo: { e2e: 15s } }
  - { class: code, arrivals: { poisson: 0.004/s }, ${TOKENS}, origin: eu-west-1, slo: { e2e: 8s } }
  - { class: batch, arrivals: { poisson: 0.002/s }, ${TOKENS}, origin: us-east-1, deferrable: true }
strategies:
  - { name: home, single: { target: us-east-1 } }
  - round-robin
  - random
  - least-outstanding
  - power-of-two
  - cheapest
  - least-latency
  - { name: within 12 s, cheapest-within: { p95: 12s } }
  - { name: within 8 s, cheapest-within: { p95: 8s } }
  - price-weighted
`;

/** 20,000 requests a strategy. */
const DRAGGED = `
name: dragged
requests: 20000
replications: 4
${WORLD}
traffic:
  - { class: chat, arrivals: { poisson: 20/s }, ${TOKENS}, origin: us-east-1, slo: { e2e: 15s } }
strategies: [{ single: { target: us-east-1 } }, round-robin, least-outstanding, { cheapest-within: { p95: 12s } }]
`;

/** Renders the large report; exit code 99 where it takes too long or is too large. */
export async function measureReport(argv: readonly string[]): Promise<number> {
  readOptions(argv, USAGE, {});
  const { plan } = (await prepareText(REPORT, "large-report.yaml")).inputs;
  const outputs = planJobs({ plan }, 1).map((job) => {
    const steps = runJob({ plan }, job);
    for (;;) {
      const step = steps.next();
      if (step.done === true) return step.value;
    }
  });
  const result = assembleResult({ plan }, outputs, { scenarioSha256: "", meridianVersion: "", traces: [] });
  const seconds: number[] = [];
  let html = "";
  for (let i = 0; i < 3; i++) {
    const before = process.cpuUsage();
    html = await renderHtml(result);
    const { user, system } = process.cpuUsage(before);
    seconds.push((user + system) / 1e6);
  }
  const table = new Table({ head: ["report", "processor s, first / best", "MB"], style: { head: [], border: [] } });
  const best = Math.min(...seconds);
  table.push([
    "10 strategies x 20 x 5 regions x 24 h",
    `${seconds[0]!.toFixed(2)} / ${best.toFixed(2)}`,
    (html.length / 1e6).toFixed(2),
  ]);
  process.stdout.write(`${table.toString()}\n`);
  return seconds[0]! < REPORT_S_MAX && html.length < REPORT_BYTES_MAX ? EXIT_CODES.ok : EXIT_CODES.assertion;
}

/** Drags the load slider; exit code 99 where half of the answers take longer than they may. */
export async function measurePlayground(argv: readonly string[]): Promise<number> {
  const values = readOptions(argv, USAGE, {
    drags: { type: "string", default: "30" },
    chromium: { type: "string", default: process.env.CHROMIUM_PATH ?? "/usr/bin/chromium" },
  });
  const drags = wholeNumber(USAGE, "drags", values.drags);
  const folder = await mkdtemp(join(tmpdir(), "meridian-perf-"));
  const file = join(folder, "dragged.yaml");
  await writeFile(file, DRAGGED);
  const server = await startView(folder, 0, file);
  const browser = await chromium.launch({ executablePath: values.chromium, args: ["--no-sandbox"] });
  try {
    const page = await browser.newPage();
    await page.goto(`${server.url}playground`);
    await page.locator("#play-answer[data-extent=whole]").waitFor({ timeout: 120_000 });
    const found: { readonly tookMs: number; readonly status: string }[] = [];
    for (let i = 0; i < drags; i++) {
      await page.evaluate(`(() => {
        delete document.getElementById("play-answer").dataset.tookMs;
        const knob = document.getElementById("knob-load");
        knob.value = ${60 + (i % 40)};
        knob.dispatchEvent(new Event("input", { bubbles: true }));
      })()`);
      await page.locator("#play-answer[data-took-ms]").waitFor({ timeout: 60_000 });
      const tookMs = Number(await page.locator("#play-answer").getAttribute("data-took-ms"));
      found.push({ tookMs, status: (await page.locator("#play-status").textContent()) ?? "" });
    }
    const { min, median, max } = spreadOf(found.map(({ tookMs }) => tookMs));
    const table = new Table({ head: ["a drag", "ms (min/median/max)", "load"], style: { head: [], border: [] } });
    table.push([`${drags} drags, 4 strategies`, `${min} / ${median} / ${max}`, loadavg()[0]!.toFixed(1)]);
    process.stdout.write(`${table.toString()}\n${found.at(-1)!.status}\n`);
    return median < ANSWER_MS_MAX ? EXIT_CODES.ok : EXIT_CODES.assertion;
  } finally {
    await browser.close();
    await server.close();
    await rm(folder, { recursive: true });
  }
}
