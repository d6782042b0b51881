import assert from "node:assert/strict";
import { test } from "node:test";
import * as reports from "../../reports/index.ts";
import { fixture } from "./fixture.ts";

test("every output leads with the same verdict", async () => {
  const result = fixture();
  assert.ok((await reports.renderHtml(result)).includes(result.verdict));
  assert.ok(reports.renderMarkdown(result).includes(result.verdict));
  assert.ok(reports.renderTerminal(result, { colour: false, width: 200 }).startsWith(result.verdict));
});
