/** Clients as ServeGen's repository has them: a file of windows for each, with its rate and the law of its gaps. */

import type { RecordedClient } from "./recording.ts";
import { type RowPlace, rowError } from "./row-cells.ts";

/** Name of a client's file in a folder of ServeGen's `data/`. */
export const CLIENT_FILE = /^chunk-(\d+)-trace\.csv(\.gz)?$/;

interface Window {
  readonly startS: number;
  readonly ratePerS: number;
  readonly cv: number;
  readonly family: "gamma" | "weibull" | undefined;
  readonly shape: number;
}

const COLUMNS = 6;
const STEP_S_MAX = 86_400;
const WINDOWS_MAX = 100_000;
/** Shapes beyond are those of windows with a handful of requests. */
const SHAPE_MIN = 0.01;
const SHAPE_MAX = 100;

/**
 * The client of one file: rows `start, rate, cv, pattern, shape, scale` without a header, seconds and requests per second.
 * Its gaps get one law for the whole recording: the family of most of its requests, and the mean of its shape's logarithm,
 * weighted by requests. Source: github.com/alibaba/ServeGen, `data/`; Xiang et al., arXiv 2505.09999, 2025.
 *
 * @returns undefined for a client without any request
 * @throws MeridianError data TRACE_BAD_NUMBER, TRACE_TOO_LARGE with the place of the row
 */
export function servegenClient(name: string, text: string, source: string): RecordedClient | undefined {
  const windows = windowsOf(text, source);
  const stepS = windows.length < 2 ? 600 : windows[1]!.startS - windows[0]!.startS;
  const place = { source, lineNumber: 2 };
  if (!(stepS > 0 && stepS <= STEP_S_MAX)) {
    throw rowError(place, "TRACE_BAD_NUMBER", `windows of ${stepS} s`, "windows ascend in steps of up to a day");
  }
  const steps = windows.length === 0 ? 0 : Math.round((windows.at(-1)!.startS - windows[0]!.startS) / stepS) + 1;
  if (steps > WINDOWS_MAX) throw rowError(place, "TRACE_TOO_LARGE", `${steps} windows`, `at most ${WINDOWS_MAX}`);
  const ratePerS = new Float64Array(steps);
  for (const each of windows) ratePerS[Math.round((each.startS - windows[0]!.startS) / stepS)] = each.ratePerS;
  const active = windows.filter((each) => each.ratePerS > 0);
  if (active.length === 0) return undefined;
  const weightOf = (family: string) =>
    active.reduce((sum, each) => sum + (each.family === family ? each.ratePerS : 0), 0);
  const family = weightOf("weibull") > weightOf("gamma") ? "weibull" : "gamma";
  return { name, stepMs: stepS * 1000, ratePerS, family, shape: shapeOf(active, family) };
}

/** Geometric mean by requests; from the CV where no window has a shape of this family. */
function shapeOf(active: readonly Window[], family: "gamma" | "weibull"): number {
  let [sum, weight] = [0, 0];
  for (const each of active) {
    const own = each.family === family ? each.shape : family === "gamma" && each.cv > 0 ? 1 / each.cv ** 2 : Number.NaN;
    if (!(own > 0)) continue;
    sum += each.ratePerS * Math.log(Math.min(SHAPE_MAX, Math.max(SHAPE_MIN, own)));
    weight += each.ratePerS;
  }
  return weight === 0 ? 1 : Math.exp(sum / weight);
}

function windowsOf(text: string, source: string): readonly Window[] {
  const windows: Window[] = [];
  text.split("\n").forEach((line, i) => {
    if (line.trim() === "") return;
    const place: RowPlace = { source, lineNumber: i + 1 };
    const cells = line.trim().split(",");
    const [startS, ratePerS, cv] = [cells[0], cells[1], cells[2]].map((cell) => Number(cell || Number.NaN)) as [
      number,
      number,
      number,
    ];
    if (cells.length !== COLUMNS || !(startS >= 0) || !(ratePerS >= 0) || !Number.isFinite(ratePerS + startS)) {
      const what = `this is no window of a client: ${line.slice(0, 60)}`;
      throw rowError(place, "TRACE_BAD_NUMBER", what, "rows are start, rate, cv, pattern, shape, scale");
    }
    if (windows.length > 0 && startS <= windows.at(-1)!.startS) {
      throw rowError(place, "TRACE_BAD_NUMBER", `${startS} s comes after a later window`, "sort the rows by time");
    }
    const pattern = cells[3]!.toLowerCase();
    const family = pattern === "gamma" || pattern === "weibull" ? pattern : undefined;
    windows.push({ startS, ratePerS, cv, family, shape: Number(cells[4]) });
  });
  return windows;
}
