import assert from "node:assert/strict";
import test from "node:test";
import { litellm } from "../../../../simulator/traffic/formats/litellm.ts";
import { counted, fixtureText, sum } from "../fixtures.ts";
import { readText } from "../read-trace.ts";

const TEXT = fixtureText("request-logs/litellm-spend-logs.json.gz");

test("a list of rows, or one a line: tokens, teams, regions, times to the ms", () => {
  const rows = JSON.parse(TEXT) as { prompt_tokens: number; completion_tokens: number; team_id: string }[];
  const told = (tokens: Int32Array) => sum(tokens.filter((each) => each >= 0));
  for (const text of [TEXT, rows.map((row) => JSON.stringify(row)).join("\n")]) {
    const { columns, reader } = readText(text, "spend");
    assert.equal(reader.format, litellm.name);
    assert.equal(columns.arrivalMs.length, 200);
    assert.equal(told(columns.inputTokens), sum(rows.map((row) => row.prompt_tokens)));
    assert.equal(told(columns.outputTokens), sum(rows.map((row) => row.completion_tokens)));
    assert.equal(columns.startEpochMs, Date.parse("2026-09-03T14:00:09.311Z"));
    assert.deepEqual(counted(columns.outcome!, ["served", "throttled", "refused", "failed"]), {
      served: 193,
      throttled: 3,
      refused: 2,
      failed: 2,
    });
    assert.ok(columns.originNames!.includes("eu-central-1"));
    assert.deepEqual([columns.e2eMs![0], columns.ttftMs![0]], [2297, 244]);
  }
});

test("answers of the proxy's own cache are left out and counted; tags choose the class", () => {
  const [row] = JSON.parse(TEXT) as [Record<string, unknown>];
  const lines = [
    { ...row, request_tags: ["env:prod"] },
    { ...row, request_id: "b", cache_hit: "True" },
  ].map((each) => JSON.stringify(each));
  const { columns, reader } = readText(lines.join("\n"), "spend", { tag: "env" });
  assert.deepEqual([columns.arrivalMs.length, columns.classNames], [1, ["prod"]]);
  assert.deepEqual(reader.notes, ["1 requests were answered from the proxy's cache, and were left out"]);
});

test("zeros of a call that failed are no tokens told; those of one that was served are", () => {
  const [row] = JSON.parse(TEXT) as [Record<string, unknown>];
  const none = { ...row, prompt_tokens: 0, completion_tokens: 0 };
  const lines = [
    { ...none, request_id: "a", status: "failure" },
    { ...none, request_id: "b", status: "success" },
    { ...none, request_id: "c", status: "failure", prompt_tokens: 900 },
  ].map((each) => JSON.stringify(each));
  const { columns } = readText(lines.join("\n"), "spend");
  assert.deepEqual([...columns.inputTokens], [-1, 0, 900]);
  assert.deepEqual([...columns.outputTokens], [-1, 0, 0]);
});
