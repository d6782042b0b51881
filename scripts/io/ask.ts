import { createInterface } from "node:readline/promises";
import { interrupted } from "./worker-pool.ts";

/**
 * Asks a person a question on stderr and waits for a line of stdin; undefined where nobody is there to be asked.
 *
 * @throws MeridianError INTERRUPTED from the question, when the signal fires while it waits
 */
export function terminalAsk(
  signal: AbortSignal,
  streams: { readonly stdin: NodeJS.ReadStream; readonly stderr: NodeJS.WriteStream } = process,
): ((question: string) => Promise<string>) | undefined {
  const { stdin, stderr } = streams;
  if (stdin.isTTY !== true || stderr.isTTY !== true) return undefined;
  return async (question) => {
    const lines = createInterface({ input: stdin, output: stderr });
    try {
      // A closed input (Ctrl-D) is no answer.
      const closed = new Promise<string>((resolve) => lines.once("close", () => resolve("")));
      const interrupt = new Promise<never>((_, reject) => lines.once("SIGINT", () => reject(interrupted())));
      return await Promise.race([lines.question(question, { signal }), closed, interrupt]);
    } catch (error) {
      throw signal.aborted ? interrupted() : error;
    } finally {
      lines.close();
    }
  };
}
