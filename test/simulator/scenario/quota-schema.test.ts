import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { metersOf, quotaSchema } from "../../../simulator/scenario/quota-schema.ts";

const said = (input: unknown) =>
  quotaSchema
    .safeParse(input)
    .error?.issues.map((issue) => issue.message)
    .join() ?? "";
const meters = (input: unknown) => metersOf(quotaSchema.parse(input));

describe("quotas as a scenario writes them", () => {
  it("a number: a token bucket of a minute, a day that restarts at midnight UTC", () => {
    assert.deepEqual(meters({ tokensPerMinute: "200k", tokensPerDay: "10M", requests: 60 }), {
      tokensPerMinute: { law: "token-bucket", limit: 200_000, windowMs: 60_000, burst: 200_000 },
      tokensPerDay: { law: "clock-window", limit: 10_000_000, windowMs: 86_400_000, burst: 10_000_000 },
      requests: { law: "token-bucket", limit: 60, windowMs: 60_000, burst: 60 },
    });
  });

  it("law, burst and window, for all meters or for one", () => {
    const { tokensPerMinute, requests, tokensPerDay } = meters({
      law: "clock-window",
      tokensPerMinute: { limit: "1k", law: "token-bucket", burst: 100 },
      requests: { limit: 10, window: "1s" },
    });
    assert.deepEqual(tokensPerMinute, { law: "token-bucket", limit: 1000, windowMs: 60_000, burst: 100 });
    assert.deepEqual(requests, { law: "clock-window", limit: 10, windowMs: 1000, burst: 10 });
    assert.equal(tokensPerDay, null);
  });

  it("refuses quotas of nothing and windows of no length", () => {
    assert.match(said({}), /a quota limits something/);
    assert.match(said({ tokensPerMinute: 0 }), /a quota of 0 refuses everything|[Ii]nvalid/);
    assert.notEqual(said({ requests: { limit: 5, window: "0s" } }), "");
    assert.notEqual(said({ tokensPerMinute: 5, law: "leaky" }), "");
    assert.notEqual(said({ tokensPerMinute: 5, burndown: 0 }), "");
  });
});
