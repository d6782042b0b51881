import { createCreditLimiter } from "./credit-limiter.ts";
import { createFifoServers } from "./fifo-servers.ts";
import { createLanes } from "./lanes.ts";
import { createDrift, createLuck, type Luck } from "./luck.ts";
import { createNeighbours } from "./neighbours.ts";
import { createReplicas } from "./replicas.ts";
import type { ForeignServer } from "./server.ts";
import { createSharedRate } from "./shared-rate.ts";
import { createStepBatcher, type StepBatcherOptions } from "./step-batcher.ts";

/** Endpoints whose physics the simulator is not told. */
export interface ForeignWorld {
  readonly name: string;
  /** What is behind the endpoints, for people. */
  readonly about: string;
  readonly regions: readonly ForeignRegion[];
}

export interface ForeignRegion {
  readonly region: string;
  /** Network round trip that is put between the caller and it, ms. A client can measure this, so it is told. */
  readonly roundTripMs: number;
  /** A server at rest, with chance of its own. */
  start(seed: number): ForeignServer;
}

/** The worlds of the study. docs/validation.md says what came out. */
export const FOREIGN_WORLDS: readonly ForeignWorld[] = [
  {
    name: "steps",
    about: "continuous batching in whole steps with chunked prefill; steps grow with the batch and its context",
    regions: [
      region("us-east-1", 6, (luck) => createStepBatcher({ ...MACHINE, luck })),
      region("eu-west-1", 82, (luck) =>
        createStepBatcher({ ...MACHINE, stepMs: 13, perDecodeMs: 0.5, sequencesMax: 32, luck }),
      ),
    ],
  },
  {
    name: "fifo",
    about: "c machines and one line, service linear in the tokens; one call in nine takes 2.6 times as long",
    regions: [
      region("us-east-1", 6, (luck) =>
        createFifoServers({ ...LINE, servers: 8, baseMs: 120, perOutputTokenMs: 7, luck }),
      ),
      region("us-west-2", 64, (luck) =>
        createFifoServers({ ...LINE, servers: 11, baseMs: 90, perOutputTokenMs: 10, luck }),
      ),
    ],
  },
  {
    name: "shared",
    about: "everybody served at once, at the lesser of a cap per call and a part of the whole",
    regions: [
      region("us-east-1", 6, (luck) => createSharedRate({ ...POOL, perCallRate: 0.09, totalRate: 0.72, luck })),
      region("us-west-2", 64, (luck) => createSharedRate({ ...POOL, perCallRate: 0.06, totalRate: 0.9, luck })),
    ],
  },
  {
    name: "replicas",
    about:
      "two batchers behind each address, which no client sees: picked at random in one region, by class in the other",
    regions: [
      region("us-east-1", 6, (luck) => pair("random", { ...MACHINE, sequencesMax: 12 }, luck)),
      region("eu-west-1", 82, (luck) => pair("sticky", { ...MACHINE, stepMs: 14, sequencesMax: 16 }, luck)),
    ],
  },
  {
    name: "limited",
    about: "batching behind a limiter of tokens a minute that runs into debt; machines slow down and recover over 20 s",
    regions: [
      region("us-east-1", 6, (luck) =>
        createCreditLimiter({
          tokensPerMinute: 280_000,
          burstS: 8,
          behind: drifting({ ...MACHINE, sequencesMax: 48, luck }, 0.08),
        }),
      ),
      region("eu-west-1", 82, (luck) => drifting({ ...MACHINE, stepMs: 12, sequencesMax: 48, luck }, 0.08)),
    ],
  },
  {
    name: "bursts",
    about:
      "speculative decoding writes tokens in bursts, a small key-value cache evicts, the process pauses every few seconds",
    regions: [
      region("us-east-1", 6, (luck) => createStepBatcher({ ...BURSTY, luck })),
      region("us-west-2", 64, (luck) => createStepBatcher({ ...BURSTY, stepMs: 28, kvTokens: 17_000, luck })),
    ],
  },
  {
    name: "lanes",
    about: "prompts read on machines of their own, answers written on another, with a line at each",
    regions: [
      region("us-east-1", 6, (luck) => createLanes({ ...LANES, luck })),
      region("eu-west-1", 82, (luck) => createLanes({ ...LANES, readers: 2, readPerTokenMs: 0.22, stepMs: 16, luck })),
    ],
  },
  {
    name: "neighbours",
    about: "batching shared with other callers, who come in bursts of some seconds and of whom nobody tells",
    regions: [
      region("us-east-1", 6, (luck) => shared({ ...MACHINE, luck }, 8)),
      region("us-west-2", 64, (luck) => shared({ ...MACHINE, stepMs: 13, luck }, 6)),
    ],
  },
];

/** Servers at rest of all regions, by name; equal seeds have equal luck. */
export function startServers(world: ForeignWorld, seed: number): ReadonlyMap<string, ForeignServer> {
  return new Map(world.regions.map(({ region, start }, i) => [region, start(seed * 100 + i)]));
}

/** @returns undefined for a name that is none */
export function foreignWorld(name: string): ForeignWorld | undefined {
  return FOREIGN_WORLDS.find((world) => world.name === name);
}

const MACHINE = {
  stepMs: 11,
  perDecodeMs: 0.45,
  perPrefillTokenMs: 0.05,
  perContextTokenMs: 0.0004,
  noiseCv: 0.08,
  tokenBudget: 512,
  sequencesMax: 28,
  kvTokens: 200_000,
  intakeMs: 20,
} satisfies Omit<StepBatcherOptions, "luck">;

const LINE = { perInputTokenMs: 0.12, slowShare: 1 / 9, slowFactor: 2.6, noiseCv: 0.15 };

const POOL = { inputWork: 0.012, setupMs: 70, noiseCv: 0.25 };

const BURSTY = {
  ...MACHINE,
  stepMs: 24,
  perDecodeMs: 0.9,
  speculation: { drafts: 3, acceptance: 0.65 },
  pauses: { everyMs: 7000, lengthMs: 260 },
  kvTokens: 14_000,
} satisfies Omit<StepBatcherOptions, "luck">;

const LANES = {
  readers: 1,
  readBaseMs: 25,
  readPerTokenMs: 0.09,
  readNoiseCv: 0.12,
  stepMs: 13,
  stepPerCallMs: 0.55,
  stepNoiseCv: 0.06,
  writersMax: 20,
  handOverPerTokenMs: 0.03,
};

function shared(options: StepBatcherOptions, callsPerS: number): ForeignServer {
  const { luck } = options;
  const behind = createStepBatcher({ ...options, sequencesMax: 64 });
  const others = { busyMs: 6000, quietMs: 9000, callsPerS, inputTokens: 300, outputTokens: 50 };
  return createNeighbours({ ...others, behind, luck });
}

function pair(balancing: "random" | "sticky", options: Omit<StepBatcherOptions, "luck">, luck: Luck): ForeignServer {
  const replicas = [createStepBatcher({ ...options, luck }), createStepBatcher({ ...options, luck })];
  return createReplicas({ replicas, balancing, luck });
}

function drifting(options: StepBatcherOptions, sd: number): ForeignServer {
  return createStepBatcher({ ...options, slowness: createDrift({ sd, timeMs: 20_000, luck: options.luck }) });
}

function region(name: string, roundTripMs: number, make: (luck: Luck) => ForeignServer): ForeignRegion {
  return { region: name, roundTripMs, start: (seed) => make(createLuck(seed)) };
}
