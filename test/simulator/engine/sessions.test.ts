import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { END } from "../../../simulator/client/request-rules.ts";
import type { ObservedAttempt, ObservedRequest, SimulationObserver } from "../../../simulator/engine/observer.ts";
import { createSessions } from "../../../simulator/engine/sessions.ts";
import type { Plan } from "../../../simulator/scenario/plan.ts";
import type { ScenarioInput } from "../../../simulator/scenario/schema.ts";
import { createAttemptTable } from "../../../simulator/service/attempt-table.ts";
import type { RecordedColumns } from "../../../simulator/traffic/traffic.ts";
import { HAIKU, planOf, scenarioInput, worldInput } from "../scenario/base.ts";
import { capacity, simulatePlan, type World } from "./run.ts";

type ClassInput = ScenarioInput["traffic"][number];

const CACHE = { ttl: "5m", minimumTokens: 100 };

interface Setting extends Partial<Omit<ScenarioInput, "requests" | "duration">> {
  readonly regions?: number;
  readonly model?: object;
  readonly requests?: number;
  readonly duration?: string | undefined;
  readonly recordings?: Parameters<typeof planOf>[1];
}

/** One class of sessions in one region or two. */
function sessionPlan(each: object, { regions = 1, model = {}, recordings, ...over }: Setting = {}): Plan {
  const names = [{ name: "a" }, { name: "b" }].slice(0, regions);
  const m = { id: HAIKU, burndown: 1, capacity: capacity("unlimited", "2s"), ...model };
  const input = scenarioInput({
    requests: undefined,
    duration: "1h",
    world: worldInput({ regions: names, models: { m } as World["models"] }),
    traffic: [{ class: "chat", tokens: { input: 1000, output: 50, maxTokens: 200 }, ...each } as ClassInput],
    ...over,
  } as Partial<ScenarioInput>);
  return planOf(input, recordings);
}

interface Seen {
  readonly requests: ObservedRequest[];
  readonly attempts: ObservedAttempt[];
}

function watched(plan: Plan) {
  const seen: Seen = { requests: [], attempts: [] };
  const observer: SimulationObserver = {
    onAttemptEnd: (attempt) => seen.attempts.push({ ...attempt }),
    onRequestEnd: (request) => seen.requests.push({ ...request }),
    onRunEnd: () => {},
  };
  return { ...simulatePlan(plan, undefined, observer), ...seen };
}

const sumOf = <T>(list: readonly T[], of: (each: T) => number) => list.reduce((sum, each) => sum + of(each), 0);

