import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  malformedInput,
  optionalInteger,
  optionalObject,
  optionalTexts,
  requiredText,
} from "../../../emulator/bodies/body.ts";

describe("body readers", () => {
  it("refuse with the messages of the service's schema check", () => {
    const wrapped = "Malformed input request: why, please reformat your input and try again.";
    assert.equal(malformedInput("why").message, wrapped);
    assert.throws(() => requiredText({ a: null }, "a"), { message: /#\/a: expected type: String, found: Null/ });
    assert.throws(() => optionalInteger({ a: 1.5 }, "a", 1), { message: /expected type: Integer, found: Number/ });
    assert.throws(() => optionalTexts({ a: [1] }, "a"), { message: /expected type: JSONArray/ });
    assert.throws(() => optionalObject({ a: "x" }, "a"), { message: /expected type: JSONObject, found: String/ });
  });
  it("accept absent members", () => {
    assert.deepEqual(
      [optionalInteger({}, "a", 1), optionalTexts({}, "a"), optionalObject({ a: null }, "a")],
      [undefined, [], {}],
    );
  });
});
