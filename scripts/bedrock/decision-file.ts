/** The file of a decision log: a line for each request, appended when it has ended. */
import { createWriteStream, type WriteStream } from "node:fs";
import { finished } from "node:stream/promises";
import { MeridianError } from "../../simulator/base/errors.ts";
import type { DecisionRecord } from "../../simulator/bench/decision-log.ts";
import { environmentProblem } from "../io/text-files.ts";

/**
 * Appends records as JSON lines. A log that cannot be written does not stop the traffic: records are counted as lost, and
 * `close` says so.
 */
export class DecisionFile {
  private readonly path: string;
  private readonly stream: WriteStream;
  private failure: Error | undefined;
  private lost = 0;

  constructor(path: string) {
    this.path = path;
    this.stream = createWriteStream(path, { flags: "a" });
    this.stream.on("error", (error) => {
      this.failure ??= error;
    });
  }

  write(record: DecisionRecord): void {
    if (this.failure !== undefined) this.lost++;
    else this.stream.write(`${JSON.stringify(record)}\n`);
  }

  /** @throws MeridianError environment DECISION_LOG_NOT_WRITTEN */
  async close(): Promise<void> {
    this.stream.end();
    await finished(this.stream).catch((error: Error) => {
      this.failure ??= error;
    });
    if (this.failure === undefined) return;
    const fix = "choose a folder that can be written to, with space left";
    const problem = environmentProblem("DECISION_LOG_NOT_WRITTEN", this.failure, this.path, fix);
    const what = `${problem.what}; ${this.lost} records were lost`;
    throw new MeridianError("environment", { ...problem, what }, { cause: this.failure });
  }
}
