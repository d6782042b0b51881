/** `meridian list`: what a scenario or a command can name. */
import { EXIT_CODES, MeridianError } from "../../simulator/base/errors.ts";
import { suggestOneOf } from "../../simulator/base/near-names.ts";
import { AWS_REGIONS } from "../../simulator/base/regions.ts";
import { LAWS } from "../../simulator/random/laws/index.ts";
import { STRATEGIES } from "../../simulator/strategies/index.ts";
import { ARRIVALS } from "../../simulator/traffic/arrivals/index.ts";
import { FORMATS } from "../../simulator/traffic/formats/index.ts";
import { listTraces } from "../io/traces.ts";
import { type CommandDefinition, type CommandInput, jsonDocument } from "./command.ts";

export const listCommand: CommandDefinition = {
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
    const fix = suggestOneOf(kind, kinds);
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

/** One thing that a scenario or a command can name. */
export interface CatalogueEntry {
  readonly name: string;
  /** One line. */
  readonly summary: string;
}

/** What `meridian list` knows, by kind. Each is read when it is asked for. */
export const CATALOGUES: Readonly<Record<string, () => Promise<readonly CatalogueEntry[]>>> = {
  strategies: async () => STRATEGIES.map(({ name, summary }) => ({ name, summary })),
  regions: async () =>
    AWS_REGIONS.map((region) => ({
      name: region.id,
      summary: `${region.city}, ${region.country}, UTC${formatOffset(region.utcOffsetMinutes)}`,
    })),
  arrivals: async () => Object.values(ARRIVALS).map(({ name, summary }) => ({ name, summary })),
  laws: async () => Object.values(LAWS).map(({ name, summary }) => ({ name, summary })),
  traces: listTraces,
  formats: async () => FORMATS.map(({ name, summary }) => ({ name, summary })),
  charts: async () => {
    const { CHARTS } = await import("../../reports/index.ts");
    return CHARTS.map((chart) => ({ name: chart.id, summary: chart.question }));
  },
};

/** 330 → `+05:30`. */
function formatOffset(minutes: number): string {
  const size = Math.abs(minutes);
  const two = (value: number) => String(value).padStart(2, "0");
  return `${minutes < 0 ? "-" : "+"}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}
