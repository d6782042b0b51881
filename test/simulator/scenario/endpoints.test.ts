import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { loadReference } from "../../../scripts/io/reference.ts";
import { regionDirectory } from "../../../simulator/base/regions.ts";
import type { TargetDraft } from "../../../simulator/scenario/drafts.ts";
import { resolveEndpoints } from "../../../simulator/scenario/endpoints.ts";
import { settleModels } from "../../../simulator/scenario/models.ts";
import { Problems } from "../../../simulator/scenario/problems.ts";
import { type ScenarioInput, scenarioSchema } from "../../../simulator/scenario/schema.ts";
import { HAIKU, scenarioInput, worldInput } from "./base.ts";

const { models: facts } = await loadReference();
const SLOTS = { kind: "slots", servers: 3, waitingRoom: 5 } as const;

function endpoints(world: object, tiers: readonly TargetDraft["tier"][] = ["standard"]) {
  const over = { models: { m: { id: HAIKU, capacity: SLOTS } }, ...world } as Partial<ScenarioInput["world"]>;
  const { world: written } = scenarioSchema.parse(scenarioInput({ world: worldInput(over) }));
  return resolveEndpoints({
    world: { ...written, models: settleModels(written.models, facts) },
    regionNames: ["a", "b"],
    directory: regionDirectory([
      { name: "a", utcOffset: "+00:00" },
      { name: "b", utcOffset: "+00:00" },
    ] as unknown as Parameters<typeof regionDirectory>[0]),
    startMs: 0,
    targets: tiers.map((tier) => ({ tier })),
    problems: new Problems(),
  });
}

const bought = (capacity: object, units: number) =>
  endpoints({ provisioned: [{ region: "b", units, capacity }] }).list.at(-1)!;

describe("machines", () => {
  it("on demand in every region, for batch where a target wants it, provisioned where it was bought", () => {
    const machines = endpoints({ provisioned: [{ region: "b", capacity: SLOTS }] }, ["standard", "batch"]);
    assert.deepEqual(
      machines.list.map(({ id }) => id),
      ["a/m", "b/m", "a/m/batch", "b/m/batch", "b/m/provisioned"],
    );
    assert.deepEqual(
      [
        machines.indexOf("on-demand", 1, 0),
        machines.indexOf("batch", 0, 0),
        machines.indexOf("provisioned", 1, 0),
        machines.indexOf("provisioned", 0, 0),
      ],
      [1, 2, 4, -1],
    );
    assert.equal(endpoints({}).list.length, 2);
  });

  it("a model unit's capacity times the units", () => {
    const slots = bought(SLOTS, 4).capacity;
    assert.ok(slots.kind === "slots" && slots.servers === 12 && slots.waitingRoom === 20);
    const batch = { kind: "batching", stepBase: "10ms", stepPerSequence: "2ms", maxBatch: 8, kvTokens: 1000 };
    const batching = bought(batch, 2).capacity;
    assert.ok(batching.kind === "batching");
    // Two batches of n sequences each take the step of one: 10 + 2 n = 10 + 1 (2 n).
    assert.deepEqual(
      [batching.stepBaseMs, batching.stepPerSequenceMs, batching.batchMax, batching.kvTokensMax],
      [10, 1, 16, 2000],
    );
    const recorded = { kind: "empirical", cells: [{ ttft: "1s", tpot: "1ms" }], load: [[10, 2]] };
    const empirical = bought(recorded, 3).capacity;
    assert.ok(empirical.kind === "empirical");
    assert.deepEqual(empirical.load, [[30, 2]]);
  });

  it("batch: what is given stays, but no job waits beyond the window", () => {
    const own = (batch: object) => {
      const models = { m: { id: HAIKU, capacity: SLOTS, batch } };
      const { capacity, windowMs } = endpoints({ models }, ["batch"]).list.at(-1)!;
      assert.ok(capacity.kind === "slots");
      return [capacity.servers, capacity.waitingRoom, capacity.patience, windowMs];
    };
    const [room, hour] = [Number.POSITIVE_INFINITY, 3_600_000];
    assert.deepEqual(own({ window: "1h" }), [3, room, { kind: "constant", value: hour }, hour]);
    const capacity = { kind: "slots", servers: 7, waitingRoom: 9, patience: "10m" };
    assert.deepEqual(own({ capacity, window: "1h" }), [7, 9, { kind: "constant", value: 600_000 }, hour]);
  });
});
