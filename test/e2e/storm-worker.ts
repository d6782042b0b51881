/** A worker of sweeps with the timings of a test: a process that can be killed. */
import { openStore } from "../../scripts/sweep/open-store.ts";
import { work } from "../../scripts/sweep/queue.ts";

const [redisUrl, place, timings] = process.argv.slice(2);
await work({
  redisUrl: redisUrl!,
  store: openStore(place!),
  threads: 1,
  signal: new AbortController().signal,
  timings: JSON.parse(timings!) as object,
  onJob: (key, state) => console.log(key, state),
  onProblem: (text) => console.error(text),
});
