import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type ScenarioInput, scenarioJsonSchema, scenarioSchema } from "../../../simulator/scenario/schema.ts";
import { classInput, scenarioInput, schemaProblems, worldInput } from "./base.ts";

describe("a scenario file", () => {
  it("needs a name, a world, traffic, strategies and an end; the rest has defaults", () => {
    const scenario = scenarioSchema.parse(scenarioInput());
    assert.equal(scenario.replications, 1);
    assert.equal(scenario.routers, 1);
    assert.equal(scenario.drain, 3_600_000);
    assert.equal(scenario.warmup, "none");
    assert.deepEqual(scenario.signals, { source: "own", age: 0 });
    assert.equal(scenario.world.healthDelay, 30_000);
    const { requests: _, ...endless } = scenarioInput();
    assert.deepEqual(schemaProblems(endless), ["duration: give duration or requests: the run must end"]);
  });

  it("tells every problem at once, each with its path", () => {
    const wrong = {
      ...scenarioInput(),
      name: "Not A Name",
      duration: "soon",
      replications: 0,
      start: "tomorrow",
      world: worldInput({ regions: [] }),
      traffic: [],
      routers: 2.5,
    };
    const paths = schemaProblems(wrong).map((problem) => problem.split(":")[0]);
    assert.deepEqual(
      [...paths].sort(),
      ["duration", "name", "replications", "routers", "start", "traffic", "world.regions"].sort(),
    );
    assert.ok(schemaProblems(wrong).some((problem) => problem.includes('"soon" is not a duration')));
    assert.ok(schemaProblems(wrong).some((problem) => problem.includes("write an instant in UTC such as")));
  });

  it("refuses unknown keys wherever they are", () => {
    const typos: readonly ScenarioInput[] = [
      { ...scenarioInput(), sed: 1 } as ScenarioInput,
      scenarioInput({ world: { ...worldInput(), quota: [] } as ScenarioInput["world"] }),
      scenarioInput({ traffic: [classInput({ arival: 1 } as Partial<ScenarioInput["traffic"][number]>)] }),
    ];
    for (const typo of typos) assert.equal(schemaProblems(typo).length, 1);
  });

  it("refuses numbers that could not be run", () => {
    const refused = (over: Partial<ScenarioInput>) => schemaProblems(scenarioInput(over)).length > 0;
    assert.ok(refused({ seed: -1 }));
    assert.ok(refused({ seed: 2 ** 53 }));
    assert.ok(refused({ duration: "0s" }));
    assert.ok(refused({ requests: 0 }));
    assert.ok(refused({ traffic: [classInput({ origin: { a: 0 } })] }));
    assert.ok(refused({ traffic: [classInput({ slo: { e2e: "0s" } })] }));
    assert.ok(refused({ traffic: [classInput({ priority: 4 })] }));
    assert.ok(refused({ world: worldInput({ models: {} }) }));
    const gateway = { kind: "slots", servers: 1, waitingRoom: 2 } as const;
    assert.ok(refused({ world: worldInput({ gateways: [gateway] }) }));
    assert.ok(!refused({ seed: 0, warmup: { requests: "1k" }, requests: "2k" }));
  });

  it("has a JSON Schema for editors, made from the same source", () => {
    const schema = scenarioJsonSchema() as { properties: Record<string, unknown>; required: readonly string[] };
    assert.deepEqual(Object.keys(schema.properties).sort(), Object.keys(scenarioSchema.shape).sort());
    assert.deepEqual([...schema.required].sort(), ["name", "strategies", "traffic", "world"]);
  });

  it("lets an included file have what a world must have", () => {
    const { properties } = scenarioJsonSchema() as { properties: { world: { required?: unknown; anyOf?: unknown } } };
    assert.equal(properties.world.required, undefined);
    assert.deepEqual(properties.world.anyOf, [{ required: ["regions", "models"] }, { required: ["include"] }]);
  });

  it("refuses a window that begins after the end of the run", () => {
    const [problem] = schemaProblems(
      scenarioInput({ requests: undefined, duration: "1h", arrivalsFrom: "1h" } as never),
    );
    assert.match(problem!, /arrivalsFrom/);
  });
});
