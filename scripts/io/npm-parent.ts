/**
 * The npm or npx that started this process. It passes no signal on, so a command that it started would outlive
 * `npx meridian emulate & kill $!`, and keep its ports, take jobs or call endpoints.
 */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

const POLL_MS = 500;
/** Between this process and npm stand a shell and, on older hosts, the start of a newer Node. */
const GENERATIONS_MAX = 6;

/**
 * Resolves when the npm that started this process is gone; never without one, or when `signal` is aborted before.
 * A terminal that closes ends npm, too, which like all of Node forgets that nohup had it ignore the hangup: where this
 * process is to outlive its terminal and was hung up together with npm, it goes on without it.
 *
 * @param signal ends the watch
 */
export function npmParentGone(signal: AbortSignal): Promise<void> {
  const npm = npmAncestor();
  return new Promise((resolve) => {
    if (npm === undefined || signal.aborted) return;
    let goneForMs = 0;
    const hangup = process.env.MERIDIAN_NOHUP === "1" ? watchHangup() : undefined;
    const timer = setInterval(() => {
      if (isAlive(npm)) return;
      goneForMs += POLL_MS;
      // The signal that ended npm may not have reached this process yet.
      if (hangup !== undefined && goneForMs <= POLL_MS) return;
      stop();
      if (hangup?.isRecent() !== true) resolve();
    }, POLL_MS);
    timer.unref();
    const stop = (): void => {
      clearInterval(timer);
      hangup?.stop();
    };
    signal.addEventListener("abort", stop, { once: true });
  });
}

/** How long before npm's end was seen a hangup counts as its cause. */
const HANGUP_MS = 4 * POLL_MS;

/** Whether this process was told lately that its terminal is closed. */
function watchHangup() {
  let lastMs = Number.NEGATIVE_INFINITY;
  const onHangup = (): void => {
    lastMs = performance.now();
  };
  process.on("SIGHUP", onHangup);
  return {
    isRecent: () => performance.now() - lastMs <= HANGUP_MS,
    stop: () => process.off("SIGHUP", onHangup),
  };
}

/** Process id of the npm or npx among the ancestors of this process. */
function npmAncestor(): number | undefined {
  if (process.env.npm_command === undefined) return undefined;
  let pid = process.ppid;
  for (let generation = 0; generation < GENERATIONS_MAX && pid > 1; generation++) {
    const found = processOf(pid);
    if (found === undefined) return undefined;
    if (isNpm(found.commandLine)) return pid;
    pid = found.parent;
  }
  return undefined;
}

/** @example isNpm("npm exec meridian emulate") // => true */
export function isNpm(commandLine: string): boolean {
  const [program = "", script = ""] = commandLine.trim().split(/\s+/);
  return [program, script].some((word) => /(?:^|[\\/])(?:npm|npx)(?:-cli\.js)?$/.test(word));
}

interface Found {
  readonly parent: number;
  readonly commandLine: string;
}

function processOf(pid: number): Found | undefined {
  try {
    const commandLine = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
    return { parent: Number(statOf(pid).split(" ")[1]), commandLine };
  } catch {
    return processByPs(pid);
  }
}

/** State and parent of a process and what follows them; its name, which may hold anything, ends with the last bracket. */
function statOf(pid: number): string {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  return stat.slice(stat.lastIndexOf(")") + 2);
}

function processByPs(pid: number): Found | undefined {
  try {
    const line = execFileSync("ps", ["-o", "ppid=,command=", "-p", String(pid)], { encoding: "utf8" }).trim();
    const [parent = "0", ...words] = line.split(/\s+/);
    return { parent: Number(parent), commandLine: words.join(" ") };
  } catch {
    return undefined;
  }
}

/** A process that has ended but was not yet waited for counts as gone. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  try {
    return !statOf(pid).startsWith("Z");
  } catch {
    return true;
  }
}
