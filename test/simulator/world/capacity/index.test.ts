import assert from "node:assert/strict";
import { it } from "node:test";
import { Batching } from "../../../../simulator/world/capacity/batching.ts";
import { Empirical } from "../../../../simulator/world/capacity/empirical.ts";
import { createCapacity } from "../../../../simulator/world/capacity/index.ts";
import { ProcessorSharing } from "../../../../simulator/world/capacity/processor-sharing.ts";
import { Slots } from "../../../../simulator/world/capacity/slots.ts";
import { newAttempts } from "../attempts.ts";
import { batchingSpec, contextOf, slotsSpec } from "./driver.ts";

it("makes the mechanism that a spec names", () => {
  const make = (spec: Parameters<typeof createCapacity>[0]) => createCapacity(spec, contextOf(), newAttempts());
  assert.ok(make(slotsSpec()) instanceof Slots);
  assert.ok(make(slotsSpec({ discipline: "priority" })) instanceof Slots);
  assert.ok(make(slotsSpec({ discipline: "processor-sharing" })) instanceof ProcessorSharing);
  assert.ok(make(batchingSpec()) instanceof Batching);
  assert.ok(make({ kind: "empirical", cells: [], load: [] }) instanceof Empirical);
});
