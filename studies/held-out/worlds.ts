/** The eight worlds of the study: the programs behind their endpoints, and their parameters. */
import { createCreditLimiter, createNeighbours, createReplicas } from "./endpoints/around.ts";
import { createFifoServers, createLanes, createSharedRate } from "./endpoints/queues.ts";
import { createDraws, createDrift, type Draws, type EndpointServer } from "./endpoints/server.ts";
import { createStepBatcher, type StepBatcherOptions } from "./endpoints/step-batcher.ts";

/** A set of endpoints whose physics is unknown to the simulator. */
export interface HeldOutWorld {
  readonly name: string;
  /** Description of what is behind the endpoints. */
  readonly about: string;
  readonly regions: readonly HeldOutRegion[];
}

export interface HeldOutRegion {
  readonly region: string;
  /** Injected network round trip, ms. A client can measure it, so the simulator knows it. */
  readonly roundTripMs: number;
  /** A new, idle server with its own noise draws. */
  start(seed: number): EndpointServer;
}

/** The worlds of the study; docs/held-out.md has the results. */
export const WORLDS: readonly HeldOutWorld[] = [
  {
    name: "steps",
    about: "continuous batching in whole steps with chunked prefill; steps grow with the batch and its context",
    regions: [
      region("us-east-1", 6, (draws) => createStepBatcher({ ...MACHINE, draws })),
      region("eu-west-1", 82, (draws) =>
        createStepBatcher({ ...MACHINE, stepMs: 13, perDecodeMs: 0.5, sequencesMax: 32, draws }),
      ),
    ],
  },
  {
    name: "fifo",
    about: "c machines and one line, service linear in the tokens; one call in nine takes 2.6 times as long",
    regions: [
      region("us-east-1", 6, (draws) =>
        createFifoServers({ ...LINE, servers: 8, baseMs: 120, perOutputTokenMs: 7, draws }),
      ),
      region("us-west-2", 64, (draws) =>
        createFifoServers({ ...LINE, servers: 11, baseMs: 90, perOutputTokenMs: 10, draws }),
      ),
    ],
  },
  {
    name: "shared",
    about: "all calls served at once, at the lesser of a cap per call and a part of the whole",
    regions: [
      region("us-east-1", 6, (draws) => createSharedRate({ ...POOL, perCallRate: 0.09, totalRate: 0.72, draws })),
      region("us-west-2", 64, (draws) => createSharedRate({ ...POOL, perCallRate: 0.06, totalRate: 0.9, draws })),
    ],
  },
  {
    name: "replicas",
    about:
      "two batchers behind each address, which no client sees: picked at random in one region, by class in the other",
    regions: [
      region("us-east-1", 6, (draws) => pair("random", { ...MACHINE, sequencesMax: 12 }, draws)),
      region("eu-west-1", 82, (draws) => pair("sticky", { ...MACHINE, stepMs: 14, sequencesMax: 16 }, draws)),
    ],
  },
  {
    name: "limited",
    about: "batching behind a limiter of tokens a minute that runs into debt; machines slow down and recover over 20 s",
    regions: [
      region("us-east-1", 6, (draws) =>
        createCreditLimiter({
          tokensPerMinute: 280_000,
          burstS: 8,
          behind: drifting({ ...MACHINE, sequencesMax: 48, draws }, 0.08),
        }),
      ),
      region("eu-west-1", 82, (draws) => drifting({ ...MACHINE, stepMs: 12, sequencesMax: 48, draws }, 0.08)),
    ],
  },
  {
    name: "bursts",
    about:
      "speculative decoding writes tokens in bursts, a small key-value cache evicts, the process pauses every few seconds",
    regions: [
      region("us-east-1", 6, (draws) => createStepBatcher({ ...BURSTY, draws })),
      region("us-west-2", 64, (draws) => createStepBatcher({ ...BURSTY, stepMs: 28, kvTokens: 17_000, draws })),
    ],
  },
  {
    name: "lanes",
    about: "prompts read on machines of their own, answers written on another, with a line at each",
    regions: [
      region("us-east-1", 6, (draws) => createLanes({ ...LANES, draws })),
      region("eu-west-1", 82, (draws) =>
        createLanes({ ...LANES, readers: 2, readPerTokenMs: 0.22, stepMs: 16, draws }),
      ),
    ],
  },
  {
    name: "neighbours",
    about: "batching shared with other tenants, who arrive in bursts of some seconds and are invisible to clients",
    regions: [
      region("us-east-1", 6, (draws) => shared({ ...MACHINE, draws }, 8)),
      region("us-west-2", 64, (draws) => shared({ ...MACHINE, stepMs: 13, draws }, 6)),
    ],
  },
];

/** Idle servers of all regions, by name; equal seeds give equal draws. */
export function startServers(world: HeldOutWorld, seed: number): ReadonlyMap<string, EndpointServer> {
  return new Map(world.regions.map(({ region, start }, i) => [region, start(seed * 100 + i)]));
}

/** The world of that name; undefined if there is none. */
export function worldNamed(name: string): HeldOutWorld | undefined {
  return WORLDS.find((world) => world.name === name);
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
} satisfies Omit<StepBatcherOptions, "draws">;

const LINE = { perInputTokenMs: 0.12, slowShare: 1 / 9, slowFactor: 2.6, noiseCv: 0.15 };

const POOL = { inputWork: 0.012, setupMs: 70, noiseCv: 0.25 };

const BURSTY = {
  ...MACHINE,
  stepMs: 24,
  perDecodeMs: 0.9,
  speculation: { drafts: 3, acceptance: 0.65 },
  pauses: { everyMs: 7000, lengthMs: 260 },
  kvTokens: 14_000,
} satisfies Omit<StepBatcherOptions, "draws">;

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

function shared(options: StepBatcherOptions, callsPerS: number): EndpointServer {
  const { draws } = options;
  const behind = createStepBatcher({ ...options, sequencesMax: 64 });
  const others = { busyMs: 6000, quietMs: 9000, callsPerS, inputTokens: 300, outputTokens: 50 };
  return createNeighbours({ ...others, behind, draws });
}

function pair(
  balancing: "random" | "sticky",
  options: Omit<StepBatcherOptions, "draws">,
  draws: Draws,
): EndpointServer {
  const replicas = [createStepBatcher({ ...options, draws }), createStepBatcher({ ...options, draws })];
  return createReplicas({ replicas, balancing, draws });
}

function drifting(options: StepBatcherOptions, sd: number): EndpointServer {
  return createStepBatcher({ ...options, slowness: createDrift({ sd, timeMs: 20_000, draws: options.draws }) });
}

function region(name: string, roundTripMs: number, make: (draws: Draws) => EndpointServer): HeldOutRegion {
  return { region: name, roundTripMs, start: (seed) => make(createDraws(seed)) };
}
