/** Sends the jobs of a sweep and waits for them, with the timings of a test: a process that can be killed. */
import { readFileSync } from "node:fs";
import { openStore } from "../../scripts/sweep/open-store.ts";
import { sendAndWait } from "../../scripts/sweep/queue.ts";
import type { SweepFile } from "../../simulator/sweep/job.ts";

const [redisUrl, place, timings, file] = process.argv.slice(2);
await sendAndWait(JSON.parse(readFileSync(file!, "utf8")) as SweepFile, openStore(place!), {
  redisUrl: redisUrl!,
  signal: new AbortController().signal,
  onDone: () => {},
  timings: JSON.parse(timings!) as object,
});
