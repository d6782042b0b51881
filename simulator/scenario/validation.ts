/** `validation`: what `meridian validate` replays of a scenario, and how far the simulator may be off. */
import { z } from "zod";
import { parseDurationMs } from "../base/quantities.ts";
import { share } from "../base/schema-forms.ts";
import type { Problems } from "./problems.ts";

const aboveZero = share.pipe(z.number().positive().max(1));
/** Kept as text: it is passed on like `--at` and `--duration`. */
const time = z.string().refine((text) => parseDurationMs(text) !== undefined, "write a time such as 90s or 14h");

const marginsSchema = z
  .strictObject({
    p50: aboveZero.default(0.05).meta({ description: "Of p50 of E2E and TTFT, of the measured value" }),
    p95: aboveZero.default(0.05).meta({ description: "Of p95 of E2E and TTFT" }),
    p99: aboveZero.default(0.1).meta({ description: "Of p99 of E2E and TTFT" }),
    throttled: aboveZero.default(0.01).meta({ description: "Share of attempts answered 429; 1% is one point" }),
    unavailable: aboveZero.default(0.01).meta({ description: "Share of attempts answered 503, in points" }),
    retries: aboveZero.default(0.02).meta({ description: "Attempts beyond the first, per request" }),
    failed: aboveZero.default(0.01).meta({ description: "Share of requests not served, in points" }),
    split: aboveZero.default(0.01).meta({ description: "Share of served requests that ran in a region, in points" }),
    cost: aboveZero.default(0.005).meta({ description: "Of the price of 1,000 served requests" }),
  })
  .meta({ description: "Simulator and measurement must differ by less than this; fixed before measuring" });

/** What `meridian validate` compares, and how close it must be. */
export const validationSchema = z
  .strictObject({
    at: time.optional().meta({ description: "Where in the scenario to begin; its start unless given" }),
    for: time.optional().meta({ description: "How much of it is replayed in real time, such as 3m" }),
    strategies: z.array(z.string().min(1)).min(1).optional().meta({
      description: "Labels of the strategies that are validated; all unless given",
    }),
    margins: marginsSchema.prefault({}),
  })
  .meta({ description: "What meridian validate replays, and how far the simulator may be off" });

/** Labels that no strategy of the scenario has become problems. */
export function checkValidation(
  { strategies }: { readonly strategies?: readonly string[] | undefined },
  known: readonly string[],
  problems: Problems,
): void {
  strategies?.forEach((label, i) => {
    problems.indexOf(label, known, "strategy", `validation.strategies[${i}]`);
  });
}
