import type { QueueOptions, Stall } from "../../emulator/backends/queue.ts";
import { parseCount, parseDurationMs } from "../../simulator/scenario/units.ts";

/** An exact queue law, as `--known-answer` gives it. */
export type KnownAnswer = Pick<QueueOptions, "servers" | "service" | "meanServiceMs" | "waitingRoom" | "stall">;

const SERVICES = { mmc: "exponential", mdc: "deterministic" } as const;

/**
 * `mmc:servers=8,mean=520ms,room=0,stall=2s/20s` → the law; undefined if it is not one. Without `room` everybody may wait;
 * `stall` freezes every endpoint for the last 2 s of every 20 s.
 */
export function parseKnownAnswer(text: string): KnownAnswer | undefined {
  const match = /^(mmc|mdc):(.+)$/.exec(text);
  if (match === null) return undefined;
  const given = new Map<string, string>();
  for (const part of match[2]!.split(",")) {
    const [name = "", value = ""] = part.split("=", 2);
    if (!["servers", "mean", "room", "stall"].includes(name) || given.has(name)) return undefined;
    given.set(name, value);
  }
  const servers = parseCount(given.get("servers") ?? "");
  const meanServiceMs = parseDurationMs(given.get("mean") ?? "");
  const room = given.get("room");
  const waitingRoom = room === undefined ? Number.POSITIVE_INFINITY : parseCount(room);
  if (servers === undefined || !Number.isInteger(servers) || servers < 1 || servers > 1e6) return undefined;
  if (meanServiceMs === undefined || meanServiceMs <= 0 || waitingRoom === undefined) return undefined;
  const law = { servers, service: SERVICES[match[1] as keyof typeof SERVICES], meanServiceMs, waitingRoom };
  const frozen = given.get("stall");
  if (frozen === undefined) return law;
  const stall = parseStall(frozen);
  return stall === undefined ? undefined : { ...law, stall };
}

function parseStall(text: string): Stall | undefined {
  const [forMs, everyMs, ...rest] = text.split("/").map(parseDurationMs);
  if (forMs === undefined || everyMs === undefined || rest.length > 0 || !(forMs > 0 && forMs < everyMs))
    return undefined;
  return { forMs, everyMs };
}