describe("sessions", () => {
  it("a turn follows the answer to the one before: after service and think time, not before", () => {
    const { requests, output } = watched(
      sessionPlan({
        arrivals: { users: { count: 1 } },
        sessions: { turns: 5, thinkTime: "10s", message: 30 },
      }),
    );
    assert.deepEqual(
      requests.map(({ arrivalMs }) => arrivalMs),
      [0, 12_000, 24_000, 36_000, 48_000],
    );
    // The prompt is what was said so far: 1,000 tokens, and for each turn its answer of 50 and 30 more.
    assert.deepEqual(
      requests.map(({ inputTokens }) => inputTokens),
      [1000, 1080, 1160, 1240, 1320],
    );
    assert.deepEqual(output.sessions, { begun: 1, completed: 1, left: 0, full: 0, cut: 0 });
    assert.equal(output.countedToMs, 48_000);
  });

  it("machine repairman: one server, callers who think; throughput and latency as in closed form", () => {
    const [callers, thinkS, serviceS] = [6, 10, 2];
    const plan = sessionPlan(
      {
        arrivals: { users: { count: callers } },
        sessions: { turns: "unlimited", thinkTime: { exponential: { mean: `${thinkS}s` } }, message: 0 },
        tokens: { input: 10, output: 1, maxTokens: 1 },
      },
      {
        duration: "200h",
        warmup: "1h",
        model: {
          contextTokens: "1G",
          capacity: { kind: "slots", servers: 1, service: { exponential: { mean: `${serviceS}s` } } },
        },
      },
    );
    const { total, sent, stats } = simulatePlan(plan);
    // M/M/1//N: state n has weight N!/(N-n)! (s/z)^n; the server works unless n = 0; latency by Little's law.
    let weight = 1;
    let sum = 1;
    for (let n = 1; n <= callers; n++) sum += weight *= ((callers - n + 1) * serviceS) / thinkS;
    const perS = (1 - 1 / sum) / serviceS;
    const latencyS = callers / perS - thinkS;
    const near = (found: number, expected: number) =>
      assert.ok(Math.abs(found / expected - 1) < 0.01, `${found}, expected ${expected}`);
    near(sent / (199 * 3600), perS);
    near(total.e2e.mean / 1000, latencyS);
    near(stats.meanInSystem, perS * latencyS);
  });

  it("open over sessions: offered load is sessions times turns", () => {
    const { sent, output } = simulatePlan(
      sessionPlan(
        { arrivals: { poisson: "1/s" }, sessions: { turns: 4, thinkTime: "1s", message: 10 } },
        { duration: "3h" },
      ),
    );
    // 10,800 sessions, of which those of the last 3 x 3 s are cut.
    assert.ok(Math.abs(sent / 43_200 - 1) < 4 / Math.sqrt(10_800), `${sent}`);
    const { begun, completed, cut } = output.sessions!;
    assert.equal(begun, completed + cut);
    assert.ok(cut > 0 && cut < 30);
  });

  it("a number of requests counts the turns, and the run goes on until they are done", () => {
    const { requests } = watched(
      sessionPlan(
        { arrivals: { deterministic: { interval: "1s" } }, sessions: { turns: 7, thinkTime: "1m", message: 10 } },
        { duration: undefined, requests: 100 },
      ),
    );
    assert.equal(requests.length, 100);
    assert.equal(new Set(requests.map(({ requestId }) => requestId)).size, 100);
    assert.equal(Math.max(...requests.map(({ requestId }) => requestId)), 99);
  });
});

