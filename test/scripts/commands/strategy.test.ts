import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { meridianHere } from "../run-meridian.ts";

describe("meridian strategy", () => {
  it("refuses an action that there is not, and a name that cannot be a strategy's", async () => {
    const action = await meridianHere(["strategy", "nwe", "mine.ts"]);
    assert.deepEqual([action.code, /STRATEGY_ACTION[\s\S]*did you mean "new"/.test(action.stderr)], [2, true]);
    const name = await meridianHere(["strategy", "new", "My Rule.ts"]);
    assert.deepEqual([name.code, /STRATEGY_NAME/.test(name.stderr)], [2, true]);
  });
});
