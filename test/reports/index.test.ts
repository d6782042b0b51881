import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { pathToFileURL } from "node:url";
import { parse } from "csv-parse/sync";
import * as reports from "../../reports/index.ts";
import { fixture } from "./fixture.ts";

const ENTRY = new URL("../../reports/index.ts", import.meta.url);
const folder = mkdtempSync(join(tmpdir(), "meridian-reports-"));
after(() => rmSync(folder, { recursive: true }));

test("every output leads with the same verdict", async () => {
  const result = fixture();
  assert.ok((await reports.renderHtml(result)).includes(result.verdict));
  assert.ok(reports.renderMarkdown(result).includes(result.verdict));
  assert.ok(reports.renderTerminal(result, { colour: false, width: 200 }).startsWith(result.verdict));
});

test("the example runs as it stands, and writes what it says", async (context) => {
  const source = readFileSync(ENTRY, "utf8");
  const example = /@example\n([\s\S]*?) \*\//.exec(source)![1]!.replace(/^ \*( |$)/gm, "");
  const here = (file: string) => JSON.stringify(join(folder, file));
  const script = join(folder, "example.mts");
  writeFileSync(
    script,
    example
      .replace('"meridian/reports"', JSON.stringify(ENTRY.href))
      .replace(/"(result\.json|report\.html|strategies\.csv)"/g, (_, file: string) => here(file)),
  );
  const result = fixture({ strategies: ["a", "b"], hours: 2, replications: 3 });
  writeFileSync(join(folder, "result.json"), JSON.stringify(result));
  const log = context.mock.method(console, "log", () => {});
  await import(pathToFileURL(script).href);
  assert.equal(log.mock.calls[0]!.arguments[0], reports.renderTerminal(result, { colour: false, width: 100 }));
  assert.ok(existsSync(join(folder, "report.html")));
  const [header, ...rows] = parse(readFileSync(join(folder, "strategies.csv"), "utf8")) as string[][];
  const p95 = header!.indexOf("e2e_p95_ms");
  assert.deepEqual(
    rows.map((row) => [row[0], Number(row[p95])]),
    result.strategies.map((one) => [one.name, one.byClass[0]!.e2eMs.p95.value]),
  );
});

test("a chart of the registry can be drawn alone", async () => {
  const [chart] = reports.CHARTS;
  const svg = await reports.renderSvg(chart!.spec(fixture(), reports.LIGHT), { idPrefix: chart!.id });
  assert.ok(svg.startsWith("<svg ") && svg.includes(reports.LIGHT.background));
});
