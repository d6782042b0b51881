import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Problems } from "../../../simulator/scenario/problems.ts";
import { demandRemarks } from "../../../simulator/scenario/remarks.ts";
import type { ScenarioInput } from "../../../simulator/scenario/schema.ts";
import { checkTraffic, resolveSessions } from "../../../simulator/scenario/traffic-checks.ts";
import type { RecordedColumns, Recording } from "../../../simulator/traffic/traffic.ts";
import { recordingOf, rowsOf } from "../traffic/pull.ts";
import { classInput, planOf, problemsOf, scenarioInput, schemaProblems, worldInput } from "./base.ts";

const scenario = (arrivals: object, over: object = {}, duration = "60s") =>
  scenarioInput({
    duration,
    requests: undefined,
    traffic: [classInput({ arrivals: { trace: "t.csv", ...arrivals }, tokens: undefined, ...over } as never)],
  });
const recorded = (recording: Recording) => ({ "t.csv": recording });
const seconds = (...times: readonly number[]) => recorded(recordingOf(times.map((time) => time * 1000)));
const hundred = seconds(...Array.from({ length: 97 }, (_, i) => i / 2), 60, 61, 75.5);
const notesOf = (arrivals: object, recordings: Record<string, Recording>, over: object = {}, duration = "60s") =>
  planOf(scenario(arrivals, over, duration), recordings).notes;

describe("rows outside the run", () => {
  it("all of them: a problem, with what would fix it", () => {
    const [problem, ...others] = problemsOf(scenario({}), seconds(7200, 7201));
    assert.deepEqual(others, []);
    assert.deepEqual(problem, {
      code: "TRACE_OUTSIDE_RUN",
      where: "traffic[0].arrivals",
      what: "0 of 2 rows of t.csv fall into the run: first at 7,200 s, duration 60 s",
      fix: "make the run longer, or leave out what is before the first row: slice: { from: 7200s } beside the trace's name",
    });
    assert.deepEqual(problemsOf(scenario({ slice: { from: "7200s" } }), seconds(7200, 7201)), []);
    assert.equal(problemsOf(scenario({ shift: "2m" }), seconds(0, 1)).length, 1);
    assert.equal(problemsOf(scenario({ timeScale: 100 }), seconds(1, 2)).length, 1);
    assert.equal(problemsOf(scenario({ tile: true }), seconds(7200, 7201)).length, 1);
  });

  it("some of them: counted in a note", () => {
    assert.deepEqual(notesOf({}, hundred), [
      "Class all: 3 of 100 rows of t.csv fall outside the run: last at 75.5 s, duration 60 s.",
    ]);
    assert.deepEqual(notesOf({}, hundred, {}, "76s"), []);
    assert.match(
      notesOf({ slice: { from: "40s", to: "80s" }, timeScale: 3 }, hundred)[0]!,
      /3 of 20 rows .* at 106\.5 s/,
    );
  });

  it("none of it where the run is meant as a window: repeated, from a point on, or of a longer run", () => {
    assert.deepEqual(notesOf({ tile: true }, hundred), []);
    assert.deepEqual(notesOf({ tile: true, shift: "random" }, hundred), []);
    assert.deepEqual(notesOf({ shape: [1, 2] }, hundred), []);
    assert.deepEqual(notesOf({ slice: { from: "10s" } }, hundred, {}, "20s"), []);
    const later = (from: string) => planOf({ ...scenario({}), arrivalsFrom: from }, hundred).notes;
    assert.deepEqual(later("30s"), []);
    assert.match(
      later("50s")[0]!,
      /0 of 100 rows of t\.csv fall into the run: first at 0 s, the run is from 50 s to 60 s/,
    );
  });
});

