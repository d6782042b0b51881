import type { RunResult } from "../../../simulator/experiment/result.ts";
import { formatLimitMs, formatList, printable, type Unit } from "../../format.ts";
import type { ChartTheme } from "../../theme.ts";
import type { Layer } from "./base.ts";

export interface Slo {
  readonly ms: number;
  readonly text: string;
}

/** An objective this many times beyond the largest value would only squeeze the data. */
const FAR_FACTOR = 2.5;

/** The distinct objectives of the classes that lie near the data, each with the classes it is for. */
export function slosWithin(result: RunResult, field: "sloE2eMs" | "sloTtftMs", largestMs: number): Slo[] {
  const classesBySlo = new Map<number, string[]>();
  for (const one of result.classes) {
    const ms = one[field];
    if (ms === null || ms > largestMs * FAR_FACTOR) continue;
    classesBySlo.set(ms, [...(classesBySlo.get(ms) ?? []), printable(one.name)]);
  }
  return [...classesBySlo]
    .sort(([a], [b]) => a - b)
    .map(([ms, names]) => ({
      ms,
      text: `SLO ${formatLimitMs(ms)} (${names.length > 3 ? `${names.length} classes` : formatList(names)})`,
    }));
}

/** A labelled line per objective, across the plot. */
export function sloLayers(slos: readonly Slo[], unit: Unit, theme: ChartTheme): Layer[] {
  return slos.flatMap((slo): Layer[] => {
    const y = { datum: slo.ms * unit.factor, type: "quantitative" as const };
    return [
      {
        data: { values: [{}] },
        mark: { type: "rule", color: theme.alarm, strokeWidth: 1, strokeDash: [1, 2] },
        encoding: { x: { value: 0 }, x2: { value: "width" }, y },
      },
      {
        data: { values: [{}] },
        mark: {
          type: "text",
          text: slo.text,
          align: "left",
          baseline: "bottom",
          dy: -3,
          dx: 4,
          fontSize: 11,
          color: theme.alarm,
        },
        encoding: { x: { value: 0 }, y },
      },
    ];
  });
}
