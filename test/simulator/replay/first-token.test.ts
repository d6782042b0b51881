import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { firstTokenNotes, seesFirstTokens } from "../../../simulator/replay/first-token.ts";
import type { ReplayPlan, ReplayTarget } from "../../../simulator/replay/replay-plan.ts";
import type { AttemptRow } from "../../../simulator/replay/rows.ts";

const target = (over: Partial<ReplayTarget>): ReplayTarget => ({
  id: "t",
  region: "us-east-1",
  url: "http://127.0.0.1:1",
  calledIds: ["m"],
  tier: "standard",
  api: "bedrock",
  settings: {},
  auth: { kind: "none" },
  seesFirstToken: true,
  ...over,
});
const plan = (targets: readonly ReplayTarget[], operation: ReplayPlan["operation"] = "converse-stream") => ({
  targets,
  operation,
});
/** An attempt at a target whose headers came so late, and that took so long, ms. */
const row = (g: number, f: number, e: number, k: AttemptRow["k"] = "ok"): AttemptRow => ({
  t: "a",
  i: 0,
  o: 0,
  g,
  s: 0,
  e,
  k,
  c: 200,
  f,
  u: null,
  id: "",
  x: "",
});

const SERVER = target({ api: "openai", region: "eu-west-1" });

describe("first tokens", () => {
  it("are seen where all answers are streamed and no headers are known to lead", () => {
    assert.ok(seesFirstTokens(plan([target({}), SERVER])));
    assert.ok(!seesFirstTokens(plan([target({})], "converse")));
    assert.ok(!seesFirstTokens(plan([target({}), { ...SERVER, seesFirstToken: false }])));
  });

  it("may come after the headers: the note has how early these were, by region", () => {
    const early = target({ api: "openai", region: "ap-south-1" });
    const rows = [
      ...[row(1, 10, 1000), row(1, 20, 1000), row(1, 30, 100), row(1, 900, 901, "throttled")],
      row(0, 700, 800),
      row(2, 400, 1000),
    ];
    assert.deepEqual(firstTokenNotes(plan([target({}), SERVER, early]), rows), [
      "TTFT is the time to the response's headers, which servers of this kind may send before the first token; " +
        "they came, at the median, after: ap-south-1 400 ms (40 % of an attempt); eu-west-1 20 ms (2 % of an attempt).",
    ]);
  });

  it("need no note where headers come with them, where there are none, and where none was served", () => {
    assert.deepEqual(firstTokenNotes(plan([target({})]), [row(0, 1, 2)]), []);
    assert.deepEqual(firstTokenNotes(plan([SERVER], "converse"), [row(0, 1, 2)]), []);
    assert.deepEqual(firstTokenNotes(plan([SERVER]), [row(0, 1, 2, "throttled")]), []);
  });
});
