import { join } from "node:path";
import { runChild } from "./child.ts";
import type { Program, Round } from "./round.ts";

const ROUND_FILE = join(import.meta.dirname, "engine-round.ts");
const ROUND_LIMIT_MS = 600_000;

/** The public engine on the bench's scenario files: a fresh process per round, so that no round is warm from the last. */
export function engineProgram(): Program {
  return async (model, requests, seed, size) => {
    const sizes = size === undefined ? [] : [String(size.servers), String(size.perS)];
    const args = ["--import", "tsx", ROUND_FILE, model, String(requests), String(seed), ...sizes];
    return JSON.parse(await runChild(process.execPath, args, ROUND_LIMIT_MS)) as Round;
  };
}
