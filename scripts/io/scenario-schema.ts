import { z } from "zod";
import { scenarioSchema } from "../../simulator/scenario/schema.ts";

/** JSON Schema of a scenario file as a person writes it (before units are read), draft 2020-12. */
export function scenarioJsonSchema(): Readonly<Record<string, unknown>> {
  const { $schema, ...rest } = z.toJSONSchema(scenarioSchema, { io: "input", unrepresentable: "any" });
  return { $schema, title: "Meridian scenario", ...rest };
}
