import { EXIT_CODES, MeridianError } from "../../simulator/errors.ts";
import { CATALOGUES } from "../io/catalogues.ts";
import { suggest } from "../io/config-path.ts";
import { type CommandDefinition, type CommandInput, jsonDocument } from "./command.ts";

export const listCommand: CommandDefinition = {
  name: "list",
  summary: "List what a scenario can name: strategies, regions, traces, laws and more.",
  examples: [
    ["meridian list", "what can be listed"],
    ["meridian list strategies", "one line for each strategy"],
    ["meridian list regions --json", "the same for a script"],
  ],
  configure: (command) => void command.argument("[kind]", Object.keys(CATALOGUES).join(", ")),
  run: runList,
};

async function runList({ args, options, terminal }: CommandInput): Promise<number> {
  const kinds = Object.keys(CATALOGUES);
  const kind = args[0];
  const load = kind === undefined ? undefined : Object.hasOwn(CATALOGUES, kind) ? CATALOGUES[kind] : undefined;
  if (kind !== undefined && load === undefined) {
    const fix = suggest(kind, kinds);
    throw new MeridianError("usage", { code: "LIST_UNKNOWN", what: `there is no list of "${kind}"`, fix });
  }
  const found = load === undefined ? kinds.map((name) => ({ name, summary: `meridian list ${name}` })) : await load();
  const entries = found.map(({ name, summary }) => ({ name, summary }));
  if (options.json === true) terminal.out(jsonDocument("list", { list: kind ?? "kinds", entries }));
  else {
    const width = Math.max(...entries.map((entry) => entry.name.length));
    for (const entry of entries) terminal.out(`${entry.name.padEnd(width)}  ${entry.summary}`);
  }
  return EXIT_CODES.ok;
}
