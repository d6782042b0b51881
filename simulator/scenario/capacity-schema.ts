import { z } from "zod";
import { lawSchema } from "../random/laws/index.ts";
import type { BackgroundSpec, CapacitySpec } from "../world/capacity/capacity.ts";
import { fittedPartsOf, fittedShape } from "./fitted-schema.ts";
import { count, durationMs, share } from "./units.ts";

const unlimited = z.literal("unlimited").transform(() => Number.POSITIVE_INFINITY);
const limit = z.union([unlimited, count]);
const positiveLimit = limit.refine((value) => value > 0, "must be more than 0, or unlimited");

const localHour = z
  .string()
  .regex(/^([01]?\d|2[0-3]):[0-5]\d$/, 'write a local time of day such as "15:00"')
  .transform((text) => {
    const [hours, minutes] = text.split(":").map(Number);
    return hours! + minutes! / 60;
  });

const backgroundSchema = z
  .strictObject({
    mean: count.meta({
      description: "Mean number of servers (slots) or decoding sequences (batching) that others take",
    }),
    swing: share
      .pipe(z.number().min(0).max(1))
      .default(0)
      .meta({ description: "How far the occupancy rises above its mean at the peak hour: 40%" }),
    peakAt: localHour.default(15).meta({ description: 'Local time of the peak, such as "15:00"' }),
    noise: share
      .pipe(z.number().min(0).max(2))
      .default(0)
      .meta({ description: "Standard deviation of the slow random part over the mean: 15%" }),
    noiseTime: durationMs.default(1_800_000).meta({ description: "Correlation time of the random part" }),
    step: durationMs
      .refine((ms) => ms > 0, "must be more than 0")
      .default(60_000)
      .meta({ description: "How often the occupancy changes" }),
  })
  .meta({ description: "Other tenants on the same machines, by local hour of the region" });

const queueShape = {
  waitingRoom: limit
    .default(Number.POSITIVE_INFINITY)
    .meta({ description: "Places to wait: a number, 0 for none, or unlimited" }),
  maxQueueDelay: durationMs.optional().meta({ description: "Refuse with 503 when the expected delay is longer" }),
  patience: lawSchema("durationMs")
    .optional()
    .meta({ description: "How long a call waits before it leaves the queue" }),
  background: backgroundSchema.optional(),
};

const slotsSchema = z
  .strictObject({
    kind: z.literal("slots"),
    servers: positiveLimit.meta({ description: "Calls served at a time: a number, or unlimited" }),
    service: lawSchema("durationMs")
      .default({ kind: "constant", value: 0 })
      .meta({ description: "Service time of a call, apart from its tokens" }),
    perInputToken: durationMs.default(0).meta({ description: "Added for each uncached input token" }),
    perOutputToken: durationMs.default(0).meta({ description: "Added for each output token" }),
    discipline: z.enum(["fcfs", "priority", "processor-sharing"]).optional().meta({
      description:
        "Who is served next: first come, by priority level, or everybody at a shared rate; priority where targets have the tiers priority, flex or reserved, else fcfs, unless given",
    }),
    ...queueShape,
  })
  .superRefine((slots, context) => {
    if (slots.discipline !== "processor-sharing") return;
    for (const key of ["patience", "maxQueueDelay", "background"] as const) {
      if (slots[key] === undefined) continue;
      const message = `processor-sharing serves everybody at once and has no ${key}: leave it out`;
      context.addIssue({ code: "custom", path: [key], message });
    }
  })
  .meta({ description: "Servers and a queue: closed forms, provisioned throughput, simple worlds" });

const batchingSchema = z
  .strictObject({
    kind: z.literal("batching"),
    stepBase: durationMs.meta({ description: "alpha: time of a decode step of an empty batch" }),
    stepPerSequence: durationMs.meta({ description: "beta: added to a step by each sequence in the batch" }),
    prefill: z
      .strictObject({
        base: durationMs.default(0).meta({ description: "Delay before the first token, whatever the prompt" }),
        perToken: durationMs.default(0).meta({ description: "Delay for each uncached input token" }),
        workPerToken: z
          .number()
          .min(0)
          .default(0)
          .meta({ description: "Decode steps that each uncached input token also takes" }),
      })
      .prefault({})
      .meta({ description: "What the prompt costs before decoding begins" }),
    noise: lawSchema("count").optional().meta({ description: "Factor of mean 1 on each call's work" }),
    maxBatch: positiveLimit.default(Number.POSITIVE_INFINITY).meta({ description: "Most own sequences in the batch" }),
    kvTokens: positiveLimit
      .default(Number.POSITIVE_INFINITY)
      .meta({ description: "Most tokens in the key-value cache: input + output of all in the batch" }),
    discipline: z
      .enum(["fcfs", "priority"])
      .optional()
      .meta({ description: "Who is served next; as for slots unless given" }),
    ...queueShape,
  })
  .refine((batching) => batching.stepBase + batching.stepPerSequence > 0, {
    path: ["stepBase"],
    message: "a decode step takes time: give stepBase or stepPerSequence above 0",
  })
  .meta({ description: "Continuous batching: a step takes alpha + beta x (own + others' sequences)" });

