import type { RunResult } from "../../../simulator/experiment/result.ts";
import { EDGES, fixture } from "../fixture.ts";

/** Every fixture by name, the normal one first. */
export const FIXTURES: readonly (readonly [string, RunResult])[] = [
  ["the normal run", fixture()],
  ...Object.entries(EDGES),
];

/** Whether a picture places or sizes something by a number that is none. */
export function drawsMissing(svg: string): boolean {
  return /NaN|undefined|Infinity|null/.test(svg.replace(/<text[\s\S]*?<\/text>/g, ""));
}

/** All names of layers and panels in a spec, depth first. */
export function namesIn(spec: unknown): string[] {
  if (typeof spec !== "object" || spec === null) return [];
  const { name, layer, concat, hconcat, vconcat } = spec as Record<string, unknown>;
  const children = [layer, concat, hconcat, vconcat].flatMap((list) => (Array.isArray(list) ? list : []));
  return [...(typeof name === "string" ? [name] : []), ...children.flatMap(namesIn)];
}

/** Replaces every comparison's verdict, as if the intervals had said so. */
export function withVerdict(result: RunResult, verdict: "better" | "worse" | "not shown"): RunResult {
  return { ...result, comparisons: result.comparisons.map((one) => ({ ...one, verdict })) };
}
