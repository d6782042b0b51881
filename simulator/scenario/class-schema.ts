import { z } from "zod";
import { residencySchema } from "../profiles/residency-schema.ts";
import { arrivalSchema } from "../traffic/arrivals/index.ts";
import { tokensSchema } from "../traffic/tokens.ts";
import { durationMs } from "./units.ts";

const name = z.string().min(1).max(60);
const positiveDuration = durationMs.refine((ms) => ms > 0, "must be more than 0");

const sloSchema = z
  .strictObject({
    e2e: positiveDuration.optional().meta({ description: "From intended arrival to last byte" }),
    ttft: positiveDuration.optional().meta({ description: "From intended arrival to first token" }),
  })
  .meta({ description: "Objectives of the class" });

export const classSchema = z
  .strictObject({
    class: name.meta({ description: "Name of the traffic class" }),
    tags: z.record(name, z.string()).default({}).meta({ description: "team, product ...: for reports and audits" }),
    model: name.optional().meta({ description: "The scenario's model; may be left out where there is one" }),
    arrivals: arrivalSchema,
    tokens: tokensSchema.optional().meta({ description: "Token counts; from the recording unless given" }),
    origin: z
      .union([name, z.record(name, z.number().positive())])
      .optional()
      .meta({
        description: "Where callers are: a region or origin, or shares of several; the first region unless given",
      }),
    slo: sloSchema.optional(),
    residency: residencySchema.optional(),
    targets: z.array(name).min(1).optional().meta({
      description: "Targets that it may use, by id; every one that sells its model and is legal for it unless given",
    }),
    account: name.default("default").meta({ description: "AWS account: quotas are per account" }),
    priority: z
      .number()
      .int()
      .min(0)
      .max(3)
      .default(1)
      .meta({ description: "Level in the queues of capacities with discipline: priority; 0 is served first" }),
    deferrable: z.boolean().default(false).meta({ description: "A strategy may put it off" }),
  })
  .meta({ description: "A class of traffic" });

export type ClassInput = z.output<typeof classSchema>;
