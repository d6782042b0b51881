import { z } from "zod";

/**
 * Shape of `scenarios/reference/region-rtt.json`: median round trips between AWS regions in ms, row = from, column =
 * to, diagonal = within the region. Not symmetric to the digit.
 */
export const roundTripDataSchema = z.object({
  unit: z.literal("ms"),
  percentile: z.string(),
  window: z.string(),
  source: z.string(),
  notCovered: z.array(z.string()),
  rtt: z.record(z.string(), z.record(z.string(), z.number().positive())),
});
export type RoundTripData = z.output<typeof roundTripDataSchema>;
