/** The engine against itself: its speed with more requests in flight, its memory over more requests. */
import Table from "cli-table3";
import { median } from "simple-statistics";
import type { Program, Round } from "./rounds.ts";

/** The engine on R1 with more requests in flight, and over more requests. */
export interface ScaleSummary {
  readonly rows: readonly ScaleRow[];
  readonly holds: boolean;
}

/** Speed or memory at one size. */
export interface ScaleRow {
  readonly what: string;
  readonly value: string;
  /** Against the first row of its kind. */
  readonly ratio: number;
  readonly allowed: string;
  readonly holds: boolean;
}

/** The size of a measurement. */
export interface ScalePlan {
  readonly rounds: number;
  readonly requests: number;
  readonly memoryRequests: readonly [number, number];
}

export const SCALE_PLAN: ScalePlan = { rounds: 3, requests: 6_000_000, memoryRequests: [1_000_000, 50_000_000] };

/** Servers per region, all of them busy, and the least share of the first size's speed that each must keep. */
const IN_FLIGHT = [
  { servers: 64, shareMin: 1 },
  { servers: 2_000, shareMin: 0.7 },
  { servers: 200_000, shareMin: 0.2 },
] as const;
const REGIONS = 5;
const perSOf = (servers: number): number => (72 * servers) / 64;
const MEMORY_RATIO_MAX = 1.1;

/** Measures the sizes in turn, like the models' rounds; the median of the rounds' ratios is judged. */
export async function runScale(
  plan: ScalePlan,
  engine: Program,
  onRound: (done: string) => void,
): Promise<ScaleSummary> {
  const rounds: Round[][] = [];
  for (let i = 0; i < plan.rounds; i++) {
    const round: Round[] = [];
    for (const { servers } of IN_FLIGHT) {
      round.push(await engine("r1", plan.requests, 4_000 + i, { servers, perS: perSOf(servers) }));
    }
    rounds.push(round);
    onRound(`in flight: round ${i + 1} of ${plan.rounds}`);
  }
  const memory: Round[] = [];
  for (const requests of plan.memoryRequests) {
    // Over the same simulated time, since a result has figures for each hour, whose size is not in question.
    const perS = (perSOf(64) * requests) / plan.memoryRequests[1];
    memory.push(await engine("r1", requests, 5_000, { servers: 64, perS }));
  }
  onRound("memory");
  return summariseScale(rounds, memory);
}

/** @param rounds by round, in the order of the sizes in flight @param memory a short run and a long one */
export function summariseScale(rounds: readonly (readonly Round[])[], memory: readonly Round[]): ScaleSummary {
  const rows = IN_FLIGHT.map(({ servers, shareMin }, i): ScaleRow => {
    const ratio = median(rounds.map((round) => speed(round[i]!) / speed(round[0]!)));
    const kreqPerS = median(rounds.map((round) => speed(round[i]!))) / 1_000;
    return {
      what: `${(servers * REGIONS).toLocaleString("en-US")} in flight`,
      value: `${kreqPerS.toFixed(0)} kreq/s`,
      ratio,
      allowed: `at least ${shareMin}`,
      holds: ratio >= shareMin,
    };
  });
  for (const [i, round] of memory.entries()) {
    const ratio = round.peakRssMiB! / memory[0]!.peakRssMiB!;
    rows.push({
      what: `${round.requests.toLocaleString("en-US")} requests`,
      value: `${round.peakRssMiB!.toFixed(0)} MiB at most`,
      ratio,
      allowed: i === 0 ? "" : `at most ${MEMORY_RATIO_MAX}`,
      holds: ratio <= MEMORY_RATIO_MAX,
    });
  }
  return { rows, holds: rows.every((row) => row.holds) };
}

/** A table for the terminal. */
export function scaleTable({ rows }: ScaleSummary): string {
  const table = new Table({ head: ["R1 with", "engine", "ratio", "allowed", ""], style: { head: [], border: [] } });
  for (const { what, value, ratio, allowed, holds } of rows) {
    table.push([what, value, ratio.toFixed(2), allowed, holds ? "holds" : "BROKEN"]);
  }
  return table.toString();
}

function speed(round: Round): number {
  return round.requests / round.userSeconds;
}
