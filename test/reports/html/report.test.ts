import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { CHARTS } from "../../../reports/charts/index.ts";
import { notesSection, picturesHtml, raw } from "../../../reports/html/elements.ts";
import { assertionsSection, conditionsSection, renderHtml, verdictSection } from "../../../reports/html/report.ts";
import { drawsMissing } from "../charts/charts.ts";
import { EDGES, fixture } from "../fixture.ts";

const page = await renderHtml(fixture());
/** Drawing a page takes a second: each is drawn once. */
const edges = new Map<string, string>();
for (const [name, result] of Object.entries(EDGES)) edges.set(name, await renderHtml(result));
const hostile = edges.get("hostile names")!;

test("the policy allows the page's own style and script by hash, and nothing else", () => {
  const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(page)![1]!.replaceAll("&#39;", "'");
  assert.match(policy, /^default-src 'none'; /);
  const hash = (text: string) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
  const style = /<style>([\s\S]*?)<\/style>/.exec(page)![1]!;
  const script = /<script>([\s\S]*?)<\/script>/.exec(page)![1]!;
  assert.ok(policy.includes(`style-src ${hash(style)}`));
  assert.ok(policy.includes(`script-src ${hash(script)}`));
  assert.ok(!policy.includes("unsafe"));
});

test("the page loads nothing: no address, no import, no inline style or handler that the policy would refuse", () => {
  for (const text of [page, hostile]) {
    assert.doesNotMatch(text, /https?:\/\//);
    assert.doesNotMatch(text, /@import|url\((?!#)/);
    assert.doesNotMatch(text, /<[a-z][^>]* (style|on[a-z]+)="/);
    for (const [, target] of text.matchAll(/ (?:src|href)="([^"]*)"/g)) assert.match(target!, /^(#|data:text\/csv)/);
  }
});

test("hostile names are text everywhere", () => {
  assert.ok(hostile.includes("&lt;script&gt;alert(1)"));
  assert.doesNotMatch(hostile, /<script>alert/i);
  assert.equal(hostile.match(/<script/gi)?.length, 2, "the page's own two script elements");
  const names = /id="strategy-names">([\s\S]*?)<\/script>/.exec(hostile)![1]!;
  assert.deepEqual(
    JSON.parse(names),
    EDGES["hostile names"]!.strategies.map((one) => one.name),
  );
});

test("downloads of hostile tables hold no formula", () => {
  const links = [...hostile.matchAll(/href="data:text\/csv;charset=utf-8,([^"]*)"/g)].map((match) =>
    decodeURIComponent(match[1]!.replaceAll("&#39;", "'")),
  );
  assert.ok(links.length >= 5);
  for (const csv of links) {
    assert.doesNotMatch(csv, /(^|,|\n)"?=cmd/);
    assert.match(csv, /'=cmd\(\)/);
  }
});

test("every strategy is in the table, the baseline first, with what it serves, keeps and costs", () => {
  const table = /<table id="table-strategies"[\s\S]*?<\/table>/.exec(page)![0];
  const names = [...table.matchAll(/<th scope="row"[^>]*>([^<]*)/g)].map((match) => match[1]);
  assert.deepEqual(
    names,
    fixture().strategies.map((one) => one.name),
  );
  for (const column of ["Within SLO of chat", "Failed", "USD per month", "USD per 1k served, source"]) {
    assert.ok(table.includes(column), column);
  }
});

test("every chart is there in both themes with its numbers", () => {
  for (const chart of CHARTS) {
    const section = new RegExp(`id="chart-${chart.id}">[\\s\\S]*?</section>`).exec(page)?.[0] ?? "";
    assert.equal(section.match(/<svg/g)?.length, 2, chart.id);
    assert.ok(section.includes("only-light") && section.includes("only-dark"), chart.id);
    assert.ok(section.includes(`id="table-${chart.id}"`), chart.id);
  }
});

test("ids are unique, and every reference has its target", () => {
  const ids = [...page.matchAll(/ id="([^"]*)"/g)].map((match) => match[1]!);
  assert.equal(new Set(ids).size, ids.length);
  const references = [
    ...page.matchAll(/url\(#([^)]*)\)/g),
    ...page.matchAll(/href="#([^"]*)"/g),
    ...page.matchAll(/aria-labelledby="([^"]*)"/g),
  ].map((match) => match[1]!);
  for (const reference of references) assert.ok(ids.includes(reference), reference);
});

test("same result, same bytes", async () => {
  assert.equal(await renderHtml(structuredClone(EDGES["one short hour"]!)), edges.get("one short hour"));
});

test("every picture of a run fits a telephone; only wider ones are said to scroll", async () => {
  const long = ["a baseline with quite a long name of its own", "cheapest within 12 s, or else the nearest"];
  const longest = await renderHtml(fixture({ strategies: long, unstable: [long[1]!], hours: 48 }));
  for (const [name, text] of [...edges, ["a day", page], ["two days, long names", longest]] as const) {
    const sizes = [...text.matchAll(/<svg [^>]*? width="([\d.]+)"/g)].map(([, px]) => Number(px));
    assert.ok(sizes.length >= 2 && sizes.every((px) => px <= 720), `${name}: ${Math.max(...sizes)} px`);
    assert.doesNotMatch(text, /class="picture [^"]*wide"/, name);
  }
  const twice = String(picturesHtml((width) => raw(`<svg width="${width}"></svg>`)));
  assert.match(twice, /only-broad"><svg width="720">.*only-narrow"><svg width="350">/);
  assert.match(page, /@media \(max-width:640px\)\{\.only-broad\{display:none\}\.only-narrow\{display:block\}/);
  assert.match(page, /\.scroll:has\(>\.wide\)::before\{content:"scroll sideways/);
});

test("an edge run still gives a whole page that says what is wrong", () => {
  for (const [name, text] of edges) {
    const pictures = [...text.matchAll(/<svg[\s\S]*?<\/svg>/g)].map(([svg]) => svg);
    assert.ok(pictures.length >= 2, name);
    for (const svg of pictures) assert.ok(!drawsMissing(svg.replace(/ aria-label="[^"]*"/, "")), name);
    assert.ok(text.endsWith("</html>\n"), name);
    assert.doesNotMatch(text.replace(/<script[\s\S]*?<\/script>/g, ""), /\bNaN\b|undefined|Infinity/, name);
  }
  assert.match(edges.get("an unstable strategy")!, /cheapest is unstable/);
  assert.match(edges.get("one replication")!, /one replication, so no intervals/);
  assert.match(edges.get("nothing served")!, /No request was served/);
});

test("fewer replications than asked for stand out", () => {
  const result = { ...fixture(), replications: { asked: 20, done: 10 } };
  assert.match(String(conditionsSection(result)), /class="alarm"><dt>Replications<\/dt><dd>10 of 20 asked for/);
});

test("a residency violation stands out; without rules there is nothing to say", () => {
  const result = fixture();
  assert.match(String(conditionsSection(result)), /<div><dt>Residency<\/dt><dd>0 violations/);
  const [first, ...rest] = result.strategies;
  const counts = { ...first!.total.counts, residencyViolations: 2 };
  const broken = { ...result, strategies: [{ ...first!, total: { ...first!.total, counts } }, ...rest] };
  assert.match(String(conditionsSection(broken)), /class="alarm"><dt>Residency<\/dt><dd>2 violations/);
  const free = { ...result, classes: result.classes.map((one) => ({ ...one, residency: null })) };
  assert.doesNotMatch(String(conditionsSection(free)), /Residency/);
});

test("the verdict comes with what failed", () => {
  assert.match(String(verdictSection(fixture())), /1 assertion failed/);
  assert.match(String(assertionsSection(fixture())), /<strong>FAILED<\/strong>/);
});

test("empty sections are left out", () => {
  const bare = { ...fixture(), assertions: [], notes: [] };
  assert.equal(assertionsSection(bare), "");
  assert.equal(notesSection(bare), "");
});
