import assert from "node:assert/strict";
import test from "node:test";
import { sessionsSchema, TURNS_MAX } from "../../../simulator/traffic/sessions.ts";
import { createTurns } from "../../../simulator/traffic/turns.ts";
import { sum } from "./fixtures.ts";

const poisson = { process: "poisson", ratePerS: 1 } as const;
const drawn = (yaml: object, tokens: object = { output: { kind: "constant", value: 7 } }) => ({
  name: "chat",
  arrivals: poisson,
  tokens,
  sessions: sessionsSchema.parse({ turns: 4, thinkTime: "10s", message: 20, ...yaml }),
});

test("sessions: the YAML forms become plain specs", () => {
  const recorded = { kind: "recorded", thinkMs: null, afterFailure: "continue", cache: true };
  assert.deepEqual(sessionsSchema.parse("recorded"), recorded);
  assert.deepEqual(sessionsSchema.parse({ recorded: true, thinkTime: "2s", cache: false }), {
    ...recorded,
    thinkMs: { kind: "constant", value: 2000 },
    cache: false,
  });
  const spec = sessionsSchema.parse({ turns: "unlimited", thinkTime: "10s", message: 20, contextMax: "8k" });
  assert.deepEqual([spec.kind, spec.kind === "drawn" && [spec.turns, spec.contextMax]], ["drawn", [null, 8000]]);
  assert.equal(sessionsSchema.safeParse({ turns: 3 }).success, false);
  assert.equal(sessionsSchema.safeParse({ recorded: true, turns: 3 }).success, false);
});

test("turns: draws follow from seed, replication, class, session and turn, whatever the order of asking", () => {
  const traffic = drawn({ thinkTime: { exponential: { mean: "10s" } } });
  const turns = createTurns(traffic, 7);
  const forwards = [1, 2, 3].map((turn) => turns.thinkMs(5, turn));
  assert.deepEqual([3, 2, 1].map((turn) => createTurns(traffic, 7).thinkMs(5, turn)).toReversed(), forwards);
  assert.notEqual(createTurns(traffic, 8).thinkMs(5, 1), forwards[0]);
  assert.notEqual(createTurns(traffic, 7, 1).thinkMs(5, 1), forwards[0]);
  assert.notEqual(createTurns({ ...traffic, name: "other" }, 7).thinkMs(5, 1), forwards[0]);
});

test("turns: moments are those of the laws, and whole", () => {
  const { count, thinkMs, inputTokens, outputTokens, maxTokens } = createTurns(
    drawn(
      { turns: { exponential: { mean: 9 } }, thinkTime: { exponential: { mean: "10s" } } },
      {
        output: { kind: "lognormal", mean: 300, cv: 0.5 },
        maxTokens: { kind: "outputTimes", factor: 1.5 },
      },
    ),
    1,
  );
  const sessions = Array.from({ length: 20_000 }, (_, i) => i);
  const mean = (of: (session: number) => number) => sum(sessions.map(of)) / sessions.length;
  const near = (found: number, expected: number) =>
    assert.ok(Math.abs(found / expected - 1) < 0.03, `${found}, expected ${expected}`);
  // An exponential rounded to whole numbers, at least 1: 1 - p for all below 1.5, then geometric with p = e^(-1/9).
  const p = Math.exp(-1 / 9);
  near(mean(count), 1 + (p * Math.exp(-0.5 / 9)) / (1 - p));
  near(
    mean((session) => thinkMs(session, 1)),
    10_000,
  );
  near(
    mean((session) => outputTokens(session, 2)),
    300,
  );
  assert.ok(sessions.every((session) => Number.isInteger(count(session)) && count(session) >= 1));
  assert.deepEqual([inputTokens(0, 1, 100), maxTokens(0, 1, 101)], [120, 152]);
});

test("turns: without an end there are as many as ids are kept for; an answer's length must be given", () => {
  assert.equal(createTurns(drawn({ turns: "unlimited" }), 1).count(3), TURNS_MAX);
  assert.throws(() => createTurns(drawn({}, {}), 1), /TRAFFIC_TOKENS_MISSING/);
});
