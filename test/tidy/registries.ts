/** The registries: folders whose files of one kind are all listed in the index. */
import type { Registry } from "./rules.ts";

export const REGISTRIES: readonly Registry[] = [
  { folder: "scripts/commands", definitionType: "CommandDefinition" },
  { folder: "simulator/strategies", definitionType: "StrategyDefinition" },
  { folder: "simulator/random/laws", definitionType: "LawDefinition" },
  { folder: "simulator/traffic/arrivals", definitionType: "ArrivalDefinition" },
  { folder: "simulator/traffic/formats", definitionType: "TraceFormat" },
  { folder: "simulator/bench/adapters", definitionType: "EndpointAdapter" },
  { folder: "simulator/service/capacity", definitionType: "CapacityModel", page: "docs/model/capacity.md" },
  { folder: "simulator/sweep/designs", definitionType: "Design" },
  { folder: "reports/charts", definitionType: "Chart" },
];
