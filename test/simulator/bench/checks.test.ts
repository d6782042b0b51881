import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  checkRows,
  failedAnswerNotes,
  firstTokenNotes,
  type HarnessInput,
  invalidReasons,
  quantileOrZero,
  seesFirstTokens,
  unseenLimitNotes,
} from "../../../simulator/bench/checks.ts";
import type { ReplayPlan, ReplayTarget } from "../../../simulator/bench/plan.ts";
import type { AttemptRow, RequestRow, ScheduleRow } from "../../../simulator/bench/rows.ts";
import { END } from "../../../simulator/client/request-rules.ts";

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

it("answers of status 200 without a token are counted and named", () => {
  const rows = [row(0, 1, 2), { ...row(0, 1, 2, "error"), x: "EmptyAnswer" }, row(0, 1, 2, "throttled")];
  assert.deepEqual(failedAnswerNotes(rows), [
    "1 of 3 attempts (33 %) were answered 200 without a token (EmptyAnswer): they count as failed, not as fast.",
  ]);
  assert.deepEqual(failedAnswerNotes(rows.slice(0, 1)), []);
});

it("answers of status 200 that tell no counts, are no JSON or break off are named, too", () => {
  const failed = (x: string, c = 200): AttemptRow => ({ ...row(0, 1, 2, "error"), c, x });
  const rows = [failed("NoUsage"), failed("NoUsage"), failed("NoJson"), failed("StreamCutShort"), failed("EOF", 0)];
  assert.deepEqual(failedAnswerNotes(rows), [
    "2 of 5 attempts (40 %) were answered 200 without counts of tokens (NoUsage): they count as failed, as nothing tells what they cost.",
    "1 of 5 attempts (20 %) were answered 200 with a body that is not JSON (NoJson): they count as failed.",
    "1 of 5 attempts (20 %) were answered 200 with a stream that ended before its last event (StreamCutShort): they count as failed.",
  ]);
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

const SCHEDULE: readonly ScheduleRow[] = [...Array(200).keys()].map((i) => [i * 10, 0, 0, 100, 50, 0, 0, -1]);

function attempt(i: number, over: Partial<AttemptRow> = {}): AttemptRow {
  return {
    t: "a",
    i,
    o: 0,
    g: 0,
    s: i * 10,
    e: i * 10 + 400,
    k: "ok",
    c: 200,
    f: 100,
    u: [100, 50, 0, 0],
    id: "",
    x: "",
    ...over,
  };
}

function request(i: number, over: Partial<RequestRow> = {}): RequestRow {
  return { t: "r", i, b: i * 10 + 1, e: i * 10 + 400, end: END.served, n: 1, w: 0, ...over };
}

function input(over: Partial<HarnessInput> = {}): HarnessInput {
  const attempts = SCHEDULE.map((_, i) => attempt(i));
  const requests = SCHEDULE.map((_, i) => request(i));
  const counts = { httpRequests: attempts.length, attempts: attempts.length, requestsEnded: requests.length };
  return { strategy: "s", schedule: SCHEDULE, attempts, requests, counts, clientFaults: [], lateMsP99: null, ...over };
}

const reasons = (over: Partial<HarnessInput>) => invalidReasons([checkRows(input(over))]);

describe("a measured run", () => {
  it("whose rows add up and whose requests left in time is valid", () => {
    const report = checkRows(input());
    assert.deepEqual(invalidReasons([report]), []);
    assert.deepEqual(report.lagMs, { p50: 1, p99: 1, max: 1 });
    assert.equal(report.e2eMsP50, 400);
    assert.ok(report.isComplete);
  });

  it("is invalid when rows are missing or twice there", () => {
    const { attempts, requests } = input();
    assert.match(reasons({ requests: requests.slice(1) })[0]!, /1 of 200 requests have no row/);
    assert.match(reasons({ requests: [...requests, requests[0]!] })[0]!, /more than one row/);
    assert.match(reasons({ attempts: attempts.slice(2) })[0]!, /2 of 200 attempts have no row/);
    assert.equal(checkRows(input({ requests: requests.slice(1) })).isComplete, false);
  });

  it("is invalid when k6's own summary says otherwise, or there is none", () => {
    const counts = { httpRequests: 200, attempts: 200, requestsEnded: 200 };
    assert.match(reasons({ counts: undefined })[0]!, /no summary/);
    assert.match(reasons({ counts: { ...counts, requestsEnded: 199 } })[0]!, /k6 counted 199 requests/);
    assert.match(reasons({ counts: { ...counts, attempts: 201 } })[0]!, /k6 counted 201 attempts/);
    assert.match(reasons({ counts: { ...counts, httpRequests: 150 } })[0]!, /150 HTTP requests/);
  });

  it("may have attempts that the end of the run cut off", () => {
    const attempts = input().attempts.map((row, i) => (i === 0 ? attempt(0, { k: "unfinished", u: null, c: 0 }) : row));
    for (const httpRequests of [199, 200]) {
      assert.deepEqual(reasons({ attempts, counts: { httpRequests, attempts: 200, requestsEnded: 200 } }), []);
    }
    assert.equal(checkRows(input({ attempts })).attemptsWithoutUsage, 1);
  });

  it("is invalid when calls were wrong in themselves, or the client or emulator failed", () => {
    const attempts = input().attempts.map((row, i) => (i === 5 ? attempt(5, { c: 403, x: "AccessDenied" }) : row));
    assert.match(reasons({ attempts })[0]!, /1 calls were rejected as wrong, first with 403 AccessDenied/);
    const withCall = (c: number, x: string) =>
      reasons({ attempts: input().attempts.map((row, i) => (i === 5 ? attempt(5, { c, x }) : row)) });
    for (const c of [400, 401, 404, 422]) assert.match(withCall(c, "x")[0]!, new RegExp(`first with ${c} x`));
    assert.match(withCall(429, "insufficient_quota")[0]!, /first with 429 insufficient_quota/);
    assert.deepEqual(withCall(429, "rate_limit_exceeded"), []);
    assert.match(reasons({ clientFaults: ["it broke"] })[0]!, /^s: it broke$/);
  });

  it("is invalid when no endpoint ever answered, but not when some calls were lost or all were too slow", () => {
    const lost = { k: "error", c: 0, u: null, x: "dial: connection refused" } as const;
    const all = (over: Partial<AttemptRow>) => input().attempts.map((_, i) => attempt(i, over));
    assert.match(
      reasons({ attempts: all(lost) })[0]!,
      /no endpoint answered any of 200 calls; the first ended with "dial: connection refused"/,
    );
    assert.deepEqual(reasons({ attempts: all(lost).map((row, i) => (i === 199 ? attempt(i, {}) : row)) }), []);
    assert.deepEqual(reasons({ attempts: all({ k: "timeout", c: 0, u: null }) }), []);
    const [dead, alive] = [checkRows(input({ attempts: all(lost) })), checkRows(input())];
    assert.deepEqual(invalidReasons([dead, alive]), [], "beside a strategy that was answered it is a finding");
    assert.equal(invalidReasons([dead, dead]).length, 2);
  });

  it("is invalid when requests left later than 5 % of the median, 400 ms, at the 99th percentile", () => {
    const late = (ms: number) => input().requests.map((row, i) => (i < 3 ? { ...row, b: i * 10 + ms } : row));
    assert.deepEqual(reasons({ requests: late(20) }), []);
    assert.match(reasons({ requests: late(21) })[0]!, /requests left 21\.0 ms late .* lower the rate/);
    const one = input().requests.map((row, i) => (i === 0 ? { ...row, b: 5000 } : row));
    assert.deepEqual(reasons({ requests: one }), [], "one in two hundred is beyond the 99th percentile");
  });

  it("21 ms late are nothing to what takes 3.2 s, and where nothing was served 10 ms are the most", () => {
    const report = { ...checkRows(input()), lagMs: { p50: 1, p99: 21, max: 30 } };
    assert.deepEqual(invalidReasons([{ ...report, e2eMsP50: 3200 }]), []);
    assert.match(invalidReasons([{ ...report, e2eMsP50: null }])[0]!, /10\.0 ms is the most that is allowed/);
  });

  it("is invalid when they left later than 5 % of the smallest median of all strategies", () => {
    const requests = input().requests.map((row) => ({ ...row, b: row.i * 10 + 6 }));
    const slow = checkRows(input({ requests }));
    const fast = checkRows(
      input({ strategy: "f", requests: input().requests.map((row) => ({ ...row, e: row.i * 10 + 100 })) }),
    );
    assert.deepEqual(invalidReasons([slow]), [], "6 ms are nothing beside 400 ms");
    assert.match(
      invalidReasons([slow, fast])[0]!,
      /^s: requests left 6\.0 ms late.*5\.0 ms is 5 % of the smallest median, 100 ms/,
    );
  });

  it("is invalid when the emulator itself was late", () => {
    assert.match(reasons({ lateMsP99: 21 })[0]!, /the emulator woke 21\.0 ms late/);
    assert.deepEqual(reasons({ lateMsP99: 3 }), []);
  });
});

it("a run without requests was late by nothing", () => {
  assert.equal(quantileOrZero(new Float64Array(), 0.5), 0);
  assert.equal(quantileOrZero(Float64Array.of(10, 20, 30, 40), 0.5), 25);
});

const none = { connectMs: Infinity, firstByteMs: Infinity, idleMs: Infinity };
const streamAttempt = (s: number, f: number | null, e: number, k: "ok" | "timeout" | "unfinished" = "ok") => ({
  s,
  f,
  e,
  k,
});

it("counts attempts of which a part took longer than a limit that k6 cannot keep", () => {
  const client = { timeout: { ...none, connectMs: 2_000, idleMs: 3_000 }, isStreaming: true };
  const attempts = [
    streamAttempt(0, 1_000, 3_900), // 1 s to the headers, 2.9 s after them
    streamAttempt(0, 1_000, 4_001), // 3,001 ms after them: a pause may have been as long
    streamAttempt(0, 2_500, 2_600), // headers after 2.5 s: it may have been connecting for 2 s
    streamAttempt(0, null, 3_500, "timeout"),
    streamAttempt(0, null, 9_000, "unfinished"),
  ];
  assert.deepEqual(unseenLimitNotes(client, attempts), [
    "k6 does not see the pauses in a stream and kept none of the limits connect 2 s, idle 3 s: they might have ended up to 3 of its 5 attempts, which went on instead.",
  ]);
  assert.match(unseenLimitNotes(client, attempts.slice(0, 1))[0]!, /none of its 1 attempts took long enough/);
});

it("a first-byte limit is about the headers, an idle limit about them too", () => {
  const limited = (limits: object) =>
    unseenLimitNotes({ timeout: { ...none, ...limits }, isStreaming: true }, [streamAttempt(0, 5_000, 60_000)])[0];
  assert.match(limited({ firstByteMs: 6_000 })!, /firstByte 6 s: none/);
  assert.match(limited({ firstByteMs: 4_000 })!, /up to 1 of its 1/);
  assert.match(limited({ idleMs: 56_000 })!, /idle 56 s: none/);
});

it("says nothing where every limit is kept", () => {
  assert.deepEqual(unseenLimitNotes({ timeout: none, isStreaming: true }, [streamAttempt(0, 1, 1e6)]), []);
  const whole = { timeout: { ...none, idleMs: 1 }, isStreaming: false };
  assert.deepEqual(unseenLimitNotes(whole, [streamAttempt(0, 1, 1e6)]), []);
});
