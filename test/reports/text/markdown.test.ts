import assert from "node:assert/strict";
import { test } from "node:test";
import { escapeMarkdown, renderMarkdown } from "../../../reports/text/markdown.ts";
import { EDGES, fixture } from "../fixture.ts";

const COMMENT_LIMIT_BYTES = 65_536;

test("verdict first, then failures, then the table; details collapsed; headings of third level", () => {
  const text = renderMarkdown(fixture());
  const order = ["### five-regions", "**Read the comparison", "**FAILED**", "| Strategy |", "<details>"].map((part) =>
    text.indexOf(part),
  );
  assert.ok(
    order.every((at) => at >= 0),
    String(order),
  );
  assert.deepEqual(
    order,
    [...order].sort((a, b) => a - b),
  );
  assert.doesNotMatch(text, /^#{1,2} /m);
});

test("fits a comment however many strategies and regions there are", () => {
  const strategies = Array.from({ length: 60 }, (_, at) => `strategy-with-a-rather-long-name-${at}`);
  for (const result of [fixture(), fixture({ strategies, hours: 2, replications: 3 }), ...Object.values(EDGES)]) {
    const text = renderMarkdown(result);
    assert.ok(Buffer.byteLength(text) < COMMENT_LIMIT_BYTES);
    assert.equal(text.match(/<details>/g)?.length ?? 0, text.match(/<\/details>/g)?.length ?? 0);
  }
  assert.match(renderMarkdown(fixture({ strategies, hours: 2, replications: 3 })), /report\.html/);
});

test("names can be neither markup nor mention nor a new column", () => {
  assert.equal(escapeMarkdown("<b>|a`*_[x](y)@you\n"), "&lt;b&gt;\\|a\\`\\*\\_\\[x\\](y)&#64;you·");
  const lines = renderMarkdown(EDGES["hostile names"]!).split("\n");
  const rows = lines.slice(lines.findIndex((line) => line.startsWith("| Strategy"))).slice(0, 6);
  const columns = (line: string) => line.replaceAll("\\|", "").split("|").length;
  for (const row of rows) assert.equal(columns(row), columns(rows[0]!), row);
});
