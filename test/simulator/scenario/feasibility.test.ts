import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { loadReference } from "../../../scripts/io/reference.ts";
import { checkModelIds, checkQuotasFit, endedNotes, legacyNotes } from "../../../simulator/scenario/feasibility.ts";
import { modelSchema } from "../../../simulator/scenario/models.ts";
import { Problems } from "../../../simulator/scenario/problems.ts";
import type { ScenarioInput } from "../../../simulator/scenario/schema.ts";
import { classInput, planOf, problemsOf, SONNET, scenarioInput } from "./base.ts";

type World = ScenarioInput["world"];
const SONNET_4 = "anthropic.claude-sonnet-4-20250514-v1:0";

/** Calls of 500 tokens through two profiles, against 50k tokens a minute of each. */
const squeezed = (tokens: object, world: Partial<World> = {}, model: object = {}): ScenarioInput =>
  scenarioInput({
    world: {
      regions: ["us-east-1", "us-west-2"],
      profiles: { restrictToWorld: true },
      models: { s: { id: SONNET_4, capacity: { kind: "slots", servers: "unlimited", service: "1s" }, ...model } },
      targets: ["us-east-1/us"],
      quotas: [{ tokensPerMinute: "50k" }],
      ...world,
    } as World,
    traffic: [classInput({ class: "c", tokens: { input: 500, output: 500, ...tokens } })],
  });
const both = { targets: ["us-east-1/us", "us-west-2/us"] };
const whats = (input: ScenarioInput) => problemsOf(input).map(({ code, what }) => `${code}: ${what}`);

const { models: facts } = await loadReference();

describe("prompts and the context window", () => {
  const prompts = (input: unknown, model: object) => {
    const tokens = { input, output: 5, maxTokens: 5 };
    const models = { m: { capacity: { kind: "slots", servers: 9 }, onDemand: true, ...model } } as object;
    return scenarioInput({
      world: { regions: ["us-east-1"], models, targets: ["us-east-1"], profiles: { restrictToWorld: true } } as World,
      traffic: [classInput({ class: "c", tokens: tokens as never })],
    });
  };
  const HAIKU_45 = "anthropic.claude-haiku-4-5-20251001-v1:0";

  it("prompts that never fit are a problem", () => {
    const [problem, ...others] = problemsOf(prompts("250k", { id: HAIKU_45 }));
    assert.deepEqual(others, []);
    assert.equal(problem!.code, "CONTEXT_NEVER_FITS");
    assert.equal(problem!.where, "traffic[0].tokens.input");
    assert.equal(
      problem!.what,
      `every prompt of class c exceeds the context window of m (${HAIKU_45}), 200,000 tokens: the service refuses it`,
    );
    assert.match(problem!.fix!, /world\.models\.m\.contextTokens/);
    assert.deepEqual(whats(prompts(1_000_001, { id: SONNET })).length, 1);
  });

  it("fit where the model has a larger window, with a beta or as the scenario states", () => {
    assert.deepEqual(planOf(prompts("900k", { id: "anthropic.claude-sonnet-4-6" })).notes, []);
    assert.deepEqual(planOf(prompts("300k", { id: SONNET })).notes, []);
    assert.deepEqual(planOf(prompts("250k", { id: HAIKU_45, contextTokens: "250k" })).notes, []);
    assert.equal(problemsOf(prompts("250k", { id: "anthropic.claude-sonnet-4-6", contextTokens: 249_999 })).length, 1);
  });

  it("that fit now and then are noted with the share that does not", () => {
    const [note, ...others] = planOf(prompts({ exponential: { mean: "50k" } }, { id: HAIKU_45 })).notes;
    assert.deepEqual(others, []);
    // exp(-200,000.5 / 50,000): draws are rounded.
    assert.match(
      note!,
      /^An expected 1\.8 % of the prompts of class c exceed the context window of m .*, 200,000 tokens/,
    );
    assert.match(note!, /400 \(ValidationException\), and they count as failed/);
    assert.equal(
      planOf(prompts({ lognormal: { mean: 1200, cv: 1 } }, { id: HAIKU_45 })).world.contextTokens,
      undefined,
    );
    assert.deepEqual(planOf(prompts({ lognormal: { mean: 1200, cv: 1 } }, { id: HAIKU_45 })).notes, [], "one in 1e9");
  });

  it("are taken to fit where the window is not known, with a note; so is a price of long ones", () => {
    const prices = (input: ScenarioInput) => {
      const world = { ...input.world, prices: { overrides: [{ model: "m", input: 1, output: 5 }] } };
      return planOf({ ...input, world } as ScenarioInput).notes;
    };
    const id = "writer.palmyra-x5-v1:0";
    assert.deepEqual(prices(prompts("8k", { id })), []);
    const [window, ...others] = prices(prompts("9k", { id }));
    assert.match(
      window!,
      /^The context window of m \(writer\.palmyra-x5-v1:0\) is not known: no prompt is taken to be/,
    );
    assert.deepEqual(others, []);
    const unpriced = prices(prompts("201k", { id: "cohere.command-r-v1:0", contextTokens: "300k" }));
    assert.match(unpriced.join(), /The price of long prompts to m .* is not known: they are billed like short ones/);
    assert.deepEqual(prices(prompts("9M", { id: "acme.own-v1", burndown: 1 })), [], "a model of the scenario's own");
  });
});

