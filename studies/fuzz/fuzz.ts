/** Runs the fuzz targets in turn and keeps what is no clear problem: a bug, a crash, or work that takes too long. */
import { MeridianError } from "../../simulator/base/errors.ts";
import { KeyedRandom, type RandomStream } from "../../simulator/random/keyed-random.ts";

export interface FuzzTarget {
  readonly name: string;
  /** Makes an input and reads it; returns the input's text for a failure's report. */
  run(random: RandomStream, say: (input: string) => void): Promise<void> | void;
}

export interface FuzzOptions {
  readonly targets: readonly FuzzTarget[];
  readonly seed: number;
  /** Ends after so many inputs, or after so long. */
  readonly inputsMax: number;
  readonly forMs: number;
  /** Of one input. */
  readonly slowMs: number;
  readonly clockMs: () => number;
}

export interface FuzzFailure {
  readonly target: string;
  /** With the seed, repeats it. */
  readonly input: number;
  readonly what: string;
  readonly text: string;
}

export interface FuzzReport {
  readonly inputs: number;
  /** Inputs that were refused with a problem. */
  readonly refused: number;
  readonly failures: readonly FuzzFailure[];
}

const FAILURES_MAX = 10;

/** Inputs are the same for a seed; how many of them are tried depends on the time. */
export async function fuzz(options: FuzzOptions): Promise<FuzzReport> {
  const { targets, seed, inputsMax, forMs, slowMs, clockMs } = options;
  const endMs = clockMs() + forMs;
  const failures: FuzzFailure[] = [];
  let inputs = 0;
  let refused = 0;
  while (inputs < inputsMax && clockMs() < endMs && failures.length < FAILURES_MAX) {
    const input = inputs++;
    const target = targets[input % targets.length]!;
    const random = new KeyedRandom(seed, `fuzz/${target.name}`);
    random.seek(input, 0);
    let text = "";
    const startMs = clockMs();
    let what: string | undefined;
    try {
      await target.run(random, (made) => {
        text = made;
      });
    } catch (error) {
      what = bugIn(error);
      if (what === undefined) refused++;
    }
    const tookMs = clockMs() - startMs;
    if (what === undefined && tookMs > slowMs) what = `it took ${Math.round(tookMs)} ms`;
    if (what !== undefined) failures.push({ target: target.name, input, what, text });
  }
  return { inputs, refused, failures };
}

/** Undefined for a problem that a person can fix. */
function bugIn(error: unknown): string | undefined {
  if (!(error instanceof MeridianError)) return error instanceof Error ? (error.stack ?? error.message) : String(error);
  return error.kind === "internal" ? error.message : undefined;
}
