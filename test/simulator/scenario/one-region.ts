import type { ScenarioInput } from "../../../simulator/scenario/schema.ts";
import { usdOf } from "../../../simulator/service/pricing/prices.ts";
import type { Row } from "../engine/run.ts";
import { HAIKU, scenarioInput, worldInput } from "./base.ts";

type World = ScenarioInput["world"];

/** Servers that take a second for a call. */
export const slots = (servers: number | "unlimited", over: object = {}) =>
  ({ kind: "slots", servers, service: "1s", ...over }) as const;
/** Rows of traffic at equal distances. */
export const every = (ms: number, count: number, row: Partial<Row> = {}): Row[] =>
  Array.from({ length: count }, (_, i) => ({ atMs: (i + 1) * ms, ...row }));
/** One region with one model, which costs 1 and 5 USD per million tokens. */
export const input = (world: object, over: Partial<ScenarioInput> = {}): ScenarioInput =>
  scenarioInput({
    world: worldInput({
      regions: [{ name: "a" }],
      models: { m: { id: HAIKU, burndown: 1, capacity: slots("unlimited") } },
      ...world,
    } as Partial<World>),
    ...over,
  });
/** A strategy that sends everything to one target. */
export const at = (target: string) => [{ single: { target } }];
/** 100 tokens at 1 and 50 at 5 USD per million. */
export const CALL_USD = 350e-6;
export const usd = (fUsd: bigint) => usdOf(fUsd);
