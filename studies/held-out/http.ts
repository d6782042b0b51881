/** Serves a world over HTTP: Bedrock-compatible endpoints on free ports of this machine. */
import { once } from "node:events";
import { type Fleet, startFleet } from "../../emulator/fleet.ts";
import { type Admission, cappedOutputTokens, type InferenceBackend } from "../../emulator/model/backend.ts";
import { catalogOf } from "../../emulator/model/catalog.ts";
import type { EmulatorClock } from "../../emulator/model/clock.ts";
import type { Plan } from "../../simulator/scenario/plan.ts";
import { CALIBRATION, prepareCondition } from "./conditions.ts";
import { createCall, type EndpointServer, type Refusal, runUntil } from "./endpoints/server.ts";
import { type HeldOutWorld, startServers } from "./worlds.ts";

/**
 * Bedrock-compatible endpoints of a world, one per region, on free ports of this machine. Any client may call them;
 * only the wire protocol is the emulator's.
 *
 * @param plan names the models and profiles that they offer
 * @param seed of the servers' noise
 */
export function startWorld(
  world: HeldOutWorld,
  plan: Plan,
  seed: number,
  on: { readonly internalError: (error: unknown) => void; readonly outcome?: () => void },
): Promise<Fleet> {
  const roundTripMs = new Map(world.regions.map((each) => [each.region, each.roundTripMs]));
  return startFleet({
    regions: world.regions.map(({ region }) => region),
    auth: "off",
    catalog: catalogOf(plan),
    backend: (clock) => createWorldBackend(clock, startServers(world, seed)),
    roundTripMs: (_origin, region) => roundTripMs.get(region) ?? 0,
    onInternalError: on.internalError,
    ...(on.outcome === undefined ? {} : { onOutcome: on.outcome }),
  });
}

/** The endpoints file for `meridian bench --target`. */
export function endpointsYaml(world: HeldOutWorld, fleet: Pick<Fleet, "endpoints">): string {
  const lines = fleet.endpoints.map(({ region, url }) => {
    const { roundTripMs } = world.regions.find((each) => each.region === region)!;
    return `  ${region}: { url: "${url}", roundTrip: ${roundTripMs}ms }\n`;
  });
  return `auth: none\nendpoints:\n${lines.join("")}`;
}

const FAULTS = {
  throttled: { name: "ThrottlingException" },
  unavailable: { name: "ServiceUnavailableException" },
} as const satisfies Record<Refusal["kind"], { name: string }>;

/** Length of an answer where the caller does not ask for one. */
const OUTPUT_TOKENS = 64;
/** Interval at which a stream checks for its next token. */
const ASK_AGAIN_MS = 5;

/**
 * A backend of servers, one per region. They run in exact time: a late wake-up of this process delays what is sent, not
 * what the servers compute.
 */
export function createWorldBackend(
  clock: EmulatorClock,
  servers: ReadonlyMap<string, EndpointServer>,
): InferenceBackend {
  const wakers = new Map([...servers].map(([region, server]) => [region, createWaker(clock, server)]));
  return {
    begin(call, nowMs, observer): Admission {
      const server = servers.get(call.region)!;
      const wake = wakers.get(call.region)!;
      const outputTokens = cappedOutputTokens(call, OUTPUT_TOKENS);
      const asked = createCall({
        inputTokens: call.inputTokens,
        outputTokens,
        key: call.requestMetadata.class ?? "",
        onFirstToken: (atMs) => observer.onFirstToken(atMs),
        onEnd: (atMs) => observer.onEnd(atMs),
      });
      runUntil(server, nowMs);
      const refusal = server.admit(asked, nowMs);
      wake();
      if (refusal !== undefined) return { kind: "refused", fault: FAULTS[refusal.kind] };
      const handle = {
        destinationRegion: call.region,
        outputTokens,
        cacheReadTokens: 0,
        cacheWriteTokens: 0,
        tokensWritten: () => asked.written,
        nextTokenMs: (askedMs: number) => Math.max(server.nextMs(), askedMs + ASK_AGAIN_MS),
        cancel(cancelMs: number) {
          runUntil(server, cancelMs);
          server.cancel(asked);
          wake();
        },
      };
      return { kind: "accepted", handle };
    },
  };
}

/** Keeps a deadline at a server's next event. */
function createWaker(clock: EmulatorClock, server: EndpointServer): () => void {
  let armedForMs = Number.POSITIVE_INFINITY;
  const wake = (): void => {
    const dueMs = server.nextMs();
    if (dueMs >= armedForMs) return;
    armedForMs = dueMs;
    clock.schedule(dueMs, () => {
      if (armedForMs === dueMs) armedForMs = Number.POSITIVE_INFINITY;
      runUntil(server, Math.max(dueMs, clock.nowMs()));
      wake();
    });
  };
  return wake;
}

/**
 * Keeps a world's endpoints up until the signal fires, for `meridian bench --target` and other clients.
 *
 * @param onReady receives the endpoints file
 */
export async function serve(
  world: HeldOutWorld,
  signal: AbortSignal,
  onReady: (endpoints: string) => void,
): Promise<void> {
  const { plan } = (await prepareCondition(world.name, CALIBRATION)).inputs;
  const fleet = await startWorld(world, plan, plan.seed, {
    internalError: (error) => void process.stderr.write(`the endpoint failed: ${String(error)}\n`),
  });
  try {
    onReady(endpointsYaml(world, fleet));
    if (!signal.aborted) await once(signal, "abort");
  } finally {
    await fleet.close(0);
  }
}
