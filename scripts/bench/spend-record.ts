/** What benches have sent on a budget: a line on disk before each batch and one after it, whatever ends them. */
import { open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { isAlive } from "../io/process.ts";

/** One strategy's requests, which are about to be sent. */
export interface Batch {
  readonly target: string;
  readonly strategy: string;
  readonly requests: number;
  /** The most that it can cost. */
  readonly budgetUsd: number;
  /** File that receives what was sent and answered. */
  readonly rows: string;
}

/** Takes a line before and after each batch. */
export interface SpendRecord {
  /** @returns what to call when the batch has ended, with what it cost at most */
  begin(batch: Batch): Promise<(spentUsd: number) => Promise<void>>;
}

/** A batch that ended without a word: its process is gone. */
export type LostBatch = Batch & { readonly at: string };

const FILE = "spending.jsonl";

/**
 * The record in a folder of runs. Each line is on the disk before anything else happens.
 *
 * @param folder exists
 */
export function createSpendRecord(folder: string): SpendRecord {
  const file = join(folder, FILE);
  let batches = 0;
  return {
    async begin(batch) {
      const id = `${process.pid}-${Date.now()}-${batches++}`;
      const at = new Date().toISOString();
      await append(file, { event: "begin", id, pid: process.pid, at, ...batch });
      return (spentUsd) => append(file, { event: "end", id, at: new Date().toISOString(), spentUsd });
    },
  };
}

async function append(file: string, entry: object): Promise<void> {
  const handle = await open(file, "a");
  try {
    await handle.writeFile(`${JSON.stringify(entry)}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

const entrySchema = z.discriminatedUnion("event", [
  z.object({
    event: z.literal("begin"),
    id: z.string(),
    pid: z.number(),
    at: z.string(),
    target: z.string(),
    strategy: z.string(),
    requests: z.number(),
    budgetUsd: z.number(),
    rows: z.string(),
  }),
  z.object({ event: z.literal("end"), id: z.string() }),
]);

/** Batches of processes that are gone, and that none has settled; none where there is no record. */
export async function lostBatches(folder: string): Promise<readonly LostBatch[]> {
  const text = await readFile(join(folder, FILE), "utf8").catch(() => "");
  const lost = new Map<string, LostBatch & { readonly pid: number }>();
  for (const line of text.split("\n")) {
    const entry = entrySchema.safeParse(parsed(line));
    if (!entry.success) continue;
    if (entry.data.event === "end") lost.delete(entry.data.id);
    else lost.set(entry.data.id, entry.data);
  }
  return [...lost.values()].filter(({ pid }) => !isAlive(pid));
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/** What to tell a person about a batch that was lost. */
export function lostText({ at, strategy, target, requests, budgetUsd, rows }: LostBatch): string {
  return `an earlier bench did not end (${at}, ${strategy} against ${target}): of its ${requests} requests some were sent, for at most ${budgetUsd} USD; what was answered is in ${rows}, if it is still there`;
}
