import { appendFile } from "node:fs/promises";

/** GitHub refuses a job summary above this size. */
const SUMMARY_BYTES_MAX = 1024 * 1024;

/** Appends a run's summary to the summary of the GitHub job that runs us, if one does. Never fails a run. */
export async function appendJobSummary(markdown: string, file: string | undefined): Promise<void> {
  if (file === undefined || file === "" || Buffer.byteLength(markdown) > SUMMARY_BYTES_MAX) return;
  await appendFile(file, `${markdown}\n`).catch(() => undefined);
}
