import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { SlotTable } from "../../../simulator/base/slot-table.ts";
import type { AuditRecord } from "../../../simulator/engine/audit.ts";
import { createAudit } from "../../../simulator/engine/audit.ts";
import { mayBreak } from "../../../simulator/engine/breaks.ts";
import { FIELD } from "../../../simulator/engine/recorder.ts";
import type { ScenarioInput } from "../../../simulator/scenario/schema.ts";
import { ATTEMPT, ATTEMPT_INTS } from "../../../simulator/service/attempt-table.ts";
import { budget } from "../../budget.ts";
import { classInput, HAIKU, planOf, scenarioInput, worldInput } from "../scenario/base.ts";
import { anyScenario } from "./any-scenario.ts";
import { type Row, rows, simulatePlan } from "./run.ts";

/** Answers of 51 tokens: the first after 1 s, then one each 100 ms, the last after 6 s. */
const BATCH = { kind: "batching", stepBase: "100ms", stepPerSequence: "0ms", prefill: { base: "900ms" } };
/** The same times, known when service begins. */
const SLOTS = { kind: "slots", servers: "unlimited", service: "900ms", perOutputToken: "100ms" };
/** The same with everything at the end. */
const AT_ONCE = { kind: "slots", servers: "unlimited", service: "6s" };
/** The same, as calibration would write it. */
const FITTED = { kind: "fitted", prompt: { base: "1s" }, output: { perToken: "100ms" } };

const ANSWER: Row = { atMs: 0, output: 51, maxTokens: 200 };

interface Told {
  readonly fault?: object;
  readonly client?: object;
  readonly capacity?: object;
  readonly rows?: readonly Row[];
  readonly world?: object;
}

function run({ fault, client = { retry: "standard" }, capacity = BATCH, rows: all = [ANSWER], world = {} }: Told) {
  const faults = fault === undefined ? [] : [{ kind: "stream", ...fault }];
  const plan = planOf(
    scenarioInput({
      drain: "10m",
      world: worldInput({
        regions: [{ name: "a" }],
        models: { m: { id: HAIKU, burndown: 1, capacity } },
        faults,
        ...world,
      } as never),
      client: client as ScenarioInput["client"],
    }),
  );
  const records: AuditRecord[] = [];
  const audit = createAudit({ plan, strategy: 0, replication: 0, write: (record) => records.push(record) });
  const result = simulatePlan(plan, all, audit);
  const field = (name: keyof typeof FIELD) => result.total.fields[FIELD[name]]!;
  records.sort((a, b) => a.request - b.request);
  return { ...result, records, field, e2eMs: result.total.e2e.mean, ttftMs: result.total.ttft.mean };
}

const sentMs = (record: AuditRecord) =>
  record.attempts.map(({ sentAt }) => Date.parse(sentAt) - Date.parse(record.arrivedAt));
const lengthMs = (record: AuditRecord) => Date.parse(record.endedAt) - Date.parse(record.arrivedAt);
const near = (value: number, wanted: number) => assert.ok(Math.abs(value - wanted) <= 1, `${value}, not ${wanted}`);

describe("a plan in which answers may break", () => {
  const may = (client: object, world: object = {}) => {
    const told = {
      world: worldInput({ models: { m: { id: HAIKU, burndown: 1, capacity: BATCH } }, ...world } as never),
    };
    const plan = planOf(scenarioInput({ ...told, client: client as ScenarioInput["client"] }));
    return mayBreak(plan.world, plan.client);
  };

  it("has limits between bytes or for connecting, faults of single calls, or errors; a total limit breaks nothing", () => {
    const errors = { kind: "errors", share: "10%", at: "0s", for: "1m" };
    assert.deepEqual(
      [
        may({ retry: "standard" }),
        may({ retry: "standard", limits: { total: "60s" } }),
        may({ retry: "standard", limits: { idle: "60s" } }),
        may({ retry: "standard", limits: { connect: "1s" } }),
        may({ retry: "standard" }, { faults: [{ kind: "stream", error: "reset", afterTokens: 3 }] }),
        may({ retry: "standard" }, { faults: [errors] }),
      ],
      [false, false, true, true, true, true],
    );
  });
});

