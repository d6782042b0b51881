/** `meridian schema`: the JSON Schema of scenario files, for editors. */
import writeFileAtomic from "write-file-atomic";
import { EXIT_CODES, MeridianError } from "../../simulator/base/errors.ts";
import { scenarioJsonSchema } from "../../simulator/scenario/schema.ts";
import { environmentProblem } from "../io/text-files.ts";
import type { CommandDefinition, CommandInput } from "./command.ts";

export const schemaCommand: CommandDefinition = {
  examples: [
    ["meridian schema", "prints it"],
    ["meridian schema -o scenarios/scenario.schema.json", "writes it to a file"],
  ],
  configure: (command) => void command.option("-o, --output <file>", "write to a file"),
  run: runSchema,
};

async function runSchema({ options, terminal }: CommandInput): Promise<number> {
  const text = JSON.stringify(scenarioJsonSchema(), null, 2);
  const { output } = options;
  if (typeof output !== "string") {
    terminal.out(text);
    return EXIT_CODES.ok;
  }
  try {
    await writeFileAtomic(output, `${text}\n`);
  } catch (error) {
    const fix = "name a file in a folder that exists and can be written to";
    throw new MeridianError("environment", environmentProblem("SCHEMA_NOT_WRITTEN", error, output, fix), {
      cause: error,
    });
  }
  terminal.note(`wrote ${output}`);
  return EXIT_CODES.ok;
}
