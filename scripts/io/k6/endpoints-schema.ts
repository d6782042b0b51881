import { z } from "zod";
import type { AdapterSetting, AdapterSettings } from "../../../simulator/replay/adapters/adapter.ts";
import { adapters } from "../../../simulator/replay/adapters/index.ts";
import { durationMs } from "../../../simulator/scenario/units.ts";

/** Names that end so hold keys; those of AWS, k6 and this program have a meaning of their own. */
const KEY_VARIABLE = /^(?!AWS_|K6_|MERIDIAN_)[A-Z][A-Z0-9_]*(KEY|TOKEN)$/;

const charsPerToken = z.number().min(1).max(20);

/** What may be said for all endpoints of a file, and for each of them otherwise. */
const manner = {
  api: z
    .enum(adapters.map(({ name }) => name))
    .optional()
    .meta({ description: "What the endpoint speaks; bedrock where it is left out" }),
  auth: z
    .enum(["none", "api-key", "sigv4"])
    .optional()
    .meta({ description: "How calls are authorised; credentials come from the environment" }),
  keyFrom: z
    .string()
    .regex(
      KEY_VARIABLE,
      "must name an environment variable in capitals that ends in KEY or TOKEN, not one of AWS or k6",
    )
    .optional()
    .meta({ description: "Environment variable that holds the API key" }),
  models: z
    .record(z.string(), z.string().min(1))
    .optional()
    .meta({ description: "Names of models at the endpoint, by the scenario's name or id of a model" }),
  firstToken: z
    .enum(["headers", "unseen"])
    .optional()
    .meta({ description: "Whether a stream's headers come with its first token; unseen where they come before it" }),
  ...settingsOfAdapters(),
};

/** A file that says where each region's endpoint is, and how it is called. */
export const endpointsSchema = z.strictObject({
  ...manner,
  charsPerToken: z
    .union([charsPerToken, z.record(z.string(), charsPerToken)])
    .optional()
    .meta({
      description: "Characters of filler text that make a token, of all models or by the scenario's name of each",
    }),
  endpoints: z.record(
    z.string(),
    z.union([
      z.string(),
      z.strictObject({
        url: z.string(),
        roundTrip: durationMs.default(0).meta({ description: "Network round trip from here that latencies contain" }),
        ...manner,
      }),
    ]),
  ),
});

export type EndpointsInput = z.output<typeof endpointsSchema>;
/** What a file says of all its endpoints, or of one. */
export type Manner = Pick<EndpointsInput, "api" | "auth" | "keyFrom" | "models" | "firstToken">;

/** The settings of adapters that are given here, by name. */
export function settingsIn(said: Manner): AdapterSettings {
  const values = said as Readonly<Record<string, unknown>>;
  const names = new Set(adapters.flatMap((adapter) => Object.keys(adapter.settings)));
  return Object.fromEntries(
    [...names].flatMap((name) =>
      values[name] === undefined ? [] : [[name, values[name] as string | number] as const],
    ),
  );
}

/** Settings of the same name in several adapters take what any of them takes. */
function settingsOfAdapters(): Readonly<Record<string, z.ZodType>> {
  const byName = new Map<string, AdapterSetting[]>();
  for (const { settings } of adapters) {
    for (const [name, setting] of Object.entries(settings)) byName.set(name, [...(byName.get(name) ?? []), setting]);
  }
  return Object.fromEntries(
    [...byName].map(([name, settings]) => {
      const [first, ...others] = settings.map(schemaOf);
      const schema = others.length === 0 ? first! : z.union([first!, ...others]);
      return [name, schema.optional().meta({ description: settings[0]!.description })];
    }),
  );
}

function schemaOf(setting: AdapterSetting): z.ZodType {
  return setting.kind === "choice" ? z.enum(setting.choices) : z.number().min(setting.min).max(setting.max);
}