describe("answers that break off", () => {
  for (const [name, capacity] of Object.entries({ batching: BATCH, slots: SLOTS })) {
    it(`${name}: a reset after 11 tokens comes at 2 s, is not retried, and bills what came`, () => {
      const { ends, records, field } = run({ fault: { error: "reset", afterTokens: 11 }, capacity });
      assert.deepEqual(ends, { failed: 1 });
      assert.deepEqual([field("broken"), field("attemptsBroken"), field("attempts")], [1, 1, 1]);
      const [record] = records;
      near(lengthMs(record!), 2000);
      assert.equal(record!.attempts[0]!.outcome, "broken");
      assert.deepEqual(record!.tokens, { input: 100, output: 11, cacheRead: 0, cacheWrite: 0 });
    });
  }

  it("an answer of no more tokens is whole", () => {
    assert.deepEqual(run({ fault: { error: "reset", afterTokens: 51 } }).ends, { served: 1 });
  });

  it("rules of one's own try it again, as does no SDK", () => {
    const once = { error: "ModelStreamErrorException", afterTokens: 11, times: 1 };
    for (const retry of ["standard", "adaptive", "legacy", "none"]) {
      assert.deepEqual(run({ fault: once, client: { retry } }).ends, { failed: 1 }, retry);
    }
    const { ends, records } = run({ fault: once, client: { retry: { custom: { backoff: { constant: "500ms" } } } } });
    assert.deepEqual(ends, { served: 1 });
    near(lengthMs(records[0]!), 2000 + 500 + 6000);
    assert.equal(records[0]!.tokens.output, 11 + 51);
  });

  it("before the first byte an SDK tries again: a reset, 500 and 503, not 408", () => {
    const ends = (error: string) => run({ fault: { error, times: 1 } }).ends;
    for (const error of ["reset", "InternalServerException", "ServiceUnavailableException", "ThrottlingException"]) {
      assert.deepEqual(ends(error), { served: 1 }, error);
    }
    assert.deepEqual(ends("ModelTimeoutException"), { failed: 1 });
  });

  it("an empty answer is no failure for an SDK: its prompt is billed, at the time of its first token", () => {
    const { ends, field, records } = run({ fault: { error: "empty" } });
    assert.deepEqual([ends, field("empty"), field("attemptsEmpty")], [{ failed: 1 }, 1, 1]);
    near(lengthMs(records[0]!), 1000);
    assert.deepEqual([records[0]!.tokens.input, records[0]!.tokens.output], [100, 0]);
  });

  it("errors come in place of a stream's end; of a whole answer they are a status, and retried", () => {
    const world = { faults: [{ kind: "errors", share: "100%", at: "0s", for: "3s" }] };
    const stream = run({ world, capacity: AT_ONCE, rows: [{ ...ANSWER, atMs: 1 }] });
    assert.deepEqual(stream.ends, { served: 1 }, "the fault is over when the answer ends");
    const always = { faults: [{ kind: "errors", share: "100%", at: "0s", for: "6001ms" }] };
    const broken = run({ world: always, capacity: AT_ONCE });
    assert.deepEqual([broken.ends, broken.records[0]!.tokens.output], [{ failed: 1 }, 51]);
    const whole = run({ world: always, capacity: AT_ONCE, client: { retry: "standard", streams: false } });
    assert.deepEqual([whole.ends, whole.attempts, whole.records[0]!.tokens.output], [{ served: 1 }, 2, 51]);
  });

  it("a whole answer that breaks off never begins, and is retried", () => {
    const fault = { error: "reset", afterTokens: 11, times: 1 };
    const { ends, attempts } = run({ fault, client: { retry: "standard", streams: false } });
    assert.deepEqual([ends, attempts], [{ served: 1 }, 2]);
  });

  for (const [name, capacity] of Object.entries({ batching: BATCH, slots: SLOTS, fitted: FITTED })) {
    it(`${name}: a region that is lost cuts answers that had begun, and no SDK tries them again`, () => {
      const world = { faults: [{ kind: "outage", at: "2s", for: "1ms" }] };
      const told = (over: object) => run({ world, capacity, rows: [ANSWER, { ...ANSWER, atMs: 1500 }], ...over });
      const { ends, field, attempts } = told({});
      assert.deepEqual([ends, field("broken"), field("attemptsBroken")], [{ served: 1, failed: 1 }, 1, 1]);
      assert.ok(attempts >= 3, "the answer that had not begun is tried again");
      assert.deepEqual(told({ client: { retry: "standard", streams: false } }).ends, { served: 2 });
      assert.deepEqual(told({ client: { retry: "standard", brokenStreams: { again: "whole", delay: "1s" } } }).ends, {
        served: 2,
      });
    });
  }

  it("strikes its share of calls: 10 % fail; others than its class, model or region it leaves alone", () => {
    const many = { rows: rows(4000, 1000) };
    const { ends } = run({ fault: { error: "reset", afterTokens: 5, share: "10%" }, ...many });
    assert.ok(Math.abs(ends.failed! - 400) < 4 * Math.sqrt(360), `${ends.failed} of 4000`);
    assert.deepEqual(
      run({ fault: { error: "reset", at: "1s", for: "2s" }, client: { retry: "none" }, rows: rows(5, 1000) }).ends,
      {
        served: 3,
        failed: 2,
      },
    );
    assert.deepEqual(
      run({ fault: { error: "reset", times: 3 }, client: { retry: "none" }, rows: rows(5, 1000) }).ends,
      {
        served: 2,
        failed: 3,
      },
    );
  });
});

