/** What is running now, in small files beside the runs: written by commands that run, read by the local page. */
import { mkdirSync, renameSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { isAlive } from "../io/process.ts";

const FOLDER = ".running";
const FILE = /^(\d+)\.json$/;
/** At most one write in this time, ms. */
const EVERY_MS = 500;

const form = z.object({
  name: z.string(),
  share: z.number().min(0).max(1),
  text: z.string(),
  /** What moves: p95 so far, ms, and attempts that were throttled so far. */
  p95Ms: z.number().nullish(),
  throttled: z.number().nullish(),
});
export type Running = z.infer<typeof form>;

/** Figures of the work so far, where they are known. */
export type Figures = Pick<Running, "p95Ms" | "throttled">;

export interface ProgressFile {
  /** Says how far the work is; most calls write nothing. */
  update(share: number, text: string, figures?: Figures): void;
  /** Removes the file, and the folder where no other process has one there. */
  stop(): void;
}

/**
 * A file that says how far this process is. Progress is a convenience: where it cannot be written, the work goes on.
 *
 * @param root folder of runs
 * @param name what runs, e.g. the scenario's file
 */
export function createProgressFile(root: string, name: string, clockMs = () => performance.now()): ProgressFile {
  const path = join(root, FOLDER, `${process.pid}.json`);
  let writtenMs = Number.NEGATIVE_INFINITY;
  return {
    update(share, text, figures = {}) {
      if (clockMs() - writtenMs < EVERY_MS) return;
      writtenMs = clockMs();
      try {
        mkdirSync(join(root, FOLDER), { recursive: true });
        writeFileSync(`${path}.tmp`, JSON.stringify({ name, share, text, ...figures }));
        renameSync(`${path}.tmp`, path);
      } catch {
        // Not to be written, or another run has just taken the folder away: the next update tries again.
      }
    },
    stop() {
      rmSync(path, { force: true });
      try {
        rmdirSync(join(root, FOLDER));
      } catch {
        // Others are running, or the folder was never made.
      }
    },
  };
}

/** What runs now, of processes that are alive. */
export async function runningNow(root: string): Promise<readonly Running[]> {
  const names = await readdir(join(root, FOLDER)).catch(() => []);
  const found: Running[] = [];
  for (const name of names.sort()) {
    const pid = FILE.exec(name)?.[1];
    if (pid === undefined || !isAlive(Number(pid))) continue;
    try {
      found.push(form.parse(JSON.parse(await readFile(join(root, FOLDER, name), "utf8"))));
    } catch {
      // Gone or half read: the next look will tell.
    }
  }
  return found;
}
