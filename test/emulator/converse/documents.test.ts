import assert from "node:assert/strict";
import { it } from "node:test";
import { refuseDocuments } from "../../../emulator/converse/documents.ts";
import { parseConverse } from "../../../emulator/converse/request.ts";

const document = (name: string) => ({ document: { format: "txt", name, source: { text: "x" } } });
const refusal = (...content: object[]): string => {
  try {
    parseConverse({ messages: [{ role: "user", content }] });
    return "";
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message}`;
  }
};
const text = { text: "read this" };

it("documents have names of a few characters, each its own", () => {
  for (const name of ["report", "a-b (1) [2]", " x ", "test_name"])
    assert.equal(refusal(text, document(name)), "", name);
  for (const name of ["a.txt", "a  b", "a\tb", "a\u3000b", "\u6771", "John's"]) {
    assert.match(refusal(text, document(name)), /^ValidationException: The document file name can only contain/, name);
  }
  assert.match(refusal(text, document("a"), document("a")), /Messages can't contain duplicate document names\./);
});

it("at most five, in a message with a text", () => {
  const many = (count: number) => Array.from({ length: count }, (_, i) => document(`d${i}`));
  assert.equal(refusal(text, ...many(5)), "");
  assert.match(refusal(text, ...many(6)), /You can't include more than 5 documents in a request\./);
  assert.match(refusal(document("a")), /A text block must be included when using documents\./);
});

it("over all messages: a name may not come again in a later one", () => {
  assert.throws(
    () =>
      refuseDocuments([
        [text, document("a")],
        [text, document("a")],
      ]),
    /duplicate document names/,
  );
  refuseDocuments([[text, document("a")], [text, document("b")], [text]]);
});
