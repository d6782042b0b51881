import assert from "node:assert/strict";
import test from "node:test";
import { TRAFFIC_CHARTS } from "../../../reports/traffic/charts.ts";
import { renderTrafficHtml, trafficText } from "../../../reports/traffic/report.ts";
import { describeTraffic } from "../../../simulator/traffic/describe.ts";
import { fixtureText } from "../../simulator/traffic/fixtures.ts";
import { readText } from "../../simulator/traffic/read-trace.ts";

const { columns } = readText(fixtureText("invocation-logs/bedrock-invocation-log.jsonl"), "log");
const hostile = {
  ...columns,
  tenantNames: columns.tenantNames!.map((name, i) => (i === 0 ? "<script>x</script>\u001b[31m" : name)),
};
const origin = { name: "<b>log</b>", format: "bedrock-log", files: 1, sha256: "ab".repeat(32) };

test("a page with a picture or a reason for each question; labels of a log are text and nothing else", async () => {
  const page = await renderTrafficHtml(describeTraffic(hostile), origin);
  for (const { question } of TRAFFIC_CHARTS) assert.ok(page.includes(question), question);
  assert.ok(!page.includes("<script>x") && !page.includes("<b>log"));
  assert.equal(page, await renderTrafficHtml(describeTraffic(hostile), origin));
});

test("the terminal's lines: printable, with the figures", () => {
  const text = trafficText(describeTraffic(hostile), origin);
  assert.ok(!text.includes("\u001b"));
  assert.match(text, /Input tokens +392,339 in all/);
  assert.match(text, /Ends +193 served/);
});
