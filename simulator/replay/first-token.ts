import { median } from "../calibration/quantiles.ts";
import { findAdapter } from "./adapters/index.ts";
import type { CalledTarget, ReplayPlan } from "./replay-plan.ts";
import type { AttemptRow } from "./rows.ts";

/** What tells whether first tokens can be seen: what is called, and how each target is. */
export interface Called extends Pick<ReplayPlan, "operation"> {
  readonly targets: readonly CalledTarget[];
}

/** Every target's answers come token by token, and the first of the tokens can be told from the others. */
export function seesFirstTokens({ operation, targets }: Called): boolean {
  return operation === "converse-stream" && targets.every((target) => target.seesFirstToken);
}

/**
 * What a reader must know of a run's times to first token. k6 sees the headers of a response and its end; where headers
 * may come before the first token, the note says how early they came, which tells one case from the other.
 */
export function firstTokenNotes(plan: Called, attempts: readonly AttemptRow[]): readonly string[] {
  if (!seesFirstTokens(plan)) return [];
  const regions = new Map<string, AttemptRow[]>();
  for (const attempt of attempts) {
    const { api, region } = plan.targets[attempt.g]!;
    if (attempt.k !== "ok" || attempt.f === null || !findAdapter(api).headersMayLead) continue;
    const rows = regions.get(region);
    if (rows === undefined) regions.set(region, [attempt]);
    else rows.push(attempt);
  }
  if (regions.size === 0) return [];
  const seen = [...regions]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([region, rows]) => `${region} ${headersOf(rows)}`);
  return [
    "TTFT is the time to the response's headers, which servers of this kind may send before the first token; they came, " +
      `at the median, after: ${seen.join("; ")}.`,
  ];
}

/** How early headers came, as a time and as a share of the attempt. */
function headersOf(attempts: readonly AttemptRow[]): string {
  const ms = median(attempts.map(({ f }) => f!));
  const share = median(attempts.map(({ s, e, f }) => f! / Math.max(f!, e - s)));
  return `${ms.toFixed(0)} ms (${(100 * share).toFixed(0)} % of an attempt)`;
}