describe("answers that stall", () => {
  const idle = { retry: "standard", limits: { idle: "3s" } };

  for (const [name, capacity] of Object.entries({ batching: BATCH, slots: SLOTS, fitted: FITTED })) {
    it(`${name}: silence after 11 tokens is given up after the idle limit, and the service bills the whole`, () => {
      const { ends, field, records } = run({ fault: { error: "silence", afterTokens: 11 }, client: idle, capacity });
      assert.deepEqual([ends, field("idle"), field("attemptsIdle")], [{ timedOut: 1 }, 1, 1]);
      near(lengthMs(records[0]!), 2000 + 3000);
      assert.equal(records[0]!.tokens.output, 51);
    });

    it(`${name}: a pause is only a pause for a client that waits longer`, () => {
      const fault = { error: "silence", afterTokens: 11, lasts: "2s" };
      const { ends, e2eMs, ttftMs } = run({ fault, client: idle, capacity });
      assert.deepEqual(ends, { served: 1 });
      near(e2eMs, 6000 + 2000);
      near(ttftMs, 1000);
    });

    it(`${name}: tokens that drip come at their own pace`, () => {
      const fault = { error: "drip", afterTokens: 11, gap: "1s" };
      const served = run({ fault, client: idle, capacity });
      assert.deepEqual(served.ends, { served: 1 });
      near(served.e2eMs, 2000 + 40 * 1000);
      // What drips has begun: 0 tokens before it are 1.
      const whole = { ...fault, afterTokens: 0 };
      near(run({ fault: whole, client: idle, capacity }).e2eMs, 1000 + 50 * 1000);
      const slow = run({ fault: { ...fault, gap: "4s" }, client: idle, capacity });
      assert.deepEqual(slow.ends, { timedOut: 1 });
      near(lengthMs(slow.records[0]!), 2000 + 3000);
    });
  }

  it("without a limit, silence holds the call until the run ends", () => {
    const { ends } = run({ fault: { error: "silence", afterTokens: 11 } });
    assert.deepEqual(ends, { inFlight: 1 });
    assert.deepEqual(run({ fault: { error: "silence" } }).ends, { inFlight: 1 });
  });

  it("silence before the first byte ends by the first-byte limit, and is retried", () => {
    for (const limits of [{ firstByte: "2s" }, { idle: "2s" }]) {
      const { ends, records, attempts } = run({
        fault: { error: "silence", times: 1 },
        client: { retry: { custom: { backoff: { constant: "0s" } } }, limits },
      });
      assert.deepEqual([ends, attempts], [{ served: 1 }, 2]);
      near(sentMs(records[0]!)[1]!, 2000);
      assert.equal(records[0]!.attempts[0]!.outcome, "inFlight");
      assert.equal(records[0]!.tokens.output, 51, "the silent one was never run");
    }
  });

  it("a late first byte: within the limit or not", () => {
    const fault = { error: "silence", lasts: "4s", times: 1 };
    const patient = run({ fault, client: { retry: "none", limits: { firstByte: "6s" } } });
    assert.deepEqual(patient.ends, { served: 1 });
    near(patient.ttftMs, 1000 + 4000);
    assert.deepEqual(run({ fault, client: { retry: "none", limits: { firstByte: "4s" } } }).ends, { timedOut: 1 });
  });

  it("deadlines and total limits end what is silent for good, and free its row", () => {
    for (const client of [
      { retry: "none", deadline: "9s" },
      { retry: "none", timeout: "9s" },
    ]) {
      for (const afterTokens of [0, 11]) {
        const { ends, records, output } = run({
          fault: { error: "silence", afterTokens },
          client,
          rows: rows(50, 1000).map((row) => ({ ...row, output: 51 })),
        });
        assert.deepEqual(ends, { timedOut: 50 });
        for (const record of records) near(lengthMs(record), 9000);
        assert.ok(output.meanInSystem < 10);
      }
    }
  });

  it("a hedge beside a silent answer serves the request", () => {
    const { ends, records } = run({
      fault: { error: "silence", afterTokens: 11, times: 1 },
      client: { retry: "standard", hedge: { after: "3s" } },
    });
    assert.deepEqual(ends, { served: 1 });
    near(lengthMs(records[0]!), 3000 + 6000);
  });
});

