/** What teams can live with, which no bill tells: how long their callers wait, where data may be, what share may move. */
import { z } from "zod";
import { AWS_REGIONS } from "../base/regions.ts";
import { durationMs, share } from "../base/schema-forms.ts";
import { isRegionAllowed, residencySchema } from "../service/residency.ts";

/** Below this a call has no time for another region: routing by price is for what can wait longer. */
export const SLA_MIN_MS = 2000;
/** Batch answers within a day. */
const BATCH_MS = 24 * 3_600_000;

const workloadSchema = z
  .strictObject({
    sla: durationMs.optional().meta({ description: "How long a caller waits at most, e.g. 6s; 24h may be batch" }),
    residency: residencySchema.optional().meta({ description: "Where data may be: eu, us, { country: DE } ..." }),
    mayMove: share.default(1).meta({ description: "Share of the team's calls that may go elsewhere" }),
  })
  .refine(({ mayMove }) => mayMove >= 0 && mayMove <= 1, { message: "must be from 0% to 100%", path: ["mayMove"] });

/** By team, as the bill's tag has it, or `untagged`; `*` is for all that are not named. */
export const workloadsSchema = z.record(z.string(), workloadSchema);
export type Workload = z.output<typeof workloadSchema>;
export type Workloads = z.output<typeof workloadsSchema>;

/** @returns undefined where nothing is said of the team */
export function workloadOf(workloads: Workloads | undefined, team: string | undefined): Workload | undefined {
  if (workloads === undefined) return undefined;
  const name = team === undefined || team === "" ? "untagged" : team;
  const named = Object.hasOwn(workloads, name) ? workloads[name] : undefined;
  return named ?? workloads["*"];
}

/**
 * Why a team's calls may not go some way; undefined where they may.
 *
 * @param way `global profile`, `batch`, or a region
 */
export function reasonAgainst(workload: Workload | undefined, way: string): string | undefined {
  if (workload === undefined) return undefined;
  const { sla, residency, mayMove } = workload;
  if (mayMove === 0) return "none of it may move";
  if (way === "batch") return sla !== undefined && sla < BATCH_MS ? "its callers do not wait a day" : undefined;
  if (sla !== undefined && sla <= SLA_MIN_MS) return "its callers wait 2 s at most";
  if (residency === undefined) return undefined;
  if (way === "global profile") return "a global profile may run calls anywhere";
  const region = AWS_REGIONS.find(({ id }) => id === way);
  return region !== undefined && isRegionAllowed(residency, region) ? undefined : "its data may not be there";
}