describe("a class whose every call reserves more than the quota", () => {
  it("is a problem, with what is reserved, what there is, and where", () => {
    const [problem, ...others] = problemsOf(squeezed({ maxTokens: "unset" }));
    assert.deepEqual(others, []);
    assert.deepEqual(problem, {
      code: "QUOTA_NEVER_FITS",
      where: "traffic[0].tokens.maxTokens",
      what: "every call of class c reserves 64,500 > 50,000 tokens a minute of us-east-1/us",
      fix: "give maxTokens, or a larger quota",
    });
    assert.deepEqual(problemsOf(squeezed({})), [{ ...problem, where: "traffic[0]" }], "left out is unset");
  });

  it("counts the model's maximum as stated, and max_tokens as given", () => {
    assert.deepEqual(whats(squeezed({ maxTokens: "unset" }, {}, { maxOutputTokens: "49500" })), []);
    assert.deepEqual(whats(squeezed({ maxTokens: "49500" })), []);
    const [problem] = problemsOf(squeezed({ maxTokens: "60k" }));
    assert.match(problem!.what, /reserves 60,500 > 50,000 tokens a minute/);
    assert.match(problem!.fix!, /smaller maxTokens/);
  });

  it("weighs max_tokens where the quota does", () => {
    const weighted = (quota: object) => ({ quotas: [{ tokensPerMinute: "50k", ...quota }] });
    assert.deepEqual(whats(squeezed({ maxTokens: 9900 }, weighted({ reserveWeightedOutput: true }))), []);
    assert.match(
      whats(squeezed({ maxTokens: 9901 }, weighted({ reserveWeightedOutput: true })))[0]!,
      /reserves 50,005 > 50,000/,
    );
    assert.deepEqual(whats(squeezed({ maxTokens: 9901 }, weighted({}))), []);
  });

  it("knows the burst of a bucket, tokens per day and windows of other lengths", () => {
    const limits = (quota: object) => whats(squeezed({ maxTokens: 1000 }, { quotas: [quota] } as Partial<World>));
    const bucket = { limit: "50k", law: "token-bucket" };
    assert.deepEqual(limits({ tokensPerMinute: { ...bucket, burst: 1500 } }), []);
    assert.match(
      limits({ tokensPerMinute: { ...bucket, burst: 1400 } })[0]!,
      /1,500 > 1,400 tokens, the burst of us-east/,
    );
    assert.deepEqual(limits({ tokensPerMinute: { limit: 1000, law: "token-bucket", burst: "2k" } }), []);
    assert.match(
      limits({ requests: { limit: 0.5, law: "clock-window" } })[0]!,
      /1 > 0\.5 requests a minute of us-east-1\/us$/,
    );
    assert.deepEqual(limits({ requests: 1 }), []);
    assert.match(limits({ tokensPerDay: 1400 })[0]!, /1,500 > 1,400 tokens a day of us-east-1\/us$/);
    assert.match(
      limits({ tokensPerMinute: { limit: 1400, window: "10s" } })[0]!,
      /1,400 tokens in 10 s of us-east-1\/us$/,
    );
  });

  it("knows the shortest call of a law, and says that others reserve more", () => {
    const between = (min: string) => ({ maxTokens: { uniform: { min, max: "90k" } } });
    assert.deepEqual(whats(squeezed(between("40k"))), []);
    assert.match(whats(squeezed(between("60k")))[0]!, /reserves at least 60,500 > 50,000/);
    const times = { output: { uniform: { min: "30k", max: "31k" } }, maxTokens: { outputTimes: 2 } };
    assert.match(whats(squeezed(times))[0]!, /reserves at least 60,500 > 50,000/);
  });

  it("names all targets, alike ones together", () => {
    const text = whats(squeezed({ maxTokens: "unset" }, both))[0]!;
    assert.match(text, /64,500 > 50,000 tokens a minute of us-east-1\/us and us-west-2\/us$/);
    const quotas = [{ tokensPerMinute: "50k" }, { region: "us-west-2", tokensPerMinute: "40k" }];
    assert.match(
      whats(squeezed({ maxTokens: "unset" }, { ...both, quotas } as Partial<World>))[0]!,
      /50,000 tokens a minute of us-east-1\/us; 64,500 > 40,000 tokens a minute of us-west-2\/us$/,
    );
  });

  it("is a note where another target may serve it", () => {
    const quotas = [{ region: "us-east-1", tokensPerMinute: "50k" }];
    const { notes } = planOf(squeezed({ maxTokens: "unset" }, { ...both, quotas } as Partial<World>));
    assert.deepEqual(notes, [
      "Every call of class c reserves 64,500 > 50,000 tokens a minute of us-east-1/us: never served there.",
    ]);
    const prefix = { maxTokens: "unset", prefix: { tokens: 400 } };
    assert.match(
      planOf(squeezed(prefix, { ...both, quotas } as Partial<World>)).notes[0]!,
      /whose prompt is not cached/,
    );
  });

  it("is neither for a tier that draws on no quota, though what it sends on would be refused", () => {
    const reserved = [
      { region: "us-east-1", inputTokensPerMinute: "1M", outputTokensPerMinute: "1M", usdPerHour: 7, route: "us" },
    ];
    const world = { targets: ["us-east-1/us@reserved"], reserved } as Partial<World>;
    assert.deepEqual(whats(squeezed({ maxTokens: "unset" }, world)), []);
    assert.equal(planOf(squeezed({ maxTokens: "unset" }, world)).world.quotas[0]!.tokensPerMinute!.limit, 50_000);
  });
});

it("classes that may go nowhere, and models that no quota limits, are not judged", () => {
  const { classes, traffic, models, world } = planOf(squeezed({ maxTokens: 100 }));
  const problems = new Problems();
  const input = { classes, traffic, models, targetIds: ["us-east-1/us"], accountOfClass: [0], problems };
  const unlimited = world.routes.map((route) => route && { ...route, quotas: [-1] });
  assert.deepEqual(checkQuotasFit({ ...input, routes: unlimited, quotas: world.quotas }), []);
  const nowhere = classes.map((each) => ({ ...each, legal: Uint8Array.of(0) }));
  assert.deepEqual(checkQuotasFit({ ...input, classes: nowhere, routes: world.routes, quotas: world.quotas }), []);
  assert.deepEqual(problems.list, []);
});

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
