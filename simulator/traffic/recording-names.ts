import type { ArrivalSpec } from "./arrivals/index.ts";
import type { DayShapeSpec } from "./day-shape.ts";
import type { LengthSpec, TokenSpec } from "./tokens.ts";

/** Names (or file paths) of every recording that a class needs, in a fixed order and without repeats. */
export function traceNamesOf(traffic: { readonly arrivals: ArrivalSpec; readonly tokens?: TokenSpec }): string[] {
  const { arrivals, tokens } = traffic;
  const names = new Set<string>();
  const addShape = (shape: DayShapeSpec | null) => {
    if (shape?.kind === "recorded") names.add(shape.name);
  };
  if (arrivals.process === "trace") {
    names.add(arrivals.trace);
    addShape(arrivals.shape);
  }
  if (arrivals.process === "diurnal") addShape(arrivals.shape);
  if (arrivals.process === "servegen") names.add(arrivals.clients);
  for (const length of [tokens?.input, tokens?.output, tokens?.maxTokens as LengthSpec | undefined]) {
    if (length?.kind === "recorded") names.add(length.name);
  }
  return [...names];
}

/** Whether the scenario must give token counts: recorded requests bring their own. */
export function tokensRequired(arrivals: ArrivalSpec): boolean {
  return arrivals.process !== "trace";
}
