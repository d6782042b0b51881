/** The registry of arrival processes: their specs, their YAML forms, and the process of a spec. */
import type { z } from "zod";
import { oneKeyOf } from "../../base/schema-forms.ts";
import type { ArrivalContext, ArrivalDefinition, ArrivalProcess } from "../arrival-process.ts";
import { type DeterministicSpec, deterministic } from "./deterministic.ts";
import { type DiurnalSpec, diurnal } from "./diurnal.ts";
import { type FlashSpec, flash } from "./flash.ts";
import { type GammaArrivalsSpec, gamma } from "./gamma.ts";
import { type MmppSpec, mmpp } from "./mmpp.ts";
import { type PoissonSpec, poisson } from "./poisson.ts";
import { type RenewalSpec, renewal } from "./renewal.ts";
import { type ServegenSpec, servegen } from "./servegen.ts";
import { type SinusoidSpec, sinusoid } from "./sinusoid.ts";
import { type StepsSpec, steps } from "./steps.ts";
import { type TraceSpec, trace, traceSpec } from "./trace.ts";
import { type UsersSpec, users } from "./users.ts";

/** An arrival process as plain data: what a resolved scenario stores. */
export type ArrivalSpec =
  | PoissonSpec
  | DeterministicSpec
  | RenewalSpec
  | GammaArrivalsSpec
  | MmppSpec
  | SinusoidSpec
  | DiurnalSpec
  | FlashSpec
  | StepsSpec
  | TraceSpec
  | UsersSpec
  | ServegenSpec;

/** Every arrival process by name. A new one is one file and one line here (and its spec in the union above). */
export const ARRIVALS = {
  poisson,
  deterministic,
  renewal,
  gamma,
  mmpp,
  sinusoid,
  diurnal,
  flash,
  steps,
  trace,
  servegen,
  users,
} as const;

/** Recorded requests of the store: replayed as those of a file are. */
const IMPORTED = "imported";

/** The YAML forms: `{ poisson: 20/s }`, `{ trace: azure-conv-2023, scale: 3 }`, ... `scale` may stand beside each. */
export const arrivalSchema: z.ZodType<ArrivalSpec> = oneKeyOf(formsOf(), trace.options)
  .transform(({ name, value, options }, context) => {
    if (name === IMPORTED) return traceSpec(`${IMPORTED}:${(value as TraceSpec).trace}`, options);
    if (name === trace.name) return traceSpec((value as TraceSpec).trace, options);
    const { scale, ...others } = options;
    for (const option of Object.keys(others)) {
      context.addIssue({
        code: "custom",
        path: [option],
        message: `${option} goes only with trace and imported, not with ${name}`,
      });
    }
    return scale === undefined ? value : scaledArrivals(value, scale as number);
  })
  .meta({ description: "When requests arrive: { poisson: 20/s }, { trace: calls.csv } or another of these" });

/**
 * Arrivals at `factor` times their load, whatever their process: rates are multiplied, callers of a closed loop too.
 *
 * @example scaledArrivals({ process: "poisson", ratePerS: 20 }, 1.5) // => { process: "poisson", ratePerS: 30 }
 */
export function scaledArrivals(spec: ArrivalSpec, factor: number): ArrivalSpec {
  const definition = ARRIVALS[spec.process] as ArrivalDefinition<ArrivalSpec>;
  return definition.scaled(spec, factor);
}

/** The process of a spec. @throws MeridianError TRAFFIC_* or TRACE_* where a recording is missing or too short */
export function createArrivals(spec: ArrivalSpec, context: ArrivalContext): ArrivalProcess {
  // The table is keyed by process, which TypeScript cannot tie to the spec's own member of the union.
  const definition = ARRIVALS[spec.process] as ArrivalDefinition<ArrivalSpec>;
  return definition.create(spec, context);
}

function formsOf(): Record<string, z.ZodType<ArrivalSpec>> {
  const forms: Record<string, z.ZodType<ArrivalSpec>> = {};
  for (const { name, schema, summary } of Object.values(ARRIVALS)) forms[name] = schema.meta({ description: summary });
  const summary = "Requests that meridian import put into the store: { imported: prod-week-36, scale: 2 }";
  forms[IMPORTED] = trace.schema.meta({ description: summary });
  return forms;
}
