import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { remarksOf } from "../../../simulator/scenario/remarks.ts";
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
    assert.deepEqual(remarksOf(scenario, [{ tier: "standard" }, { tier: "batch" }]), []);
    const [remark, ...others] = remarksOf(scenario, [{ tier: "flex" }, { tier: "priority" }]);
    assert.match(remark!, /^Some queues of ignores do not serve by priority.* the tiers flex and priority wait/);
    assert.deepEqual(others, []);
  });
});
