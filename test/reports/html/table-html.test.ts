import assert from "node:assert/strict";
import { test } from "node:test";
import { tableHtml } from "../../../reports/html/table-html.ts";
import { leftColumn, rightColumn } from "../../../reports/tables/table.ts";

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
