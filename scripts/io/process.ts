/** This process: where the package is, its version, interrupts, and whether another process is alive. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { EXIT_CODES } from "../../simulator/base/errors.ts";

/** Folder that holds package.json, scenarios/ and the rest, wherever the command was called from. */
export const PACKAGE_ROOT = packageRoot(import.meta.dirname);

/** Walks up: the compiled package has its files at other depths than the sources. */
function packageRoot(from: string): string {
  return existsSync(join(from, "package.json")) ? from : packageRoot(dirname(from));
}

/** Whether the compiled package runs, not the sources. */
export const IS_COMPILED = import.meta.filename.endsWith(".js");

/**
 * A program that is started by its path: a worker thread, a k6 script.
 *
 * @param source its source file, relative to the root of the package
 * @returns the file to run: the source itself, or in the compiled package what `npm run build` made of it
 */
export function programFile(source: string): string {
  return IS_COMPILED ? join(PACKAGE_ROOT, "dist", source.replace(/\.ts$/, ".js")) : join(PACKAGE_ROOT, source);
}

/** Version of this package. */
export function packageVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(join(PACKAGE_ROOT, "package.json"), "utf8"));
  return (manifest as { version: string }).version;
}

/** Whether a process of this machine is running; true also for one that another user owns. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

export interface Interrupts {
  /** Aborted by the first signal that asks the process to end, and by the end of the launcher. */
  readonly signal: AbortSignal;
  /** Asks the work to stop for another reason; a signal that follows is the first. */
  abort(): void;
  stop(): void;
}

/**
 * The launcher passes a signal on that the terminal has already sent to the whole process group, so one Ctrl-C may
 * arrive twice within a few milliseconds. That must not count as the impatient second one.
 */
const SAME_KEYSTROKE_MS = 300;

/** The first signal asks the work to stop; a second one ends the process. */
export function watchInterrupts(clockMs: () => number = () => performance.now()): Interrupts {
  const controller = new AbortController();
  let firstMs: number | undefined;
  const onSignal = (): void => {
    const nowMs = clockMs();
    if (firstMs === undefined) {
      firstMs = nowMs;
      controller.abort();
    } else if (nowMs - firstMs > SAME_KEYSTROKE_MS) process.exit(EXIT_CODES.interrupted);
  };
  // The launcher knows that nohup started the command, and ignores SIGHUP itself.
  const names = process.env.MERIDIAN_NOHUP === "1" ? ENDING.filter((name) => name !== "SIGHUP") : ENDING;
  for (const name of names) process.on(name, onSignal);
  const abort = (): void => controller.abort();
  const isLaunched = process.env.MERIDIAN_HOST_NODE !== undefined && process.channel !== undefined;
  if (isLaunched) {
    process.once("disconnect", abort);
    process.channel?.unref();
  }
  return {
    signal: controller.signal,
    abort,
    stop: () => {
      for (const name of names) process.off(name, onSignal);
      process.off("disconnect", abort);
    },
  };
}

/** Ctrl-C, kill, a terminal that was closed, quit. */
const ENDING = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"] as const;
