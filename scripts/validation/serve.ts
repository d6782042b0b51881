import { once } from "node:events";
import { CALIBRATION, prepareCondition } from "./conditions.ts";
import { endpointsYaml, startForeignFleet } from "./foreign/fleet.ts";
import type { ForeignWorld } from "./foreign/worlds.ts";

/**
 * Keeps a world's endpoints up until the signal fires, for `meridian bench --target` and other clients.
 *
 * @param onReady is told the endpoints file that leads to them
 */
export async function serve(
  world: ForeignWorld,
  signal: AbortSignal,
  onReady: (endpoints: string) => void,
): Promise<void> {
  const { plan } = (await prepareCondition(world.name, CALIBRATION)).inputs;
  const fleet = await startForeignFleet(world, plan, plan.seed, {
    internalError: (error) => void process.stderr.write(`the endpoint failed: ${String(error)}\n`),
  });
  try {
    onReady(endpointsYaml(world, fleet));
    if (!signal.aborted) await once(signal, "abort");
  } finally {
    await fleet.close(0);
  }
}
