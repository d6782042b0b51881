import { z } from "zod";
import { lawSchema } from "../random/laws/index.ts";
import type { FittedSpec } from "../world/capacity/capacity.ts";
import { count, durationMs } from "./units.ts";

const noise = lawSchema("count").optional().meta({ description: "Factor of mean 1 on each call's part" });

const loadPoints = z
  .array(z.tuple([count, z.number().positive()]))
  .default([])
  .refine((points) => points.every(([calls], i) => i === 0 || calls > points[i - 1]![0]), "calls must ascend")
  .meta({ description: "[calls, factor] points, ascending; straight between them, and on along the last line" });

/** What a measured endpoint has beside its servers and its line. */
export const fittedShape = {
  prompt: z
    .strictObject({
      base: durationMs.default(0).meta({ description: "Time to the first token, whatever the prompt" }),
      perToken: durationMs.default(0).meta({ description: "Added for each uncached input token" }),
      noise,
      paced: z.enum(["own", "shared", "in-line", "serial", "in-steps"]).default("own").meta({
        description:
          "own: load does not slow it; shared: load does; in-line: it does not, but prompts are read one at a time; serial: it does, and one at a time; in-steps: as serial, but the base of one does not hold up the next",
      }),
      slowdown: z.number().min(0).max(1000).default(0).meta({
        description:
          "Added to the load's factor for everybody while a prompt is read, where that is one at a time: 0.2",
      }),
    })
    .prefault({})
    .meta({ description: "From the start of service to the first token" }),
  output: z
    .strictObject({
      perToken: durationMs.default(0).meta({ description: "Each output token after the first" }),
      noise,
      sameLuck: z.boolean().default(false).meta({ description: "A call has one luck for prompt and output" }),
      whole: z.boolean().default(false).meta({ description: "The answer comes in one piece at the end" }),
    })
    .prefault({})
    .meta({ description: "From the first token to the last" }),
  load: z
    .strictObject({
      factors: loadPoints,
      counts: z.enum(["all", "decoding"]).default("all").meta({
        description: "Calls that slow the others: all in service, or those past their first token",
      }),
      applies: z.enum(["continuously", "at-start"]).default("continuously").meta({
        description: "The slowdown follows the load all the time, or is settled when service begins",
      }),
    })
    .prefault({})
    .meta({ description: "How calls in service slow each other" }),
};

const fittedParts = z.strictObject(fittedShape);

/** The engine's form of these parts. */
export function fittedPartsOf(input: z.output<typeof fittedParts>): FittedParts {
  const { prompt, output, load } = input;
  return {
    promptBaseMs: prompt.base,
    promptPerTokenMs: prompt.perToken,
    prompts: prompt.paced,
    promptSlowdown: prompt.slowdown,
    perOutputTokenMs: output.perToken,
    promptNoise: prompt.noise ?? null,
    outputNoise: output.noise ?? null,
    sameLuck: output.sameLuck,
    isWhole: output.whole,
    load: load.factors,
    counts: load.counts,
    applies: load.applies,
  };
}

type FittedParts = Omit<FittedSpec, "kind" | "servers" | "waitingRoom" | "patience" | "queueDelayMsMax" | "background">;