describe("sessions and prompt caches", () => {
  const long = { input: 1000, output: 50, maxTokens: 200 };
  const sessions = { turns: 6, thinkTime: "30s", message: 200 };
  const prompt = (turn: number) => 1000 + 250 * turn;
  const reads = (plan: Plan) => watched(plan).attempts.map(({ cacheReadTokens }) => cacheReadTokens);
  const writes = (plan: Plan) => watched(plan).attempts.map(({ cacheWriteTokens }) => cacheWriteTokens);
  const turns = [0, 1, 2, 3, 4, 5];

  it("each turn reads what the one before wrote, and writes the rest of its prompt", () => {
    const plan = sessionPlan(
      { arrivals: { users: { count: 1 } }, tokens: long, sessions },
      { model: { cache: CACHE } },
    );
    assert.deepEqual(
      reads(plan),
      turns.map((k) => (k === 0 ? 0 : prompt(k - 1))),
    );
    assert.deepEqual(
      writes(plan),
      turns.map((k) => (k === 0 ? 1000 : 250)),
    );
  });

  it("caches are by region: turns that alternate find what was written two turns ago", () => {
    const plan = sessionPlan(
      { arrivals: { users: { count: 1 } }, tokens: long, sessions },
      { regions: 2, model: { cache: CACHE } },
    );
    assert.deepEqual(
      reads(plan),
      turns.map((k) => (k < 2 ? 0 : prompt(k - 2))),
    );
  });

  it("a strategy that keeps a session together reads all of it", () => {
    const share = (strategy: string) => {
      const plan = sessionPlan(
        { arrivals: { poisson: "1/s" }, tokens: long, sessions },
        { regions: 2, duration: "20m", model: { cache: CACHE }, strategies: [strategy] },
      );
      const { attempts } = watched(plan);
      return sumOf(attempts, (each) => each.cacheReadTokens) / sumOf(attempts, (each) => each.inputTokens);
    };
    // Of a whole session: the prompts but the last over all prompts.
    const kept = sumOf(turns.slice(0, -1), prompt) / sumOf(turns, prompt);
    for (const strategy of ["prefix-affinity", "consistent-hash"]) {
      assert.ok(Math.abs(share(strategy) / kept - 1) < 0.05, `${strategy} ${share(strategy)}, expected ${kept}`);
    }
    assert.ok(share("round-robin") < 0.8 * kept);
  });

  it("who thinks for longer than the cache lives finds nothing", () => {
    const plan = sessionPlan(
      { arrivals: { users: { count: 1 } }, tokens: long, sessions: { ...sessions, thinkTime: "6m" } },
      { model: { cache: CACHE } },
    );
    assert.deepEqual(
      reads(plan),
      turns.map(() => 0),
    );
    assert.deepEqual(writes(plan), turns.map(prompt));
  });

  it("a first turn reads the system prompt that another session wrote; without cache nothing but that is kept", () => {
    const tokens = { ...long, prefix: { tokens: 600 } };
    const each = { arrivals: { users: { count: 2, rampUp: "20s" } }, tokens, sessions: { ...sessions, turns: 2 } };
    const model = { cache: CACHE };
    // At 0 s and 10 s two sessions begin; at 32 s and 42 s they go on.
    assert.deepEqual(reads(sessionPlan(each, { model })), [0, 600, 1000, 1000]);
    assert.deepEqual(writes(sessionPlan(each, { model })), [1000, 400, 250, 250]);
    const without = { ...each, sessions: { ...each.sessions, cache: false } };
    assert.deepEqual(reads(sessionPlan(without, { model })), [0, 600, 600, 600]);
    assert.deepEqual(writes(sessionPlan(without, { model })), [600, 0, 0, 0]);
  });

  it("a prompt below the model's minimum is not cached", () => {
    const model = { cache: { ttl: "5m", minimumTokens: 1400 } };
    const plan = sessionPlan({ arrivals: { users: { count: 1 } }, tokens: long, sessions }, { model });
    assert.deepEqual(
      reads(plan),
      turns.map((k) => (k <= 2 ? 0 : prompt(k - 1))),
    );
  });
});

describe("sessions under every strategy", () => {
  it("the same sessions with the same lengths, whatever the order of their turns", () => {
    const lengthsUnder = (strategy: string) => {
      const plan = sessionPlan(
        {
          arrivals: { poisson: "2/s" },
          tokens: {
            input: { lognormal: { mean: 500, cv: 1 } },
            output: { lognormal: { mean: 90, cv: 1 } },
            maxTokens: { outputTimes: 2 },
          },
          sessions: {
            turns: { exponential: { mean: 4 } },
            thinkTime: { exponential: { mean: "5s" } },
            message: { lognormal: { mean: 40, cv: 1 } },
          },
        },
        {
          regions: 2,
          duration: undefined,
          requests: 1500,
          strategies: [strategy],
          model: { capacity: { kind: "slots", servers: 6, service: { exponential: { mean: "2s" } } } },
        },
      );
      const { requests, attempts } = watched(plan);
      assert.equal(attempts.length, requests.length);
      return new Map(attempts.map((each) => [each.requestId, [each.inputTokens, each.outputTokens, each.maxTokens]]));
    };
    const [alternating, balanced] = [lengthsUnder("round-robin"), lengthsUnder("least-outstanding")];
    assert.equal(alternating.size, 1500);
    assert.deepEqual(balanced, new Map([...balanced.keys()].map((id) => [id, alternating.get(id)])));
  });

  it("after a failure the caller goes on without that answer, or leaves", () => {
    const failing = (afterFailure: string) =>
      watched(
        sessionPlan(
          { arrivals: { users: { count: 1 } }, sessions: { turns: 3, thinkTime: "1s", message: 30, afterFailure } },
          { model: { errors: 1 } },
        ),
      );
    const on = failing("continue");
    assert.deepEqual(
      on.requests.map(({ inputTokens }) => inputTokens),
      [1000, 1030, 1060],
    );
    assert.deepEqual(on.output.sessions, { begun: 1, completed: 1, left: 0, full: 0, cut: 0 });
    const gone = failing("end");
    assert.equal(gone.requests.length, 1);
    assert.notEqual(gone.requests[0]!.end, END.served);
    assert.deepEqual(gone.output.sessions, { begun: 1, completed: 0, left: 1, full: 0, cut: 0 });
  });

  it("a conversation that fills the context window ends", () => {
    const { requests, output } = watched(
      sessionPlan({
        arrivals: { users: { count: 1 } },
        sessions: { turns: 50, thinkTime: "1s", message: 50, contextMax: 1350 },
      }),
    );
    assert.deepEqual(
      requests.map(({ inputTokens }) => inputTokens),
      [1000, 1100, 1200, 1300],
    );
    assert.equal(output.sessions!.full, 1);
  });
});

