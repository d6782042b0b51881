/**
 * `npm run perf -- browser`: the engine in a Web Worker of Chromium against the same engine in Node, on R3, in turn.
 * Options: --rounds N, --requests N, --chromium PATH (or CHROMIUM_PATH; /usr/bin/chromium otherwise).
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import Table from "cli-table3";
import { chromium } from "playwright-core";
import { parseDocument } from "yaml";
import { browserProgram } from "../../scripts/browser/bundle.ts";
import { packageVersion } from "../../scripts/io/process.ts";
import { inputsOfText } from "../../scripts/playground/load.ts";
import type { Ask, Reply } from "../../scripts/playground/messages.ts";
import { EXIT_CODES } from "../../simulator/base/errors.ts";
import { readOptions, wholeNumber } from "../arguments.ts";
import { engineProgram } from "./programs.ts";
import { spreadOf } from "./rounds.ts";

const USAGE = "PERF_USAGE";
const FILE = join(import.meta.dirname, "r3.yaml");
/** The share of Node's speed that must be left. */
const SHARE_MIN = 0.5;

/** Measures, prints a table; exit code 99 where less than half of the speed is left. */
export async function measureBrowser(argv: readonly string[]): Promise<number> {
  const values = readOptions(argv, USAGE, {
    rounds: { type: "string", default: "3" },
    requests: { type: "string", default: "2000000" },
    chromium: { type: "string", default: process.env.CHROMIUM_PATH ?? "/usr/bin/chromium" },
  });
  const rounds = wholeNumber(USAGE, "rounds", values.rounds);
  const requests = wholeNumber(USAGE, "requests", values.requests);
  const node = engineProgram();
  const browser = await chromium.launch({ executablePath: values.chromium, args: ["--no-sandbox"] });
  const shares: number[] = [];
  const rates: number[] = [];
  try {
    for (let i = 0; i < rounds; i++) {
      const inBrowser = await roundIn(browser, await jobOf(requests, 1_000 + i));
      const inNode = (await node("r3-lo", requests, 1_000 + i)).seconds;
      shares.push(inNode / inBrowser);
      rates.push(requests / inBrowser);
      process.stderr.write(`browser round ${i + 1} of ${rounds}\n`);
    }
  } finally {
    await browser.close();
  }
  const { min, median, max } = spreadOf(shares);
  const table = new Table({
    head: ["R3 in a Web Worker", "kreq/s", "speed / Node's (min/median/max)"],
    style: { head: [], border: [] },
  });
  const kreqPerS = (spreadOf(rates).median / 1_000).toFixed(0);
  table.push([`Chromium ${browser.version()}`, kreqPerS, [min, median, max].map((x) => x.toFixed(2)).join(" / ")]);
  process.stdout.write(`${table.toString()}\n`);
  return median >= SHARE_MIN ? EXIT_CODES.ok : EXIT_CODES.assertion;
}

/** What a page posts to have a scenario of that many requests simulated. */
async function jobOf(requests: number, seed: number): Promise<readonly Ask[]> {
  const document = parseDocument(await readFile(FILE, "utf8"));
  for (const [key, value] of Object.entries({ requests, seed, strategies: ["least-outstanding"] }))
    document.set(key, value);
  const text = document.toString();
  const { inputs } = await inputsOfText(text, FILE);
  return [
    { kind: "inputs", inputs, file: "r3.yaml", meridianVersion: packageVersion() },
    { kind: "scenario", id: 1, text },
    { kind: "run", id: 2, values: {}, theme: "light" },
  ];
}

/** Seconds of the simulation in a fresh worker of a fresh page. */
async function roundIn(browser: Awaited<ReturnType<typeof chromium.launch>>, asks: readonly Ask[]): Promise<number> {
  const page = await browser.newPage();
  try {
    // Runs in the page, whose globals Node's types do not know: so as text.
    const program = `(async ([text, asks]) => {
      const worker = new Worker(URL.createObjectURL(new Blob([text], { type: "text/javascript" })));
      return await new Promise((resolve, reject) => {
        worker.onerror = (event) => reject(new Error(event.message));
        worker.onmessage = ({ data }) => ["answer", "problems"].includes(data.kind) && resolve(data);
        for (const ask of asks) worker.postMessage(ask);
      });
    })(${JSON.stringify([await browserProgram("worker"), asks])})`;
    const reply: Reply = await page.evaluate(program);
    if (reply.kind !== "answer") throw new Error(JSON.stringify(reply));
    return reply.extent.simulatedMs / 1_000;
  } finally {
    await page.close();
  }
}
