import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { loadReference } from "../../../scripts/io/reference.ts";
import { checkModelIds, endedNotes, legacyNotes } from "../../../simulator/scenario/known-models.ts";
import { modelSchema } from "../../../simulator/scenario/models.ts";
import { Problems } from "../../../simulator/scenario/problems.ts";
import type { ScenarioInput } from "../../../simulator/scenario/schema.ts";
import { planOf, problemsOf, SONNET, scenarioInput } from "./base.ts";

const { models: facts } = await loadReference();
const capacity = { kind: "slots", servers: 1 } as const;
const modelsOf = (ids: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(ids).map(([name, id]) => [name, modelSchema.parse({ id, capacity })]));
const TYPO = "anthropic.claude-sonet-4-5-20250929-v1:0";

/** A world that calls one model through profiles, as a scenario with four mistaken targets and strategies would. */
const world = (id: string, over: object = {}): ScenarioInput =>
  scenarioInput({
    world: {
      regions: ["us-east-1", "us-west-2"],
      profiles: { restrictToWorld: true },
      models: { sonnet: { id, capacity } },
      targets: ["us-east-1/us", "us-west-2/us", "us-east-1/global", "us-east-1/us@batch"],
      ...over,
    } as ScenarioInput["world"],
    strategies: [
      { priority: { targets: ["us-east-1/us", "us-west-2/us"] } },
      { name: "global", priority: { targets: ["us-east-1/global", "us-east-1/us"] } },
    ] as ScenarioInput["strategies"],
  });
const codes = (input: ScenarioInput) => problemsOf(input).map(({ code }) => code);

describe("a mistyped model id", () => {
  it("is one problem, on the id, with the nearest ones", () => {
    const [problem, ...others] = problemsOf(world(TYPO));
    assert.deepEqual(others, []);
    assert.deepEqual([problem!.code, problem!.where], ["MODEL_ID_UNKNOWN", "world.models.sonnet.id"]);
    assert.match(problem!.what, new RegExp(`^there is no model "${TYPO}" \\(did you mean ${SONNET}, `));
    assert.match(problem!.fix!, new RegExp(`^write id: ${SONNET}; for a model of your own, state its price`));
  });

  it("leaves the other mistakes of the file to be named in the same round", () => {
    assert.deepEqual(
      codes(world(TYPO, { healthDelay: "1s", quotas: [{ region: "us-west-9", tokensPerMinute: "1M" }] })),
      ["MODEL_ID_UNKNOWN", "REGION_UNKNOWN"],
    );
  });

  it("may also be a profile's id or lack its version or date: the id is then known", () => {
    for (const id of [`us.${SONNET}`, "anthropic.claude-sonnet-4-5", "anthropic.claude-sonnet-4-5-20250929"]) {
      const [problem, ...others] = problemsOf(world(id));
      assert.deepEqual([problem!.code, others.length], ["MODEL_ID_UNKNOWN", 0], id);
      assert.match(problem!.what, new RegExp(`\\(did you mean ${SONNET}\\?\\)$`), id);
    }
  });

  it("a guess that does not fit makes no problems of its own", () => {
    // The nearest model has no profile here.
    const [problem, ...others] = problemsOf(world("amazon.titan-text-expres-v1"));
    assert.match(problem!.what, /did you mean amazon\.titan-text-express-v1/);
    assert.deepEqual(
      others.filter(({ code }) => /^(PRICE|PROFILE|MODEL)/.test(code)),
      [],
    );
  });

  it("is none where the model is the scenario's own: its price is stated, or there are no prices", () => {
    const own = { targets: ["us-east-1"], models: { sonnet: { id: TYPO, onDemand: true, capacity } } };
    const strategies = ["round-robin"] as const;
    const notes = (more: object) => planOf({ ...world(TYPO, { ...own, ...more }), strategies: [...strategies] }).notes;
    assert.deepEqual(notes({ prices: { book: "none" } }), []);
    assert.deepEqual(notes({ prices: { overrides: [{ model: "sonnet", input: 1, output: 5 }] } }), []);
    assert.deepEqual(notes({ prices: { overrides: [{ model: TYPO, input: 1, output: 5 }] } }), []);
  });

  it("needs a listed id that is near", () => {
    const problems = new Problems();
    const prices = { book: "bundled", overrides: [] } as unknown as Parameters<
      typeof checkModelIds
    >[0]["world"]["prices"];
    const models = modelsOf({ a: "x.y", b: SONNET, c: "acme.listed" });
    const checked = checkModelIds({ world: { models, prices }, facts, otherIds: new Set(["acme.listed"]), problems });
    assert.deepEqual(problems.list, []);
    assert.deepEqual(checked, { models, guessed: [] });
  });
});

describe("lifecycle", () => {
  const day = (text: string) => Date.parse(text);
  // Claude 3 Haiku: legacy since 2026-03-10, extended access from 2026-06-10, end of life 2026-09-10.
  const HAIKU_3 = "anthropic.claude-3-haiku-20240307-v1:0";
  const models = modelsOf({ a: HAIKU_3, b: HAIKU_3, new: "anthropic.claude-opus-5", own: "acme.own" });
  const span = (from: string, to: string) => ({ startMs: day(from), endMs: day(to) });

  it("a model whose life ends before or during the run: a note of the result", () => {
    const ended = (from: string, to: string) => endedNotes(models, facts, span(from, to));
    assert.deepEqual(ended("2026-11-01", "2026-11-02"), [
      `${HAIKU_3} (a, b) reaches its end of life on 2026-09-10, before the run: the service then refuses its calls.`,
    ]);
    assert.match(ended("2026-09-09", "2026-09-11")[0]!, /on 2026-09-10, during the run/);
    assert.deepEqual(ended("2026-09-08", "2026-09-10"), []);
    assert.deepEqual(endedNotes(models, facts, { startMs: day("2026-05-04"), endMs: Number.POSITIVE_INFINITY }), []);
    const input = scenarioInput({ start: "2026-11-01T00:00:00Z" });
    assert.match(planOf(input).notes.join(), /end of life on 2026-09-10, before the run/);
  });

  it("a legacy model: advice to those who check the scenario, not a note of its result", () => {
    const legacy = (from: string) => legacyNotes(models, facts, span(from, "2027-01-01"));
    assert.deepEqual(legacy("2026-05-04"), [
      `${HAIKU_3} (a, b) is legacy since 2026-03-10; from 2026-06-10 on it may cost more; its end of life is 2026-09-10.`,
    ]);
    assert.deepEqual(legacy("2026-03-09"), []);
    assert.deepEqual(legacy("2026-11-01"), [], "it has ended, which the result says");
    assert.deepEqual(planOf(scenarioInput()).notes, []);
  });
});
