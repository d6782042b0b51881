/** One timed run of one program on one model. Every program prints this as JSON. */
export interface Round {
  /** Time of the simulation itself, without the start of the process. */
  readonly seconds: number;
  readonly requests: number;
  readonly meanMs: number;
  readonly p95Ms: number;
  /** Of attempts: refused by the quota. */
  readonly throttledShare: number;
  /** Of requests: not served in the end. */
  readonly failedShare: number;
  /** Of the engine: the most memory that its process ever held. */
  readonly peakRssMiB?: number;
}

export type ModelName = "r1" | "r2";
export const MODELS: readonly ModelName[] = ["r1", "r2"];

/** A size of R1 other than its own: servers per region and requests per second, 64 and 72. */
export interface Size {
  readonly servers: number;
  readonly perS: number;
}

/** Runs a model once, the engine also at another size. */
export type Program = (model: ModelName, requests: number, seed: number, size?: Size) => Promise<Round>;

export interface BenchPlan {
  readonly rounds: number;
  /** Requests of a timed engine round: enough that the compiler's warm-up does not count. */
  readonly engineRequests: number;
  /** Requests of a peer's round, and of the engine rounds that its answers are compared with. */
  readonly peerRequests: number;
}

export interface ModelRounds {
  readonly model: ModelName;
  /** Timed rounds, in order; index i of both ran back to back. */
  readonly engine: readonly Round[];
  readonly peer: readonly Round[];
  /** Engine rounds of the peer's length, for the comparison of answers. */
  readonly engineShort: readonly Round[];
}

/**
 * Interleaves: engine, peer, engine, peer ..., so that a slow minute of the machine falls on both. Every round has its
 * own seed, and the answers are compared at equal length, since a short run starts from an empty system too.
 */
export async function runRounds(
  model: ModelName,
  plan: BenchPlan,
  engine: Program,
  peer: Program,
  onRound: (done: string) => void,
): Promise<ModelRounds> {
  const rounds = { model, engine: [] as Round[], peer: [] as Round[], engineShort: [] as Round[] };
  for (let i = 0; i < plan.rounds; i++) {
    rounds.engine.push(await engine(model, plan.engineRequests, 1_000 + i));
    rounds.peer.push(await peer(model, plan.peerRequests, 2_000 + i));
    rounds.engineShort.push(await engine(model, plan.peerRequests, 3_000 + i));
    onRound(`${model} round ${i + 1} of ${plan.rounds}`);
  }
  return rounds;
}