it("a prompt beyond the context window is refused, not retried and not billed; one of its size is served", () => {
  const rows = [200_000, 200_001].map((input, i) => ({ ...ANSWER, atMs: i, input }));
  const plan = planOf(
    scenarioInput({
      world: worldInput({
        models: { m: { id: HAIKU, burndown: 1, contextTokens: 200_000, capacity: BATCH } },
      } as never),
      traffic: [
        { ...classInput(), tokens: { input: { exponential: { mean: "100k" } }, output: 50, maxTokens: 200 } },
      ] as never,
      client: { retry: "standard" },
    }),
  );
  const { ends, attempts } = simulatePlan(plan, rows);
  assert.deepEqual([ends, attempts], [{ served: 1, failed: 1 }, 2]);
});

describe("hedges by a quantile", () => {
  it("leave once an attempt is slower than most of what came lately", () => {
    const { ends, records } = run({
      fault: { error: "silence", at: "50s", times: 1 },
      capacity: { ...SLOTS, perOutputToken: "0ms", service: "1s" },
      client: { retry: "none", hedge: { after: "p95" } },
      rows: rows(60, 1000),
    });
    assert.deepEqual(ends, { served: 60 });
    const hedged = records.filter(({ attempts }) => attempts.length > 1);
    assert.deepEqual(
      hedged.map(({ request }) => request),
      [50],
    );
    const [, hedgeMs] = sentMs(hedged[0]!);
    assert.ok(Math.abs(hedgeMs! / 1000 - 1) < 0.05, `${hedgeMs}`);
  });

  it("one attempt in ten at p90, where nothing else changes", () => {
    const { attempts, sent } = run({
      capacity: { kind: "slots", servers: "unlimited", service: { exponential: { mean: "1s" } } },
      client: { retry: "none", hedge: { after: "p90" } },
      rows: rows(6000, 100),
    });
    const share = (attempts - sent) / sent;
    assert.ok(Math.abs(share - 0.1) < 0.02, `${share}`);
  });
});

describe("limits of a client, each its own", () => {
  it("an idle limit of 3 s serves a stream of 6 s; a whole answer it ends, as a total limit does", () => {
    const client = (over: object) => run({ client: { retry: "none", ...over } }).ends;
    assert.deepEqual(client({ limits: { idle: "3s" } }), { served: 1 });
    assert.deepEqual(client({ limits: { idle: "3s" }, streams: false }), { timedOut: 1 });
    assert.deepEqual(client({ limits: { total: "3s" } }), { timedOut: 1 });
    assert.deepEqual(client({ timeout: "3s" }), { timedOut: 1 });
    assert.deepEqual(client({ limits: { firstByte: "900ms" } }), { timedOut: 1 });
    assert.deepEqual(client({ limits: "boto3" }), { served: 1 });
  });

  for (const [name, capacity, served] of [
    ["slots", SLOTS, true],
    ["fitted", FITTED, true],
    ["a whole answer", AT_ONCE, false],
  ] as const) {
    it(`the first byte of ${name}`, () => {
      const { ends } = run({ client: { retry: "none", limits: { firstByte: "1100ms" } }, capacity });
      assert.deepEqual(ends, served ? { served: 1 } : { timedOut: 1 });
    });
  }

  it("a region that takes longer to reach than the connect limit is not reached, and nothing is billed", () => {
    const world = { faults: [{ kind: "latency-surge", add: "10s", at: "0s", for: "1m" }] };
    const { ends, records } = run({ world, client: { retry: "none", limits: { connect: "2s" } } });
    assert.deepEqual(ends, { timedOut: 1 });
    near(lengthMs(records[0]!), 2000);
    assert.equal(records[0]!.tokens.output, 0);
  });
});

