import type { QueueOptions } from "../../emulator/backends/queue.ts";
import { parseCount, parseDurationMs } from "../../simulator/scenario/units.ts";

/** An exact queue law, as `--known-answer` gives it. */
export type KnownAnswer = Pick<QueueOptions, "servers" | "service" | "meanServiceMs" | "waitingRoom">;

const SERVICES = { mmc: "exponential", mdc: "deterministic" } as const;

/** `mmc:servers=8,mean=520ms,room=0` → the law; undefined if it is not one. Without `room` everybody may wait. */
export function parseKnownAnswer(text: string): KnownAnswer | undefined {
  const match = /^(mmc|mdc):(.+)$/.exec(text);
  if (match === null) return undefined;
  const given = new Map<string, string>();
  for (const part of match[2]!.split(",")) {
    const [name = "", value = ""] = part.split("=", 2);
    if (!["servers", "mean", "room"].includes(name) || given.has(name)) return undefined;
    given.set(name, value);
  }
  const servers = parseCount(given.get("servers") ?? "");
  const meanServiceMs = parseDurationMs(given.get("mean") ?? "");
  const room = given.get("room");
  const waitingRoom = room === undefined ? Number.POSITIVE_INFINITY : parseCount(room);
  if (servers === undefined || !Number.isInteger(servers) || servers < 1 || servers > 1e6) return undefined;
  if (meanServiceMs === undefined || meanServiceMs <= 0 || waitingRoom === undefined) return undefined;
  return { servers, service: SERVICES[match[1] as keyof typeof SERVICES], meanServiceMs, waitingRoom };
}
