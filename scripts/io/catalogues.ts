import { LAWS } from "../../simulator/random/laws/index.ts";
import { STRATEGIES } from "../../simulator/strategies/index.ts";
import { ARRIVALS } from "../../simulator/traffic/arrivals/index.ts";
import { FORMATS } from "../../simulator/traffic/formats/index.ts";
import { AWS_REGIONS } from "../../simulator/world/regions.ts";
import { listTraces } from "./traces.ts";

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
