import type { Calls } from "./calls.ts";
import { spreadLuck } from "./luck.ts";
import { minimise } from "./minimise.ts";
import { meanNumber } from "./quantiles.ts";
import { errorsGivenOthers, readParameters } from "./read-parameters.ts";
import { type ScoreOptions, scoreModel } from "./score.ts";
import { type Parameters, specOf, type Variant } from "./variant.ts";

/** A variant with its numbers, and how far it is from the calls that it was fitted to. */
export interface Candidate {
  readonly variant: Variant;
  readonly parameters: Parameters;
  readonly error: number;
}

export interface SearchOptions {
  readonly hasTtft: boolean;
  readonly isWhole: boolean;
  /** Most calls inside at a time. */
  readonly peak: number;
}

/** All ideas of what an endpoint may be, each with as many servers as serve it best; the best first. */
export function searchVariants(calls: Calls, options: SearchOptions): readonly Candidate[] {
  const found = variantsOf(options).map((variant) => {
    const tried = new Map<number, Candidate | undefined>();
    return bestServers((servers) => {
      if (!tried.has(servers)) tried.set(servers, candidateOf(calls, variant, servers));
      return tried.get(servers);
    }, options.peak);
  });
  return found.filter((each) => each !== undefined).sort((a, b) => a.error - b.error);
}

function candidateOf(calls: Calls, variant: Variant, servers: number): Candidate | undefined {
  const parameters = readParameters(calls, variant, servers);
  if (parameters === undefined) return undefined;
  const error = meanNumber(errorsGivenOthers(calls, variant, parameters), 0, calls.count);
  return Number.isFinite(error) ? { variant, parameters, error } : undefined;
}

/** A coarse look over the numbers of servers that the calls inside allow, then a close one around the best. */
function bestServers(fit: (servers: number) => Candidate | undefined, peak: number): Candidate | undefined {
  let best = fit(Number.POSITIVE_INFINITY);
  const look = (counts: readonly number[]) => {
    for (const servers of counts) {
      if (servers < 1 || servers > peak) continue;
      const each = fit(servers);
      if (each !== undefined && (best === undefined || each.error < best.error - 1e-9)) best = each;
    }
  };
  look(geometric(1, peak, 9));
  const servers = () => best?.parameters.servers ?? Number.POSITIVE_INFINITY;
  if (servers() === Number.POSITIVE_INFINITY) return best;
  for (let step = Math.ceil(servers() * 0.2); step >= 1; step = step === 1 ? 0 : Math.ceil(step / 2)) {
    look([servers() - step, servers() + step]);
  }
  look([servers() - 2, servers() - 1, servers() + 1, servers() + 2]);
  return best;
}

function geometric(from: number, to: number, count: number): readonly number[] {
  const ratio = (to / from) ** (1 / (count - 1));
  return [...new Set(Array.from({ length: count }, (_, i) => Math.round(from * ratio ** i)))];
}

/** The plain ones first. */
export function variantsOf({ isWhole }: { readonly isWhole: boolean }): readonly Variant[] {
  const variants: Variant[] = [];
  const add = (
    curve: Variant["curve"],
    prompts: Variant["prompts"],
    counts: Variant["counts"],
    applies: Variant["applies"],
  ) => variants.push({ curve, prompts, counts, applies, isWhole });
  add("flat", isWhole ? "shared" : "own", "all", "continuously");
  if (!isWhole) add("flat", "in-line", "all", "continuously");
  if (!isWhole) add("flat", "serial", "all", "continuously");
  if (!isWhole) add("flat", "in-steps", "all", "continuously");
  for (const curve of ["straight", "capped", "power"] as const) {
    add(curve, "shared", "all", "continuously");
    add(curve, "shared", "all", "at-start");
    if (isWhole) continue;
    add(curve, "own", "decoding", "continuously");
    add(curve, "in-line", "decoding", "continuously");
    add(curve, "own", "all", "continuously");
    add(curve, "own", "all", "at-start");
    add(curve, "in-steps", "decoding", "continuously");
    add(curve, "serial", "decoding", "continuously");
    add(curve, "serial", "all", "continuously");
  }
  return variants;
}

/** How much there is to a variant: what is left to choose from when two tell the calls alike. */
export function complexityOf({ curve, prompts }: Variant): number {
  const ofCurve = { flat: 0, straight: 1, capped: 1, power: 1.2 }[curve];
  const ofPrompts = { own: 0, shared: 0, "in-line": 0.5, serial: 1, "in-steps": 1 }[prompts];
  return ofCurve + ofPrompts;
}

const POLISH_SEEDS = [21, 22, 23];

/**
 * Moves a candidate's numbers so that its simulation comes nearest to what was measured, with the same luck for every
 * try. What was read off is the start: this mends what reading could not see, such as its own rounding.
 */
export function polish(calls: Calls, candidate: Candidate, options: SearchOptions, evaluationsMax: number): Candidate {
  const scoring: ScoreOptions = { from: 0, to: calls.count, seeds: POLISH_SEEDS, hasTtft: options.hasTtft };
  const { variant, parameters } = candidate;
  const moved = (x: readonly number[]) => moveParameters(parameters, x);
  const of = (x: readonly number[]) => scoreModel(specOf(variant, moved(x), options.peak), calls, scoring).total;
  const dimensions = 6 + parameters.curve.length;
  const start = new Array<number>(dimensions).fill(0);
  const steps = start.map((_, d) => (d >= 6 ? 0.15 : 0.05));
  const found = minimise(of, start, { steps, evaluationsMax, tolerance: 1e-5 });
  return { variant, parameters: moved(found.at), error: found.value };
}

function moveParameters(from: Parameters, x: readonly number[]): Parameters {
  const times = (value: number, d: number) => value * Math.exp(x[d]!);
  return {
    ...from,
    promptBaseMs: times(from.promptBaseMs, 0),
    promptPerTokenMs: times(from.promptPerTokenMs, 1),
    perOutputTokenMs: times(from.perOutputTokenMs, 2),
    promptSlowdown: times(from.promptSlowdown, 3),
    promptLuck: spreadLuck(from.promptLuck, Math.exp(x[4]!)),
    outputLuck: spreadLuck(from.outputLuck, Math.exp(x[5]!)),
    curve: from.curve.map((value, c) => times(value, 6 + c)),
  };
}
