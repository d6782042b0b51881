import { findAdapter } from "./adapters/index.ts";
import { quantile } from "./harness.ts";
import type { ReplayPlan, ReplayTarget } from "./replay-plan.ts";
import type { AttemptRow } from "./rows.ts";

type Called = Pick<ReplayPlan, "operation" | "targets">;

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
  const isLeading = plan.targets.map(({ api }) => findAdapter(api).headersMayLead);
  const served = attempts.filter(({ g, k, f }) => isLeading[g] && k === "ok" && f !== null);
  if (served.length === 0) return [];
  const median = (values: readonly number[]): number => quantile(Float64Array.from(values).sort(), 0.5);
  const headersMs = median(served.map(({ f }) => f!));
  const share = median(served.map(({ s, e, f }) => f! / Math.max(f!, e - s)));
  const where = regionsOf(plan.targets.filter((_, t) => isLeading[t]));
  return [
    `At ${where} TTFT is the time to the response's headers, which may come before the first token: ` +
      `${headersMs.toFixed(0)} ms at the median, ${(100 * share).toFixed(0)} % of an attempt.`,
  ];
}

function regionsOf(targets: readonly ReplayTarget[]): string {
  return [...new Set(targets.map(({ region }) => region))].join(", ");
}
