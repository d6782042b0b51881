/** The checks of the whole tree that stand in package.json as scripts: types, lint, unused code. */
import { spawn } from "node:child_process";
import { once } from "node:events";

export interface CheckOutcome {
  readonly name: string;
  readonly isOk: boolean;
  /** All that it said. */
  readonly text: string;
  readonly durationMs: number;
}

/**
 * Runs a script of package.json to its end.
 *
 * @param name its name there
 * @param cwd folder of package.json
 */
export async function runCheck(name: string, cwd: string): Promise<CheckOutcome> {
  const startedMs = performance.now();
  // npm names the file that it runs from, which saves a shell and works where npm is a script of its own.
  const npm = process.env.npm_execpath;
  const [command, args] = npm === undefined ? ["npm", []] : [process.execPath, [npm]];
  const child = spawn(command, [...args, "run", "--silent", name], {
    cwd,
    stdio: ["ignore", "pipe", "pipe"],
    shell: npm === undefined && process.platform === "win32",
  });
  let text = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (part: string) => {
      text += part;
    });
  const [code] = (await once(child, "close")) as [number | null];
  return { name, isOk: code === 0, text, durationMs: performance.now() - startedMs };
}