const cellSchema = z.strictObject({
  hours: z
    .tuple([z.number().min(0).max(24), z.number().min(0).max(24)])
    .default([0, 24])
    .meta({ description: "Local hours [from, to); may wrap at midnight" }),
  maxInputTokens: positiveLimit.default(Number.POSITIVE_INFINITY),
  maxOutputTokens: positiveLimit.default(Number.POSITIVE_INFINITY),
  ttft: lawSchema("durationMs").meta({ description: "Time to first token" }),
  tpot: lawSchema("durationMs").meta({ description: "Time per output token after the first" }),
});

const empiricalSchema = z
  .strictObject({
    kind: z.literal("empirical"),
    cells: z.array(cellSchema).min(1).meta({ description: "Recorded latencies; the first cell that fits is used" }),
    load: z
      .array(z.tuple([count, z.number().positive()]))
      .default([])
      .meta({ description: "[calls in flight, latency factor] points, ascending; linear between them" }),
  })
  .meta({ description: "Recorded latencies, scaled by load" });

const fittedSchema = z
  .strictObject({
    kind: z.literal("fitted"),
    servers: positiveLimit
      .default(Number.POSITIVE_INFINITY)
      .meta({ description: "Calls served at a time: a number, or unlimited" }),
    ...fittedShape,
    ...queueShape,
  })
  .meta({ description: "A measured endpoint, as meridian calibrate writes it" });

export const capacitySchema = z
  .discriminatedUnion("kind", [slotsSchema, batchingSchema, empiricalSchema, fittedSchema])
  .meta({ id: "capacity", description: "Serving capacity of one region for one model" });
export type CapacityInput = z.output<typeof capacitySchema>;

/** A station that every request passes before it is routed: nobody is turned away there, and it sees no tokens. */
export const gatewaySchema = capacitySchema.superRefine((gateway, context) => {
  if (gateway.kind === "empirical") return;
  const isThere = {
    kind: gateway.kind === "fitted",
    waitingRoom: gateway.waitingRoom < Number.POSITIVE_INFINITY,
    maxQueueDelay: gateway.maxQueueDelay !== undefined,
    patience: gateway.patience !== undefined,
    perInputToken: gateway.kind === "slots" && gateway.perInputToken > 0,
    perOutputToken: gateway.kind === "slots" && gateway.perOutputToken > 0,
  };
  for (const [key, is] of Object.entries(isThere)) {
    if (!is) continue;
    const message = `a gateway lets every request wait and does not see its tokens: leave ${key} out`;
    context.addIssue({ code: "custom", path: [key], message });
  }
});

export type Discipline = "fcfs" | "priority";

/** The engine's form of a capacity. @param usual the discipline where the scenario names none */
export function capacitySpecOf(input: CapacityInput, usual: Discipline = "fcfs"): CapacitySpec {
  switch (input.kind) {
    case "slots":
      return {
        kind: "slots",
        servers: input.servers,
        service: input.service,
        perInputTokenMs: input.perInputToken,
        perOutputTokenMs: input.perOutputToken,
        discipline: input.discipline ?? usual,
        ...queueOf(input),
      };
    case "batching":
      return {
        kind: "batching",
        stepBaseMs: input.stepBase,
        stepPerSequenceMs: input.stepPerSequence,
        prefillBaseMs: input.prefill.base,
        prefillPerTokenMs: input.prefill.perToken,
        prefillWorkPerToken: input.prefill.workPerToken,
        noise: input.noise ?? null,
        batchMax: input.maxBatch,
        kvTokensMax: input.kvTokens,
        discipline: input.discipline ?? usual,
        ...queueOf(input),
      };
    case "fitted":
      return { kind: "fitted", servers: input.servers, ...fittedPartsOf(input), ...queueOf(input) };
    case "empirical":
      return {
        kind: "empirical",
        cells: input.cells.map((cell) => ({
          hourFrom: cell.hours[0],
          hourTo: cell.hours[1],
          inputTokensMax: cell.maxInputTokens,
          outputTokensMax: cell.maxOutputTokens,
          ttftMs: cell.ttft,
          tpotMs: cell.tpot,
        })),
        load: input.load,
      };
  }
}

function queueOf(input: Exclude<CapacityInput, { kind: "empirical" }>) {
  return {
    waitingRoom: input.waitingRoom,
    patience: input.patience ?? null,
    queueDelayMsMax: input.maxQueueDelay ?? Number.POSITIVE_INFINITY,
    background: input.background === undefined ? null : backgroundOf(input.background),
  };
}

function backgroundOf(input: z.output<typeof backgroundSchema>): BackgroundSpec {
  return {
    mean: input.mean,
    swing: input.swing,
    peakHour: input.peakAt,
    noise: input.noise,
    noiseTimeMs: input.noiseTime,
    stepMs: input.step,
  };
}
