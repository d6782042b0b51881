import { type Fleet, startFleet } from "../../../emulator/fleet.ts";
import { catalogOf } from "../../../emulator/model/catalog.ts";
import type { Plan } from "../../../simulator/scenario/plan.ts";
import { createForeignBackend } from "./backend.ts";
import { type ForeignWorld, startServers } from "./worlds.ts";

/**
 * Bedrock-compatible endpoints of a foreign world, one for each region, on free ports of this machine. Anybody may call
 * them; only the wire is the emulator's.
 *
 * @param plan names the models and profiles that they sell
 * @param seed of the servers' chance
 */
export function startForeignFleet(
  world: ForeignWorld,
  plan: Plan,
  seed: number,
  on: { readonly internalError: (error: unknown) => void; readonly outcome?: () => void },
): Promise<Fleet> {
  const roundTripMs = new Map(world.regions.map((each) => [each.region, each.roundTripMs]));
  return startFleet({
    regions: world.regions.map(({ region }) => region),
    auth: "off",
    catalog: catalogOf(plan),
    backend: (clock) => createForeignBackend(clock, startServers(world, seed)),
    roundTripMs: (_origin, region) => roundTripMs.get(region) ?? 0,
    onInternalError: on.internalError,
    ...(on.outcome === undefined ? {} : { onOutcome: on.outcome }),
  });
}

/** What `meridian bench --target` reads. */
export function endpointsYaml(world: ForeignWorld, fleet: Pick<Fleet, "endpoints">): string {
  const lines = fleet.endpoints.map(({ region, url }) => {
    const { roundTripMs } = world.regions.find((each) => each.region === region)!;
    return `  ${region}: { url: "${url}", roundTrip: ${roundTripMs}ms }\n`;
  });
  return `auth: none\nendpoints:\n${lines.join("")}`;
}
