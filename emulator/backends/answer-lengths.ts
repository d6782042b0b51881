import { KeyedRandom } from "../../simulator/random/keyed-random.ts";
import type { Sampler } from "../../simulator/random/law.ts";
import { compileSampler, createLaw } from "../../simulator/random/laws/index.ts";
import type { Plan } from "../../simulator/scenario/plan.ts";
import type { ClassTraffic } from "../../simulator/traffic/class-traffic.ts";

/** Lengths of answers that no caller asks a length for. */
export interface AnswerLengths {
  /** @returns output tokens before any limit; the same for the same class and serial */
  draw(classIndex: number, serial: number): number;
}

/** For a class whose lengths come from no law and no recording, and for a world without a class of the model. */
const USUAL_TOKENS = 256;

/** The token laws of a scenario's classes: `tokens.output`, else the lengths of the recorded requests. */
export function createAnswerLengths(plan: Plan): AnswerLengths {
  const random = new KeyedRandom(plan.seed, "emulator/output");
  const samplers = plan.traffic.map(samplerOf);
  return {
    draw(classIndex, serial) {
      const sample = samplers[classIndex];
      if (sample === undefined) return USUAL_TOKENS;
      random.seek(serial, classIndex);
      return Math.max(1, Math.round(sample(random.next())));
    },
  };
}

function samplerOf({ tokens, arrivals, recordings = {} }: ClassTraffic): Sampler | undefined {
  const output = tokens?.output;
  if (output !== undefined && output.kind !== "recorded") return compileSampler(createLaw(output));
  const named = output === undefined ? traceOf(arrivals) : output.name;
  const recording = named === undefined ? undefined : recordings[named];
  if (recording?.kind === "lengths") {
    return compileSampler(createLaw({ kind: "empirical", quantiles: recording.quantiles }));
  }
  if (recording?.kind !== "trace" || recording.columns.outputTokens.length === 0) return undefined;
  const { outputTokens } = recording.columns;
  return (u) => outputTokens[Math.floor(u * outputTokens.length)]!;
}

function traceOf(arrivals: ClassTraffic["arrivals"]): string | undefined {
  return arrivals.process === "trace" ? arrivals.trace : undefined;
}
