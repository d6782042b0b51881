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

/** A line per objective, across the plot; belongs below the data. */
export function sloRules(slos: readonly Slo[], unit: Unit, theme: ChartTheme): Layer[] {
  return slos.map((slo) => ({
    data: { values: [{}] },
    mark: { type: "rule", color: theme.alarm, strokeWidth: 1, strokeDash: [1, 2] },
    encoding: { x: { value: 0 }, x2: { value: "width" }, y: heightOf(slo, unit) },
  }));
}

/** Its name, above the data, with a rim in the colour of the ground so that lines below do not strike it through. */
export function sloLabels(slos: readonly Slo[], unit: Unit, theme: ChartTheme): Layer[] {
  return slos.flatMap((slo): Layer[] => {
    const label = { type: "text" as const, text: slo.text, align: "left" as const, baseline: "bottom" as const };
    const place = { dy: -3, dx: 4, fontSize: 11 };
    const encoding = { x: { value: 0 }, y: heightOf(slo, unit) };
    const rim = { stroke: theme.ground, strokeWidth: 4, strokeJoin: "round" as const };
    return [
      { data: { values: [{}] }, mark: { ...label, ...place, ...rim, color: theme.ground }, encoding },
      { data: { values: [{}] }, mark: { ...label, ...place, color: theme.alarm }, encoding },
    ];
  });
}

function heightOf(slo: Slo, unit: Unit) {
  return { datum: slo.ms * unit.factor, type: "quantitative" as const };
}
