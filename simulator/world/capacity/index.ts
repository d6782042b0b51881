import type { SlotTable } from "../../engine/slot-table.ts";
import { BatchingCapacity } from "./batching.ts";
import type { Capacity, CapacityContext, CapacitySpec } from "./capacity.ts";
import { EmpiricalCapacity } from "./empirical.ts";
import { FittedCapacity } from "./fitted.ts";
import { ProcessorSharing } from "./processor-sharing.ts";
import { SlotsCapacity } from "./slots.ts";

/** The registry of capacity models: one line each. */
export function createCapacity(spec: CapacitySpec, context: CapacityContext, table: SlotTable): Capacity {
  switch (spec.kind) {
    case "batching":
      return new BatchingCapacity(spec, context, table);
    case "empirical":
      return new EmpiricalCapacity(spec, context, table);
    case "fitted":
      return new FittedCapacity(spec, context, table);
    case "slots":
      return spec.discipline === "processor-sharing"
        ? new ProcessorSharing(spec, context, table)
        : new SlotsCapacity(spec, context, table);
  }
}