it("a run without sessions has no table of them", () => {
  assert.equal(createSessions(planOf(scenarioInput()), createAttemptTable(), 1), null);
});

describe("recorded sessions", () => {
  const columns: RecordedColumns = {
    arrivalMs: Float64Array.of(0, 1000, 9000, 20_000, 21_000),
    inputTokens: Int32Array.of(100, 500, 160, 700, 120),
    outputTokens: Int32Array.of(10, 20, 30, 40, 50),
    e2eMs: Float64Array.of(3000, 4000, 2000, 1000, 1000),
    sessionId: Int32Array.of(0, 1, 0, 1, 0),
  };
  const replayed = (sessions: unknown, over: object = {}) =>
    watched(
      sessionPlan(
        { arrivals: { trace: "t", ...over }, tokens: { maxTokens: 200 }, sessions },
        { recordings: { t: { kind: "trace", columns } } },
      ),
    ).requests.map(({ arrivalMs, inputTokens }) => [arrivalMs, inputTokens]);

  it("turns follow the simulated answers after the think times of the recording", () => {
    // Every call takes 2 s here. Think times: 9 - (0 + 3) = 6 s and 21 - (9 + 2) = 10 s; 20 - (1 + 4) = 15 s.
    assert.deepEqual(
      replayed("recorded"),
      [
        [0, 100],
        [8000, 160],
        [1000, 500],
        [18_000, 700],
        [20_000, 120],
      ].sort(([a = 0], [b = 0]) => a - b),
    );
    assert.deepEqual(replayed({ recorded: true, thinkTime: "1s" }), [
      [0, 100],
      [1000, 500],
      [3000, 160],
      [4000, 700],
      [6000, 120],
    ]);
  });

  it("thinning and copies keep sessions whole", () => {
    const whole = replayed({ recorded: true, thinkTime: "1s" }, { scale: 2, spread: "4s" });
    assert.equal(whole.length, 10);
    assert.equal(whole.filter(([, input]) => input === 160).length, 2);
  });

  it("without session ids or latencies it says what is missing", () => {
    const { sessionId: _, ...anonymous } = columns;
    const { e2eMs: __, ...untimed } = columns;
    const refused = (given: RecordedColumns) => () =>
      sessionPlan(
        { arrivals: { trace: "t" }, tokens: { maxTokens: 200 }, sessions: "recorded" },
        { recordings: { t: { kind: "trace", columns: given } } },
      );
    assert.throws(refused(anonymous), /SESSIONS_NOT_RECORDED.*no session ids/s);
    assert.throws(refused(untimed), /SESSIONS_NOT_RECORDED.*no latencies/s);
  });
});