describe("labels of rows", () => {
  const world = worldInput({ regions: ["us-east-1", "eu-west-1"], prices: { book: "none" } } as never);
  const names = ["eu-west-1", "US-EAST-1", "eu-central-1", "", "constructor"];
  const withOrigins = (over: Partial<RecordedColumns> = {}) =>
    recorded(
      recordingOf([0, 1, 2, 3, 4, 5], { originIndex: Uint16Array.of(0, 0, 1, 2, 3, 2), originNames: names, ...over }),
    );
  const origin = { "us-east-1": 0.5, "eu-west-1": 0.5 };
  const check = (recordings: Record<string, Recording>) =>
    planOf({ ...scenario({}, { origin }), world: { ...world, prices: worldInput().prices } as never }, recordings)
      .notes;

  it("origins that the scenario does not know are counted and named, other spellings are said", () => {
    assert.deepEqual(check(withOrigins()), [
      "Class all: 3 of 6 rows of t.csv name origins that the scenario does not know: eu-central-1 (2), none at all (1); drawn from the class's shares.",
      "Class all: origins of t.csv in another spelling: US-EAST-1 read as us-east-1 (1).",
    ]);
    assert.deepEqual(check(withOrigins({ originIndex: new Uint16Array(6) })), []);
    assert.match(
      check(withOrigins({ originIndex: new Uint16Array(6).fill(4) }))[0]!,
      /6 of 6 rows .*: constructor \(6\);/,
    );
  });

  it("regions of the scenario are known to rows, though no class names them; other regions are not", () => {
    const { originNames, traffic, notes } = planOf(
      { ...scenario({}), world: { ...world, prices: worldInput().prices } as never },
      withOrigins(),
    );
    assert.deepEqual(originNames, ["us-east-1", "eu-west-1"]);
    assert.deepEqual(
      traffic[0]!.originShares.map(({ originIndex }) => originIndex),
      [0],
    );
    const rows = rowsOf(traffic);
    assert.deepEqual(
      rows.map(({ originIndex }) => originNames[originIndex]),
      ["eu-west-1", "eu-west-1", "us-east-1", "us-east-1", "us-east-1", "us-east-1"],
    );
    assert.match(notes[0]!, /3 of 6 rows .*: eu-central-1 \(2\), none at all \(1\);/);
  });

  it("class labels that no class takes are counted and named", () => {
    const labelled = recorded(
      recordingOf([0, 1, 2, 3], { classIndex: Uint16Array.of(0, 1, 2, 2), classNames: ["chat", "code", "batch"] }),
    );
    const only = (...labels: readonly (string | undefined)[]) =>
      planOf(
        {
          ...scenario({}),
          traffic: labels.map((label, i) =>
            classInput({
              class: `c${i}`,
              arrivals: label === undefined ? { trace: "t.csv" } : { trace: "t.csv", only: label },
              tokens: undefined,
            } as never),
          ),
        },
        labelled,
      ).notes;
    assert.deepEqual(only("chat", "code"), ["2 of 4 rows of t.csv have labels that no class takes: batch (2)."]);
    assert.deepEqual(only("chat", "code", "batch"), []);
    assert.deepEqual(only("chat", undefined), []);
  });

  it("rows of teams or models that no class takes are counted", () => {
    const labelled = recorded(
      recordingOf([0, 1, 2, 3, 4], {
        tenantIndex: Uint16Array.of(0, 1, 1, 2, 0),
        tenantNames: ["search", "ops", "lab"],
      }),
    );
    const only = (...tenants: readonly (string | undefined)[]) => {
      const traffic = tenants.map((tenant, i) =>
        classInput({
          class: `c${i}`,
          arrivals: { trace: "t.csv", ...(tenant === undefined ? {} : { only: { tenant } }) },
          tokens: undefined,
        } as never),
      );
      return planOf({ ...scenario({}), traffic }, labelled).notes;
    };
    assert.deepEqual(only("search"), ["3 of 5 rows of t.csv are taken by no class."]);
    assert.deepEqual(only("search", "ops"), ["1 of 5 rows of t.csv are taken by no class."]);
    assert.deepEqual(only("search", "ops", "lab"), []);
    assert.deepEqual(only("search", undefined), []);
  });
});

describe("traffic that cannot be made", () => {
  it("is a problem at the class's own place, all in one round", () => {
    const input = scenarioInput({
      duration: "60s",
      traffic: [
        classInput({ tokens: undefined }),
        classInput({ class: "half", tokens: { input: 5 } }),
        classInput({ class: "sliced", arrivals: { trace: "t.csv", slice: { from: "1h" } } as never }),
        classInput({ class: "tiled", arrivals: { trace: "t.csv", tile: true } as never }),
      ],
    });
    assert.deepEqual(
      problemsOf(input, seconds(5)).map(({ code, where }) => `${code} ${where}`),
      [
        "TRAFFIC_TOKENS_MISSING traffic[0].tokens",
        "TRAFFIC_TOKENS_MISSING traffic[1].tokens",
        "TRACE_EMPTY_SELECTION traffic[2].arrivals",
        "TRACE_TOO_SHORT traffic[3].arrivals",
      ],
    );
    const [both, output] = problemsOf(input, seconds(5));
    assert.match(both!.fix!, /tokens: \{ input: <number or law>, output: <number or law> \}/);
    assert.match(output!.what, /^no output tokens are given/);
  });

  it("a recording that could not be loaded is not reported again", () => {
    assert.deepEqual(problemsOf(scenario({})), []);
    assert.deepEqual(checkTraffic([], { seed: 1, durationMs: 1, arrivalsFromMs: 0 }, undefined as never), []);
  });
});

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
