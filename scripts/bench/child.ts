import { spawn } from "node:child_process";
import { MeridianError } from "../../simulator/errors.ts";

/**
 * Runs a program to its end and returns what it printed to stdout.
 *
 * @throws MeridianError (environment) BENCH_PROGRAM_FAILED with the end of its stderr; also after `timeoutMs`
 */
export function runChild(command: string, args: readonly string[], timeoutMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], timeout: timeoutMs });
    let out = "";
    let err = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      out += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      err = (err + text).slice(-2_000);
    });
    child.on("error", (error) => reject(failed(command, args, error.message)));
    child.on("close", (code, signal) => {
      if (code === 0) resolve(out);
      else reject(failed(command, args, signal === null ? err : `ended by ${signal} (limit ${timeoutMs / 1_000} s)`));
    });
  });
}

function failed(command: string, args: readonly string[], why: string): MeridianError {
  return new MeridianError("environment", {
    code: "BENCH_PROGRAM_FAILED",
    what: `${[command, ...args].join(" ")} failed: ${why.trim().split("\n").slice(-5).join(" | ")}`,
    fix: "run the command by itself to see all of its output",
  });
}