it("an attempt that cannot reach its region never leaves, and does not end either when the run ends before it is given up", () => {
  const seen = (connect: string, drain: string, hedge: object = {}) => {
    const plan = planOf(
      scenarioInput({
        drain,
        world: worldInput({
          regions: [{ name: "a" }],
          models: { m: { id: HAIKU, burndown: 1, capacity: BATCH } },
          faults: [{ kind: "latency-surge", add: "10s", at: "0s", for: "1m" }],
        } as never),
        client: { retry: "standard", limits: { connect }, ...hedge } as ScenarioInput["client"],
      }),
    );
    const watched = attemptsOf();
    const { ends, attempts } = simulatePlan(plan, [ANSWER], null, watched);
    const { leaving, ended, strangers } = watched;
    return { ends, attempts, leaving: leaving.size, ended: ended.length, strangers };
  };
  const inFlight = { ends: { inFlight: 1 }, strangers: [] };
  assert.deepEqual(seen("2s", "1s"), { ...inFlight, attempts: 1, leaving: 0, ended: 0 });
  const hedged = seen("2s", "1s", { hedge: { after: "500ms", max: 1 } });
  assert.deepEqual(hedged, { ...inFlight, attempts: 2, leaving: 0, ended: 0 });
  // The same attempt, with more patience: it is on its way when the run ends, and is seen then.
  assert.deepEqual(seen("20s", "1s"), { ...inFlight, attempts: 1, leaving: 0, ended: 1 });
});

describe("the caller's own code after a broken stream", () => {
  const fault = { error: "reset", afterTokens: 11, times: 1 };

  it("calls again: the whole answer is paid beside what came", () => {
    const client = { retry: "standard", brokenStreams: { again: "whole", delay: "1s" } };
    const { ends, records, e2eMs, ttftMs, field } = run({ fault, client });
    assert.deepEqual([ends, field("attemptsBroken"), field("broken")], [{ served: 1 }, 1, 0]);
    near(e2eMs, 2000 + 1000 + 6000);
    near(ttftMs, 2000 + 1000 + 1000);
    assert.deepEqual([records[0]!.tokens.input, records[0]!.tokens.output], [200, 62]);
  });

  it("resumes: what came is read as prompt, only the rest is written, and the first token is the first call's", () => {
    const { ends, records, e2eMs, ttftMs, field } = run({
      fault,
      client: { retry: "standard", brokenStreams: "resume" },
    });
    assert.deepEqual(ends, { served: 1 });
    near(e2eMs, 2000 + 900 + 40 * 100);
    near(ttftMs, 1000);
    assert.deepEqual([records[0]!.tokens.input, records[0]!.tokens.output], [100 + 111, 51]);
    assert.deepEqual([field("servedInputTokens"), field("outputTokens")], [100, 51]);
  });

  it("resumes what fell silent, while the service still runs and bills the first call", () => {
    const { ends, records, e2eMs } = run({
      fault: { error: "silence", afterTokens: 11, times: 1 },
      client: { retry: "standard", limits: { idle: "3s" }, brokenStreams: "resume" },
    });
    assert.deepEqual(ends, { served: 1 });
    near(e2eMs, 2000 + 3000 + 900 + 4000);
    assert.deepEqual([records[0]!.tokens.input, records[0]!.tokens.output], [100 + 111, 51 + 40]);
  });

  it("gives up after so many calls; each is the SDK's first attempt again", () => {
    const always = { error: "reset", afterTokens: 11 };
    const { ends, attempts } = run({ fault: always, client: { brokenStreams: { again: "whole", max: 4 } } });
    assert.deepEqual([ends, attempts], [{ failed: 1 }, 5]);
    const refused = run({
      fault: { error: "reset", afterTokens: 11, times: 1 },
      world: {
        faults: [
          { kind: "stream", error: "reset", afterTokens: 11, times: 1 },
          { kind: "stream", error: "InternalServerException", times: 2 },
        ],
      },
      client: { retry: "standard", brokenStreams: "whole" },
    });
    assert.deepEqual([refused.ends, refused.attempts], [{ served: 1 }, 4]);
  });
});

