#!/usr/bin/env node
/**
 * The `meridian` command. An installed package runs its compiled code on the host's own Node. A checkout runs its
 * sources, whose types Node 24 strips by itself; on an older host it starts the Node 24 that comes as the npm package
 * `node`, with the same arguments, and passes signals and the exit code through.
 * Plain JavaScript, because an older Node has to read it.
 */
import { existsSync, readFileSync, readlinkSync } from "node:fs";
import * as nodeModule from "node:module";
import { dirname, join } from "node:path";
import { isatty } from "node:tty";
import { fileURLToPath } from "node:url";
import { setFlagsFromString } from "node:v8";
import { tuneCompiler } from "./compiler-options.mjs";

const NODE_MAJOR_MIN = 24;
const EXIT_ENVIRONMENT = 4;
const SEMI_SPACE_MB = 2;
/**
 * glibc keeps freed memory for later, in heaps of several threads. With one heap, and freed blocks of this size and more
 * given back to the system (by itself it raises the size, but not one that is set), less is kept. It reads its settings at
 * its start, so only a Node that is started here has them: to replace this process would close what it has inherited.
 */
const RETURNED_MEMORY = { MALLOC_ARENA_MAX: "1", MALLOC_MMAP_THRESHOLD_: String(64 * 1024) };
const HERE = dirname(fileURLToPath(import.meta.url));
const COMPILED = "../dist/scripts/cli.js";

if (outlivesTerminal()) {
  // The command asks the variable, and so does this file once more where it starts a newer Node.
  process.env.MERIDIAN_NOHUP = "1";
  process.on("SIGHUP", () => {});
}
if (!existsSync(join(HERE, "cli.ts"))) await run(COMPILED, "install the package again");
else if (Number(process.versions.node.split(".")[0]) >= NODE_MAJOR_MIN) {
  await run("./cli.ts", "run npm ci in the project's folder");
} else await runOnPackagedNode();

async function run(file, fix) {
  tuneCompiler();
  keepHeapsSmall();
  // Node 22 and newer keep compiled code between runs, which halves the time to start.
  nodeModule.enableCompileCache?.();
  // Worker threads look for it in their environment alone.
  const cacheFolder = nodeModule.getCompileCacheDir?.();
  if (cacheFolder !== undefined) process.env.NODE_COMPILE_CACHE ??= dirname(cacheFolder);
  const commandLine = await import(file).catch((error) => explainBrokenInstall(error, fix));
  process.exitCode = commandLine === undefined ? EXIT_ENVIRONMENT : await commandLine.main(process.argv.slice(2));
}

/**
 * Young generations grow to 64 MB in each thread and hold little but garbage: here they stay as small as they begin. The
 * option holds for the whole process, so only the command's own sets it.
 */
function keepHeapsSmall() {
  setFlagsFromString("--semi-space-growth-factor=1");
  setFlagsFromString(`--min-semi-space-size=${SEMI_SPACE_MB}`);
}

/** A module that is missing means packages that are missing; anything else is a bug and may show its stack. */
function explainBrokenInstall(error, fix) {
  if (error?.code !== "ERR_MODULE_NOT_FOUND" || process.env.MERIDIAN_DEBUG === "1") throw error;
  process.stderr.write(`INSTALL_INCOMPLETE  ${String(error.message).split("\n", 1)[0]}\n  fix: ${fix}\n`);
}

async function runOnPackagedNode() {
  const node = findPackagedNode(HERE);
  if (node === undefined || process.env.MERIDIAN_HOST_NODE !== undefined) {
    process.stderr.write(
      `NODE_TOO_OLD  Node ${process.versions.node} runs this command, and the packaged Node ${NODE_MAJOR_MIN} was not found\n` +
        "  fix: run npm ci in the project and let the install script of the package `node` run, or use Node 24\n",
    );
    process.exitCode = EXIT_ENVIRONMENT;
    return;
  }
  const [{ spawn }, { constants }] = await Promise.all([import("node:child_process"), import("node:os")]);
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    // The channel carries nothing: its end tells the child that this process is gone.
    stdio: ["inherit", "inherit", "inherit", "ipc"],
    // Doctor reports the host's Node; and a packaged Node that is itself too old must not start another.
    env: { ...RETURNED_MEMORY, ...process.env, MERIDIAN_HOST_NODE: process.versions.node },
  });
  for (const signal of ["SIGINT", "SIGTERM", "SIGQUIT", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("error", (error) => {
    process.stderr.write(`NODE_NOT_STARTED  ${node}: ${error.message}\n  fix: run npm ci again\n`);
    process.exitCode = EXIT_ENVIRONMENT;
  });
  child.on("exit", (code, signal) => {
    process.exitCode = code ?? 128 + (constants.signals[signal] ?? 0);
  });
}

/**
 * Whether nohup started this. It has the kernel ignore SIGHUP, which Node undoes at its own start; so what else it leaves
 * has to tell. None of its output goes to a terminal: what only looks like nohup there is left from an outer shell.
 */
function outlivesTerminal() {
  if (process.env.MERIDIAN_NOHUP === "1") return true;
  if (isatty(1) || isatty(2)) return false;
  return isStartedByNohup() || hasInputOfNohup() || parentIgnoresHangup();
}

/** Most shells (not dash and fish) put the path of what they start into `_`, and nohup leaves it there. */
function isStartedByNohup() {
  return /(?:^|\/)nohup$/.test(process.env._ ?? "");
}

/** GNU's nohup replaces a terminal by an input that cannot be read; nothing else opens one for writing. */
function hasInputOfNohup() {
  try {
    const flags = /^flags:\s*([0-7]+)$/m.exec(readFileSync("/proc/self/fdinfo/0", "utf8"))?.[1];
    return readlinkSync("/proc/self/fd/0") === "/dev/null" && flags !== undefined && /[15]$/.test(flags);
  } catch {
    return false;
  }
}

/** A script under nohup ignores SIGHUP as this process did until Node began. Linux shows it. */
function parentIgnoresHangup() {
  try {
    const mask = /^SigIgn:\s*([0-9a-f]+)$/m.exec(readFileSync(`/proc/${process.ppid}/status`, "utf8"))?.[1];
    return mask !== undefined && (BigInt(`0x${mask}`) & 1n) === 1n;
  } catch {
    return false;
  }
}

/** Walks up from this file to the folder of packages. */
function findPackagedNode(from) {
  const name = process.platform === "win32" ? "node.exe" : "node";
  const candidate = join(from, "node_modules", "node", "bin", name);
  if (existsSync(candidate)) return candidate;
  const parent = dirname(from);
  return parent === from ? undefined : findPackagedNode(parent);
}
