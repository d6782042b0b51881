import { z } from "zod";
import { durationMs, share } from "../../scenario/units.ts";
import type { ArrivalDefinition } from "../arrival-process.ts";
import { createDayShape, type DayShapeSpec, dayShapeSchema } from "../day-shape.ts";
import { replay } from "../replay.ts";
import { shapedByDay } from "../time-change.ts";
import type { TraceSpec } from "../trace-spec.ts";

/** A factor of rate or time. */
const factor = z.number().refine((value) => value >= 1e-3 && value <= 1e4, "must be between 0.001 and 10000");

/** Recorded requests. In YAML its options stand beside the trace's name. */
export const trace: ArrivalDefinition<TraceSpec> & { readonly options: Readonly<Record<string, z.ZodType>> } = {
  name: "trace",
  summary: "Recorded requests: { trace: azure-conv-2023, scale: 3, tile: true, shape: servegen-m-large }",
  schema: z
    .string()
    .min(1)
    .transform((name) => traceSpec(name, {})),
  options: {
    scale: factor.meta({ description: "Rate multiplied by this: copies of the recording, and a thinned one" }),
    timeScale: factor.meta({ description: "Times multiplied by this: 0.5 plays at double speed" }),
    slice: z
      .strictObject({ from: durationMs.default(0), to: durationMs.optional() })
      .refine(({ from, to }) => to === undefined || from < to, { message: "from must be before to", path: ["from"] })
      .meta({ description: "Part of the recording, from its start" }),
    tile: z.boolean().meta({ description: "Repeat the recording to fill the run" }),
    shift: z
      .union([z.literal("random"), durationMs])
      .meta({ description: "Start this much later; random: at a point drawn for each replication" }),
    spread: durationMs.meta({ description: "The copies of `scale` start evenly over this time; default 1m" }),
    thin: share
      .refine((value) => value >= 1e-4 && value <= 1, "thin must be between 0.01% and 100%")
      .meta({ description: "Share of the requests that are kept" }),
    only: z.string().min(1).meta({ description: "Only rows with this class label" }),
    shape: dayShapeSchema,
  },
  create: (spec, context) => {
    if (spec.shape === null) return replay(spec, context, context.durationMs);
    const shape = createDayShape(spec.shape, context.recordings);
    // Operational time never runs faster than at the shape's peak.
    const process = replay(spec, context, context.durationMs * shape.weights.reduce((a, b) => Math.max(a, b), 1));
    return shapedByDay(process, shape, context.origins);
  },
};

/** The full spec of a trace from its name and the options that stand beside it. */
export function traceSpec(name: string, options: Readonly<Record<string, unknown>>): TraceSpec {
  const slice = options.slice as { from: number; to?: number } | undefined;
  const shape = (options.shape as DayShapeSpec | undefined) ?? null;
  return {
    process: "trace",
    trace: name,
    scale: (options.scale as number | undefined) ?? 1,
    timeScale: (options.timeScale as number | undefined) ?? 1,
    fromMs: slice?.from ?? 0,
    toMs: slice?.to ?? null,
    // A shape needs traffic all day long.
    tile: ((options.tile as boolean | undefined) ?? false) || shape !== null,
    shiftMs: (options.shift as number | "random" | undefined) ?? 0,
    spreadMs: (options.spread as number | undefined) ?? 60_000,
    thin: (options.thin as number | undefined) ?? 1,
    only: (options.only as string | undefined) ?? null,
    shape,
  };
}
