import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { checkOwnClock } from "../../../scripts/probe/clock.ts";
import { inOneOfThree } from "../../busy-host.ts";

describe("what this machine adds to a probe", () => {
  it("is measured on answers whose instants are known", async () => {
    await inOneOfThree(async () => {
      const harness = await checkOwnClock(new AbortController().signal);
      // Generous: the machine may be busy. A missing unit or a wrong instant would be off by far more.
      assert.ok(harness!.ttftErrorMsP50 > -2 && harness!.ttftErrorMsP50 < 150, JSON.stringify(harness));
      assert.ok(harness!.gapErrorMsP95 >= 0 && harness!.gapErrorMsP95 < 150, JSON.stringify(harness));
    });
  });

  it("ends at once when it is stopped", async () => {
    assert.equal(await checkOwnClock(AbortSignal.abort()), undefined);
  });
});
