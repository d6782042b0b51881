/** What benches have sent on a budget: a line on disk before each batch and one after it, whatever ends them. */
import { access, open, readFile } from "node:fs/promises";
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

/** A batch of a bench that left no run: it was stopped, killed, or failed. */
export type LostBatch = Batch & {
  readonly at: string;
  /** What it cost at most; undefined where it did not end. */
  readonly spentUsd?: number;
};

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
  z.object({ event: z.literal("end"), id: z.string(), spentUsd: z.number() }),
]);

/**
 * Batches whose bench left no run: those that did not end, of processes that are gone; and those that did, while their rows
 * are there, for a run that is saved takes them. None where there is no record.
 *
 * @param pid the process to ask about; all that are gone unless given
 */
export async function lostBatches(folder: string, pid?: number): Promise<readonly LostBatch[]> {
  const text = await readFile(join(folder, FILE), "utf8").catch(() => "");
  const begun = new Map<string, LostBatch & { readonly pid: number }>();
  for (const line of text.split("\n")) {
    const entry = entrySchema.safeParse(parsed(line));
    if (!entry.success) continue;
    const { data } = entry;
    if (data.event === "begin") begun.set(data.id, data);
    else if (begun.has(data.id)) begun.set(data.id, { ...begun.get(data.id)!, spentUsd: data.spentUsd });
  }
  const asked = [...begun.values()].filter((batch) => (pid === undefined ? !isAlive(batch.pid) : batch.pid === pid));
  const isLost = await Promise.all(asked.map(({ spentUsd, rows }) => spentUsd === undefined || isThere(rows)));
  return asked.filter((_, i) => isLost[i]);
}

function isThere(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/** What to tell a person about a batch of an earlier bench. */
export function lostText(batch: LostBatch): string {
  const { at, strategy, target } = batch;
  const what = batch.spentUsd === undefined ? "did not end" : "left no run";
  return `an earlier bench ${what} (${at}, ${strategy} against ${target}): ${leftText(batch)}`;
}

/** What a batch cost and where its rows are. */
export function leftText({ requests, budgetUsd, spentUsd, rows }: LostBatch): string {
  return spentUsd === undefined
    ? `of its ${requests} requests some were sent, for at most ${usdText(budgetUsd)} USD; what was answered is in ${rows}, if it is still there`
    : `its ${requests} requests cost at most ${usdText(spentUsd)} USD; the answers are in ${rows}`;
}

/** Rounded up to a hundredth of a cent: it says at most. */
function usdText(usd: number): string {
  return (Math.ceil(usd * 1e4 - 1e-6) / 1e4).toFixed(4);
}
