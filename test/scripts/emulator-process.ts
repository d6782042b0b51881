import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { BIN, ROOT } from "./run-meridian.ts";

/** The line that `meridian emulate --json` prints when it is ready. */
export interface ReadyLine {
  readonly schemaVersion: number;
  readonly kind: "emulator";
  readonly ready: true;
  readonly caFile?: string;
  readonly endpoints: readonly {
    readonly region: string;
    readonly port: number;
    readonly url: string;
    readonly tlsUrl?: string;
    readonly environment: Readonly<Record<string, string>>;
  }[];
}

export interface EmulatorProcess {
  readonly child: ChildProcess;
  readonly ready: ReadyLine;
  readonly exit: Promise<number | null>;
  /** All that it said on stderr so far. */
  stderr(): string;
  /** Ends it, politely first. */
  stop(): Promise<number | null>;
}

const START_LIMIT_MS = 60_000;

/** `meridian emulate` as a process of its own, on free ports. */
export async function startEmulator(args: readonly string[]): Promise<EmulatorProcess> {
  const { NODE_TEST_CONTEXT, MERIDIAN_HOST_NODE, ...env } = process.env;
  const child = spawn(process.execPath, [BIN, "emulate", ...args, "--json", "--base-port", "0"], {
    cwd: ROOT,
    env: { ...env, NO_COLOR: "1" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const exit = once(child, "close").then(([code]) => code as number | null);
  const line = once(createInterface(child.stdout), "line", { signal: AbortSignal.timeout(START_LIMIT_MS) });
  const first = await Promise.race([line.then(([text]) => text as string), exit.then(() => undefined)]);
  if (first === undefined) throw new Error(`the emulator did not start: ${stderr}`);
  return {
    child,
    ready: JSON.parse(first) as ReadyLine,
    exit,
    stderr: () => stderr,
    async stop() {
      if (child.exitCode === null) child.kill("SIGTERM");
      const killer = setTimeout(() => child.kill("SIGKILL"), 15_000);
      const code = await exit;
      clearTimeout(killer);
      return code;
    },
  };
}

/** One Converse call without a signature, for fleets with `--auth off`. */
export function converse(url: string, modelId: string, body: object = {}, headers: Record<string, string> = {}) {
  return fetch(`${url}/model/${modelId}/converse`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify({ messages: [{ role: "user", content: [{ text: "Hi" }] }], ...body }),
  });
}
