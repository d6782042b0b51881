import assert from "node:assert/strict";
import test from "node:test";
import { burstgpt } from "../../../../simulator/traffic/formats/burstgpt.ts";
import { readText } from "../read-trace.ts";

test("older and newer files: models, kinds of log, sessions; no response is a failed call", () => {
  const old =
    "Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type\n5,ChatGPT,472,18,490,API log\n6,GPT-4,10,0,10,API log\n";
  const { columns, reader } = readText(old, "b.csv");
  assert.equal(reader.format, burstgpt.name);
  assert.deepEqual(
    [[...columns.arrivalMs], [...columns.outcome!]],
    [
      [5000, 6000],
      [0, 3],
    ],
  );
  assert.deepEqual(columns.modelNames, ["ChatGPT", "GPT-4"]);
  const newer =
    "Timestamp,Session ID,Elapsed time,Model,Request tokens,Response tokens,Total tokens,Log Type\n5,s1,2.5,ChatGPT,472,18,490,Conversation log\n9,s1,1,ChatGPT,500,8,508,Conversation log\n";
  const second = readText(newer, "b.csv").columns;
  assert.deepEqual(
    [[...second.sessionId!], [...second.e2eMs!]],
    [
      [0, 0],
      [2500, 1000],
    ],
  );
});
