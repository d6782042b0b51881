import assert from "node:assert/strict";
import test from "node:test";
import { bailian } from "../../../../simulator/traffic/formats/bailian.ts";
import { readText } from "../read-trace.ts";

test("seconds, conversations by their first chat, prefixes of 16-token blocks", () => {
  const row = (chat: number, parent: number, timestamp: number, input: number, ids: readonly number[]) =>
    JSON.stringify({
      chat_id: chat,
      parent_chat_id: parent,
      timestamp,
      input_length: input,
      output_length: 5,
      type: "text",
      turn: parent < 0 ? 1 : 2,
      hash_ids: ids,
    });
  const rows = [
    row(1, -1, 0.5, 40, [1, 2, 3]),
    row(7, -1, 1, 30, [9]),
    row(2, 1, 61.114, 80, [1, 2, 3, 4, 5]),
    row(3, 2, 70, 96, [1, 2, 8]),
  ];
  const { columns, reader } = readText(rows.join("\n"), "q.jsonl");
  assert.equal(reader.format, bailian.name);
  assert.deepEqual([...columns.arrivalMs], [500, 1000, 61_114, 70_000]);
  assert.deepEqual([...columns.sessionId!], [0, 1, 0, 0]);
  assert.deepEqual([...columns.prefixTokens!], [40, 0, 48, 32]);
});
