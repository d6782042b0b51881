import { pathToFileURL } from "node:url";

export interface Finished {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

let runs = 0;

/**
 * Runs a program of studies/ in this process: the same exit code and output without the start of a process, whose
 * modules take a second to load. One at a time, since it takes over the streams and arguments of the process.
 *
 * @param entry absolute path of the program
 */
export async function runHere(entry: string, args: readonly string[]): Promise<Finished> {
  const said = { stdout: "", stderr: "" };
  const { argv } = process;
  const restores = (["stdout", "stderr"] as const).map((name) => {
    const stream = process[name];
    const { write } = stream;
    stream.write = (text: string | Uint8Array) => {
      said[name] += typeof text === "string" ? text : Buffer.from(text).toString("utf8");
      return true;
    };
    return () => {
      stream.write = write;
    };
  });
  process.argv = [argv[0]!, entry, ...args];
  process.exitCode = 0;
  try {
    // A program runs when it is loaded; under another name it is loaded again, and what it imports is not.
    await import(`${pathToFileURL(entry)}?run=${runs++}`);
    return { status: Number(process.exitCode), ...said };
  } finally {
    process.argv = argv;
    process.exitCode = 0;
    for (const restore of restores) restore();
  }
}
