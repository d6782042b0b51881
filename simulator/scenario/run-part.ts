/** What a plan has straight from the scenario: when the run is, how long, how often repeated, what routers know. */
import type { TargetDraft } from "./drafts.ts";
import type { Plan } from "./plan.ts";
import type { Scenario } from "./schema.ts";

/** ms since 1970 UTC. */
export function startMsOf({ start }: Scenario): number {
  return Date.parse(start);
}

/** ms; Infinity where the number of requests ends the run. */
export function durationMsOf({ duration }: Scenario): number {
  return duration ?? Number.POSITIVE_INFINITY;
}

/** When the run is, ms since 1970 UTC; the end of arrivals, or Infinity. */
export function spanOf(scenario: Scenario): { readonly startMs: number; readonly endMs: number } {
  const startMs = startMsOf(scenario);
  return { startMs, endMs: startMs + durationMsOf(scenario) };
}

type RunPart = Pick<
  Plan,
  | "name"
  | "description"
  | "seed"
  | "startMs"
  | "durationMs"
  | "arrivalsFromMs"
  | "requestsMax"
  | "drainMs"
  | "replications"
  | "routers"
  | "signals"
>;

/** @param targets with a batch target among them the run lasts longer: its answers come late */
export function runPartOf(scenario: Scenario, targets: readonly Pick<TargetDraft, "tier">[]): RunPart {
  const { name, description, seed, arrivalsFrom, requests, replications, routers, signals } = scenario;
  return {
    name,
    description,
    seed,
    startMs: startMsOf(scenario),
    durationMs: durationMsOf(scenario),
    arrivalsFromMs: arrivalsFrom,
    requestsMax: requests ?? Number.POSITIVE_INFINITY,
    drainMs: drainMsOf(scenario, targets),
    replications,
    routers,
    signals: { source: signals.source, ageMs: signals.age },
  };
}

/** Batch answers may come a whole window after their call, and count; then the usual time for what is under way. */
function drainMsOf({ drain, world }: Scenario, targets: readonly Pick<TargetDraft, "tier">[]): number {
  if (!targets.some(({ tier }) => tier === "batch")) return drain;
  return drain + Math.max(...Object.values(world.models).map(({ batch }) => batch.window));
}