/** Attempts that a watcher saw leave, those of them that it saw end, and those that ended without having left, or twice. */
function attemptsOf() {
  const leaving = new Set<string>();
  const ended: string[] = [];
  const strangers: string[] = [];
  const nameOf = ({ ints }: SlotTable, attempt: number) => {
    const at = attempt * ATTEMPT_INTS;
    return `${ints[at + ATTEMPT.requestId]}/${ints[at + ATTEMPT.ordinal]}`;
  };
  return {
    leaving,
    ended,
    strangers,
    onSent: (rows: SlotTable, attempt: number) => void leaving.add(nameOf(rows, attempt)),
    onAttempt: (rows: SlotTable, attempt: number) => {
      const name = nameOf(rows, attempt);
      (leaving.delete(name) ? ended : strangers).push(name);
    },
    onRequest() {},
  };
}

function fUsd(usd: string): bigint {
  const [whole, part = ""] = usd.split(".");
  return BigInt(whole! + part.padEnd(15, "0"));
}

const kind = fc.record(
  {
    error: fc.constantFrom("reset", "silence", "empty", "drip", "ModelStreamErrorException", "ThrottlingException"),
    afterTokens: fc.constantFrom(0, 1, 2, 40, 1000),
    lasts: fc.constantFrom("1ms", "2s", "1h"),
    gap: fc.constantFrom("1ms", "1s"),
    share: fc.constantFrom(0.1, 0.5, 1),
    times: fc.constantFrom(1, 20),
    at: fc.constantFrom("0s", "5s"),
    for: fc.constantFrom("1s", "1h"),
    region: fc.constantFrom("a", "b"),
  },
  { requiredKeys: ["error", "gap"] },
);
const limits = fc.record(
  {
    streams: fc.boolean(),
    limits: fc.record(
      { connect: fc.constant("1s"), firstByte: fc.constantFrom("10ms", "3s"), idle: fc.constantFrom("1ms", "500ms") },
      { requiredKeys: [] },
    ),
    brokenStreams: fc.constantFrom("whole", "resume", { again: "resume", max: 5, delay: "1s" }),
  },
  { requiredKeys: [] },
);

/** A time-out of 0 s with retries without end would keep the whole drain busy. */
function bounded(retry: unknown): object {
  const custom = (retry as { readonly custom?: { readonly maxAttempts?: unknown } } | undefined)?.custom;
  return custom?.maxAttempts === "unlimited" ? { retry: { custom: { ...custom, maxAttempts: 8 } } } : {};
}

it("whatever is mixed, every request ends once, the run ends, and the audit's costs are the bill", () => {
  const property = fc.property(
    anyScenario,
    fc.array(kind, { minLength: 1, maxLength: 3 }),
    limits,
    (input, kinds, over) => {
      const faults = kinds.map(({ gap, lasts, afterTokens, ...fault }) => ({
        kind: "stream",
        ...fault,
        ...(fault.error === "drip" ? { gap } : {}),
        ...(fault.error === "silence" && lasts !== undefined ? { lasts } : {}),
        ...(fault.error === "empty" || afterTokens === undefined ? {} : { afterTokens }),
      }));
      const plan = planOf({
        ...input,
        drain: "20s",
        world: { ...input.world, faults: [...(input.world.faults ?? []), ...faults] },
        client: { ...input.client, ...bounded(input.client?.retry), ...over },
      } as ScenarioInput);
      const records: AuditRecord[] = [];
      const audit = createAudit({ plan, strategy: 0, replication: 0, write: (record) => records.push(record) });
      const watched = attemptsOf();
      const { sent, total } = simulatePlan(plan, undefined, audit, watched);
      assert.equal(sent, input.warmup === "none" ? 200 : 170);
      assert.deepEqual(watched.strangers, [], "no attempt ends that did not leave");
      const counted = records.filter((record) => record.counted);
      const cost = counted.reduce((sum, record) => sum + fUsd(record.costUsd), 0n);
      assert.equal(cost, total.cost[plan.money.billing].totalFUsd);
    },
  );
  fc.assert(property, { numRuns: budget(400, 50) });
});
