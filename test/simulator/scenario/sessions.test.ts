import assert from "node:assert/strict";
import { it } from "node:test";
import { demandRemarks } from "../../../simulator/scenario/demand.ts";
import { Problems } from "../../../simulator/scenario/problems.ts";
import type { ScenarioInput } from "../../../simulator/scenario/schema.ts";
import { resolveSessions } from "../../../simulator/scenario/sessions.ts";
import { classInput, planOf, problemsOf, scenarioInput, schemaProblems, worldInput } from "./base.ts";

type ClassInput = ScenarioInput["traffic"][number];
const SESSIONS = { turns: 3, thinkTime: "10s", message: 40 };
const withClass = (each: object, over: object = {}) =>
  scenarioInput({ requests: undefined, duration: "1h", traffic: [classInput(each as Partial<ClassInput>)], ...over });

it("prompts are limited by the model's context window unless the scenario says otherwise", () => {
  const sessionsOf = (sessions: object) => planOf(withClass({ sessions })).traffic[0]!.sessions;
  assert.deepEqual(sessionsOf(SESSIONS), {
    kind: "drawn",
    turns: { kind: "constant", value: 3 },
    thinkMs: { kind: "constant", value: 10_000 },
    message: { kind: "constant", value: 40 },
    contextMax: 200_000,
    afterFailure: "continue",
    cache: true,
  });
  const own = sessionsOf({ ...SESSIONS, contextMax: "9k" });
  assert.equal(own?.kind === "drawn" && own.contextMax, 9000);
});

it("sessions are refused where they cannot be: all problems at once, each with its place", () => {
  const traffic = [
    classInput({ class: "late", deferrable: true, sessions: SESSIONS } as Partial<ClassInput>),
    classInput({ class: "long", sessions: { ...SESSIONS, turns: "unlimited" } } as Partial<ClassInput>),
    classInput({ class: "taken", sessions: "recorded" } as Partial<ClassInput>),
  ];
  assert.deepEqual(
    problemsOf(scenarioInput({ traffic })).map(({ code, where }) => `${code} ${where}`),
    [
      "SESSIONS_DEFERRABLE traffic[0].sessions",
      "SESSIONS_UNLIMITED traffic[1].sessions.turns",
      "SESSIONS_TOKENS traffic[2].tokens",
      "SESSIONS_NOT_RECORDED traffic[2].arrivals",
    ],
  );
});

it("what is missing or mistaken is named at its own path", () => {
  const problems = (sessions: unknown) => schemaProblems(withClass({ sessions })).join("; ");
  assert.match(problems({ turns: 3, thinkTime: "10s" }), /traffic.0.sessions.*message/);
  assert.match(problems({ ...SESSIONS, thinkTime: 10 }), /thinkTime.*unit/);
  assert.match(problems({ recorded: true, turns: 3 }), /turns/);
});

it("the load that remarks speak of is that of all turns", () => {
  const models = {
    m: { id: "m", burndown: 1, maxOutputTokens: 200, capacity: { kind: "slots", servers: 1, service: "1s" } },
  };
  const world = worldInput({ models: models as never, quotas: [{ tokensPerMinute: "1k" }] } as object);
  const remarks = (sessions: object | undefined) => {
    const input = withClass({ arrivals: { poisson: "1/s" }, ...(sessions && { sessions }) }, { world });
    return demandRemarks(planOf(input), input.traffic).join(" ");
  };
  // Without sessions 60 x (100 + 50); with three turns of 100, 190 and 280 tokens, each with an answer of 50.
  assert.match(remarks({ ...SESSIONS, turns: 3 }), /about 43,200 tokens a minute/);
  assert.equal(remarks(undefined), "");
});

it("a class without sessions has none", () => {
  const scenario = { traffic: [classInput() as never], requests: 100 };
  assert.deepEqual(resolveSessions(scenario, [{ contextTokens: 1 }], [{ model: 0 }], new Problems()), [null]);
});

it("a run in slices has no sessions", () => {
  const slices = { count: 2, length: "1m" };
  const found = problemsOf(withClass({ sessions: SESSIONS }, { slices, warmup: "none" }));
  assert.deepEqual(
    found.map(({ code, where }) => `${code} ${where}`),
    ["SESSIONS_SLICES traffic[0].sessions"],
  );
});
