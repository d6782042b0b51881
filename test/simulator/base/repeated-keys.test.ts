import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { keyCount, repeatedKey } from "../../../simulator/base/repeated-keys.ts";

function keysOf(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  const own = Array.isArray(value) ? 0 : Object.keys(value).length;
  return Object.values(value).reduce((sum: number, each) => sum + keysOf(each), own);
}

describe("keys that a JSON object has twice", () => {
  it("are none in what was written from a value, whatever its texts hold", () => {
    fc.assert(
      fc.property(fc.json(), fc.nat(3), (json, indent) => {
        const text = JSON.stringify(JSON.parse(json), null, indent);
        assert.equal(repeatedKey(text), undefined);
        assert.equal(keyCount(text), keysOf(JSON.parse(text)));
      }),
    );
  });

  it("are found at any depth, however they are written", () => {
    for (const [text, key] of [
      ['{"a":1,"a":1}', "a"],
      ['{"a":{"b":[{"c":1,"c":2}]}}', "c"],
      ['{"a":[],"b":{"a":"\\\\"},"a":"}"}', "a"],
      ['{"\\"a":1,"x":":","\\u0022a":2}', '"a'],
      ['{"":1,"":2}', ""],
      ['{"__proto__":1,"__proto__":2}', "__proto__"],
    ] as const) {
      assert.equal(repeatedKey(text), key, text);
      assert.equal(keyCount(text), keysOf(JSON.parse(text)) + 1, text);
    }
  });
});
