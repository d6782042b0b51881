import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  type Blocks,
  blocksOfMessages,
  callsOf,
  firstOfToolLoop,
  isQuestion,
  refuseToolBlocks,
  unansweredCalls,
} from "../../../emulator/converse/tool-blocks.ts";

const said: Blocks = [{ text: "Hello" }];
const call = (...ids: readonly string[]): Blocks =>
  ids.map((toolUseId) => ({ toolUse: { toolUseId, name: "t", input: {} } }));
const result = (...ids: readonly string[]): Blocks =>
  ids.map((toolUseId) => ({ toolResult: { toolUseId, content: [] } }));

function refusal(messages: readonly Blocks[], isClaude = false, hasTools = true): string {
  try {
    refuseToolBlocks(messages, hasTools, isClaude);
    return "";
  } catch (error) {
    assert.equal((error as Error).name, "ValidationException");
    return (error as Error).message;
  }
}

const OF_MODEL = "The model returned the following errors: ";

describe("refuseToolBlocks", () => {
  it("takes calls that the next message answers, one or several", () => {
    for (const isClaude of [true, false]) {
      assert.equal(refusal([said, call("a", "b"), result("b", "a"), said, said, call("c"), result("c")], isClaude), "");
    }
  });

  const cases: readonly (readonly [string, readonly Blocks[], string])[] = [
    [
      "a call without a result",
      [said, call("a"), said],
      "Expected toolResult blocks at messages.2.content for the following Ids: a",
    ],
    [
      "one of two without",
      [said, call("a", "b"), result("b")],
      "Expected toolResult blocks at messages.2.content for the following Ids: a",
    ],
    [
      "a result without a call",
      [result("a")],
      "The number of toolResult blocks at messages.0.content exceeds the number of toolUse blocks of previous turn.",
    ],
    ["one call twice", [said, call("a", "a")], "The toolUse blocks at messages.1.content contain duplicate Ids: a"],
    [
      "one result twice",
      [said, call("a", "b"), result("a", "a")],
      "The toolResult blocks at messages.2.content contain duplicate Ids: a",
    ],
  ];
  for (const [what, messages, expected] of cases)
    it(`refuses ${what}`, () => assert.equal(refusal(messages), expected));

  it("refuses blocks of tools where there are none", () => {
    assert.match(refusal([said, call("a")], false, false), /^The toolConfig field must be defined/);
  });

  it("refuses with Claude's words what only Claude refuses", () => {
    const open = [said, call("a")];
    assert.equal(refusal(open, true), `${OF_MODEL}${unansweredCalls(1, ["a"])}`);
    const again = [said, call("a"), result("a"), [...said, ...call("a")], result("a")];
    assert.equal(refusal(again, true), `${OF_MODEL}messages.3.content.1: \`tool_use\` ids must be unique`);
    assert.equal(refusal(open), "");
    assert.equal(refusal(again), "");
  });
});

it("firstOfToolLoop says how the message begins whose calls are answered last", () => {
  const thought = { reasoningContent: { reasoningText: { text: "x" } } };
  const at = "messages.1.content.0";
  assert.deepEqual(firstOfToolLoop([said, call("a"), result("a")]), { at, type: "tool_use" });
  assert.deepEqual(firstOfToolLoop([said, [...said, ...call("a")], result("a")]), { at, type: "text" });
  assert.deepEqual(firstOfToolLoop([said, [thought, ...call("a")], result("a")]), { at, type: "thinking" });
  assert.equal(firstOfToolLoop([said, call("a"), result("a"), said, said]), undefined);
  assert.equal(firstOfToolLoop([]), undefined);
});

it("blocksOfMessages takes the blocks out of their messages", () => {
  assert.deepEqual(blocksOfMessages([{ role: "user", content: said }]), [said]);
});

it("callsOf and isQuestion tell the turns of a tool loop apart", () => {
  assert.deepEqual([said, call("a", "b"), [...said, ...call("c")], result("a")].map(callsOf), [0, 2, 1, 0]);
  assert.deepEqual([said, call("a"), result("a"), [...said, ...result("a")]].map(isQuestion), [
    true,
    false,
    false,
    false,
  ]);
});
