import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { demandRemarks, remarksOf } from "../../../simulator/scenario/remarks.ts";
import { type ScenarioInput, scenarioSchema } from "../../../simulator/scenario/schema.ts";
import { classInput, HAIKU, planOf, scenarioInput, worldInput } from "./base.ts";

const aws = (over: object): ScenarioInput =>
  scenarioInput({
    world: {
      regions: ["us-east-1", "eu-west-1"],
      models: { m: { id: HAIKU, capacity: { kind: "slots", servers: 1 } } },
    } as ScenarioInput["world"],
    ...over,
  });

describe("what is legal but remarked on", () => {
  it("a class that is silent among others, a strategy that names what some class may not use: notes", () => {
    const traffic = [
      classInput({ residency: "eu" }),
      classInput({ class: "free" }),
      classInput({ class: "off", arrivals: { poisson: "0/s" } }),
    ];
    const { notes } = planOf(aws({ traffic, strategies: [{ single: { target: "us-east-1" } }] }));
    assert.equal(notes.length, 2);
    assert.match(notes[0]!, /single sends requests elsewhere .* class "all" \(us-east-1: eu: is called in us-east-1/);
    assert.match(notes[1]!, /Class off has a rate of 0/);
    const silent = planOf(aws({ traffic: [classInput({ arrivals: { poisson: "0/s" } })] }));
    assert.deepEqual(silent.notes, ["No class has a rate above 0: nothing arrives, and nothing is learnt."]);
  });

  it("a strategy of one target that health checks take away while its region is lost", () => {
    const fault = { kind: "outage" as const, region: "us-east-1", at: "1m", for: "5m" };
    const base = aws({ duration: "10m", strategies: [{ name: "home", single: { target: "us-east-1" } }] });
    const notesOf = (more: object, traffic: object = {}) => {
      const world = { ...base.world, faults: [fault], ...more } as ScenarioInput["world"];
      return planOf({ ...base, world, traffic: [classInput(traffic)] }).notes.join("; ");
    };
    const told = /^home sends requests elsewhere from 30 s after us-east-1 is lost, when health checks see it/;
    assert.match(notesOf({}), told);
    assert.equal(notesOf({ healthDelay: "24h" }), "");
    assert.equal(notesOf({ faults: [{ ...fault, for: "20s" }] }), "", "over before it is seen");
    assert.equal(notesOf({ faults: [{ ...fault, region: "eu-west-1" }] }), "");
    assert.equal(notesOf({}, { targets: ["us-east-1"] }), "", "the class has no other target");
  });

  it("users who send one request each, as they have no sessions", () => {
    const notesOf = (more: object) =>
      planOf(aws({ traffic: [classInput({ arrivals: { users: { count: 5 } }, ...more })] })).notes;
    assert.match(notesOf({}).join(), /Each of the users of class all sends one request and no more: sessions/);
    const sessions = { turns: 3, thinkTime: "1s", message: 10 };
    assert.doesNotMatch(notesOf({ sessions }).join(), /one request and no more/);
  });

  it("a fault that begins when the run is over", () => {
    const outage = (at: string) => ({ kind: "outage", region: "us-east-1", at, for: "1m" });
    const world = { ...aws({}).world, faults: [outage("1m"), outage("2h")] } as ScenarioInput["world"];
    const { notes } = planOf(aws({ duration: "10m", world }));
    assert.deepEqual(notes, ["Fault 2 (outage) begins after the run: at 7200 s of 600 s, so it never strikes."]);
  });

  it("hedges after a fixed silence that nothing bounds", () => {
    const notesOf = (hedge: object) => planOf(aws({ client: { hedge } as ScenarioInput["client"] })).notes;
    assert.match(notesOf({ after: "3s" }).join(), /^Hedges have no budget: .* hedge\.budget, say 10 %/);
    assert.deepEqual(notesOf({ after: "3s", budget: "10%" }), []);
    assert.deepEqual(notesOf({ after: "p95" }), [], "a quantile is bounded by what it is");
    const own = { "round-robin": {}, client: { hedge: { after: "3s" } } };
    assert.equal(planOf(aws({ strategies: ["round-robin", { ...own, name: "b" }] as never })).notes.length, 1);
  });

  it("queues that ignore the priority of tiers, by the models that have them", () => {
    const slots = (discipline: string) => ({ id: HAIKU, capacity: { kind: "slots", servers: 1, discipline } });
    const models = { yields: slots("priority"), ignores: slots("fcfs") };
    const scenario = scenarioSchema.parse(scenarioInput({ world: worldInput({ models } as never) }));
    assert.deepEqual(
      remarksOf(scenario, [
        { id: "us-east-1", tier: "standard" },
        { id: "us-east-1", tier: "batch" },
      ]),
      [],
    );
    const [remark, ...others] = remarksOf(scenario, [
      { id: "us-east-1", tier: "flex" },
      { id: "us-east-1", tier: "priority" },
    ]);
    assert.match(remark!, /^Some queues of ignores do not serve by priority.* the tiers flex and priority wait/);
    assert.deepEqual(others, []);
  });
});

const { m } = worldInput().models!;
const remarks = (over: object, world: object = {}): readonly string[] => {
  const models = { m: { ...m!, maxOutputTokens: "10k" } };
  const input = scenarioInput({
    requests: undefined,
    duration: "1h",
    world: worldInput({ models, ...world } as never),
    traffic: [classInput(over as never)],
  } as Partial<ScenarioInput>);
  return demandRemarks(planOf(input), scenarioSchema.parse(input).traffic);
};

it("nothing is remarked of a usual scenario", () => assert.deepEqual(remarks({}), []));

describe("shares of origins", () => {
  it("that do not sum to 1 or 100 are weights, and said to be", () => {
    assert.deepEqual(remarks({ origin: { a: 60, b: 60 } }), [
      "The origin shares of class all sum to 120, not to 1: they are taken as weights (a 50 %, b 50 %).",
    ]);
    assert.match(remarks({ origin: { a: 0.6, b: 0.6 } })[0]!, /sum to 1.2, not to 1/);
    assert.match(remarks({ origin: { a: 0.6, b: 0.3 } })[0]!, /a 66.7 %, b 33.3 %/);
  });

  it("that do, or are plainly weights, are not remarked", () => {
    for (const origin of [{ a: 0.6, b: 0.4 }, { a: 60, b: 40 }, { a: 1, b: 1 }, { a: 3, b: 1 }, "a"])
      assert.deepEqual(remarks({ origin }), []);
  });
});

describe("max_tokens", () => {
  it("below what would be written cuts answers", () => {
    assert.deepEqual(remarks({ tokens: { input: 5, output: 400, maxTokens: 100 } }), [
      "max_tokens cuts 100 % of the answers of class all: they would have 400 tokens on average, and at most 100 are allowed.",
    ]);
    assert.deepEqual(remarks({ tokens: { input: 5, output: 100, maxTokens: 100 } }), []);
  });

  it("above what the model can write is refused by the service", () => {
    assert.deepEqual(remarks({ tokens: { input: 5, output: 40, maxTokens: "10M" } }), [
      "Class all asks for max_tokens of 10,000,000, above the 10,000 that m can write: the service refuses such calls with 400.",
    ]);
    assert.deepEqual(remarks({ tokens: { input: 5, output: 40, maxTokens: "unset" } }), []);
  });
});

describe("a load far above all quotas", () => {
  const quotas = [
    { region: "a", tokensPerMinute: "20k" },
    { region: "b", tokensPerMinute: "10k" },
  ];

  it("is remarked: 4 calls a second of 150 tokens are 36,000 a minute", () => {
    assert.deepEqual(remarks({}, { quotas }), []);
    const [remark, ...others] = remarks({ arrivals: { poisson: "100/s" } }, { quotas });
    assert.deepEqual(others, []);
    assert.equal(
      remark,
      "Class all asks for about 900,000 tokens a minute, 30 times the 30,000 that the quotas of its targets grant: almost all are throttled.",
    );
  });

  it("counts calls too, and the targets that the class may use", () => {
    const requests = [{ requests: { limit: 20 } }];
    assert.deepEqual(remarks({ arrivals: { poisson: "5/s" } }, { quotas: requests }), []);
    assert.match(
      remarks({ arrivals: { poisson: "10/s" } }, { quotas: requests })[0]!,
      /600 calls a minute, 15 times the 40/,
    );
    assert.match(
      remarks({ arrivals: { poisson: "100/s" }, targets: ["a"] }, { quotas })[0]!,
      /45 times the 20,000 that the quotas of its targets grant/,
    );
  });

  it("is none where one target has no quota", () => {
    assert.deepEqual(
      remarks({ arrivals: { poisson: "999/s" } }, { quotas: [{ region: "a", tokensPerMinute: 9 }] }),
      [],
    );
  });
});
