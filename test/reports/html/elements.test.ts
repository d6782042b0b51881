import assert from "node:assert/strict";
import { test } from "node:test";
import { differenceForest } from "../../../reports/charts/difference-forest.ts";
import { figureHtml, markup, raw, tableHtml } from "../../../reports/html/elements.ts";
import { leftColumn, rightColumn } from "../../../reports/tables/table.ts";
import { fixture } from "../fixture.ts";

test("a chart without data says why instead of an empty frame", async () => {
  const text = String(await figureHtml(differenceForest, fixture({ strategies: ["only"] })));
  assert.match(text, /nothing to compare/);
  assert.doesNotMatch(text, /<svg/);
});

test("the finding is text on the page and not repeated in the picture", async () => {
  const result = fixture();
  const text = String(await figureHtml(differenceForest, result));
  const { title } = differenceForest.heading(result);
  assert.equal(text.split(title).length - 1, 1 + 2, "once as heading, once as alt text of each picture");
  assert.equal([...text.matchAll(/<text[^>]*>Against/g)].length, 0);
});

test("values are escaped, markup and lists of markup are not", () => {
  const inner = markup`<i>${'"<>&'}</i>`;
  assert.equal(String(markup`<p>${[inner, inner]}${raw("<hr>")}</p>`), `<p>${inner}${inner}<hr></p>`);
  assert.equal(String(inner), "<i>&quot;&lt;&gt;&amp;</i>");
});

test("cells are escaped, rows carry their strategy, the download carries full values", () => {
  const text = String(
    tableHtml({
      id: "t",
      caption: "A & B",
      columns: [leftColumn("Name", "name"), rightColumn("p95 (s)", "p95_ms")],
      rows: [
        {
          strategyIndex: 3,
          cells: [
            { text: "<b>", value: "<b>" },
            { text: "4.2", value: 4213.77, detail: "4.1–4.3", change: { text: "better, −8 %", tone: "better" } },
          ],
        },
      ],
    }),
  );
  assert.ok(text.includes("A &amp; B") && text.includes("&lt;b&gt;") && !text.includes("<b>"));
  assert.ok(text.includes('data-strategy="3"'));
  assert.ok(text.includes('<small class="better">better, −8 %</small>'));
  const csv = decodeURIComponent(/utf-8,([^"]*)"/.exec(text)![1]!);
  assert.equal(csv, "name,p95_ms\r\n<b>,4213.77\r\n");
});
