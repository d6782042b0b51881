/** The arrival process `servegen`: recorded tenants, each with its day and its bursts. */
import { z } from "zod";
import { MeridianError } from "../../base/errors.ts";
import { Earliest } from "../../base/event-queue.ts";
import { lnGamma } from "../../base/special-functions.ts";
import { createLaw, type LawSpec } from "../../random/laws/index.ts";
import {
  type ArrivalContext,
  type ArrivalDefinition,
  type ArrivalProcess,
  arrivalRate,
  renewalProcess,
} from "../arrival-process.ts";
import { timeChanged } from "../day-shape.ts";
import type { RecordedClient } from "../traffic.ts";

export interface ServegenSpec {
  readonly process: "servegen";
  /** Name of the recorded clients. */
  readonly clients: string;
  /** Mean over the day, all clients together; null for the recorded rate. */
  readonly ratePerS: number | null;
  /** The rate times this; 1 where it is left out. */
  readonly scale?: number;
}

/**
 * Many tenants, each with its recorded day and its recorded burstiness: gamma or Weibull gaps in the client's own
 * operational time. Source: Xiang et al., "ServeGen", arXiv 2505.09999, 2025.
 */
export const servegen: ArrivalDefinition<ServegenSpec> = {
  name: "servegen",
  summary: "Recorded tenants, each with its day and its bursts: { servegen: { clients: servegen-m-large-clients } }",
  schema: z
    .strictObject({
      clients: z
        .string()
        .min(1)
        .default("servegen-m-large-clients")
        .meta({ description: "Name of recorded clients, or a folder of chunk-N-trace.csv files as ServeGen has them" }),
      rate: arrivalRate.optional().meta({ description: "Mean rate of all clients together; default: as recorded" }),
    })
    .transform(({ clients, rate }) => ({ process: "servegen" as const, clients, ratePerS: rate ?? null })),
  scaled: (spec, factor) => ({ ...spec, scale: (spec.scale ?? 1) * factor }),
  create: ({ clients: name, ratePerS, scale = 1 }, context) => {
    const recording = context.recordings[name];
    if (recording?.kind !== "clients") {
      throw new MeridianError("usage", {
        code: "TRAFFIC_UNKNOWN_RECORDING",
        where: `class ${context.className}`,
        what: `"${name}" is not a recording of clients`,
        fix: "run `meridian list traces` for the recordings there are",
      });
    }
    const { clients } = recording;
    let recordedPerS = 0;
    for (const client of clients) recordedPerS += meanRate(client);
    const factor = scale * (ratePerS === null ? 1 : ratePerS / recordedPerS);
    return factor === 0
      ? { fill: (_arrivalMs, from) => from }
      : { ...mergeClients(clients.map((client) => clientProcess(client, factor, context))), clients };
  },
};

function clientProcess(client: RecordedClient, factor: number, { random }: ArrivalContext): ArrivalProcess {
  const steps = client.ratePerS.length;
  return timeChanged(
    renewalProcess(createLaw(gapLaw(client)), (purpose) => random(`${purpose}/${client.name}`)),
    {
      startMs: Float64Array.from({ length: steps }, (_, i) => i * client.stepMs),
      rate: client.ratePerS.map((rate) => rate * factor),
      periodMs: steps * client.stepMs,
    },
  );
}

/** The gap law at 1 request/s; the client's rate then runs the clock. */
function gapLaw({ family, shape }: RecordedClient): LawSpec {
  return family === "gamma"
    ? { kind: "gamma", mean: 1000, cv: 1 / Math.sqrt(shape) }
    : { kind: "weibull", shape, scale: 1000 / Math.exp(lnGamma(1 + 1 / shape)) };
}

function meanRate({ ratePerS }: RecordedClient): number {
  let sum = 0;
  for (const rate of ratePerS) sum += rate;
  return sum / ratePerS.length;
}

const AHEAD = 256;

/** Merges endless processes; each keeps a block of its next arrivals. */
function mergeClients(processes: readonly ArrivalProcess[]): ArrivalProcess {
  const unused = new Int32Array(0);
  const ahead = processes.map(() => new Float64Array(AHEAD));
  const position = new Int32Array(processes.length);
  const earliest = new Earliest(processes.length);
  for (let p = 0; p < processes.length; p++) {
    processes[p]!.fill(ahead[p]!, 0, AHEAD, unused);
    earliest.add(p, ahead[p]![0]!);
  }
  return {
    fill(arrivalMs, from, to, recordedRow) {
      for (let i = from; i < to; i++) {
        const p = earliest.top;
        recordedRow[i] = p;
        arrivalMs[i] = earliest.topKey;
        if (++position[p]! === AHEAD) {
          processes[p]!.fill(ahead[p]!, 0, AHEAD, unused);
          position[p] = 0;
        }
        earliest.replaceTop(ahead[p]![position[p]!]!);
      }
      return to;
    },
  };
}
