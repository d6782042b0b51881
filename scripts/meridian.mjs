#!/usr/bin/env node
/**
 * The `meridian` command. It runs on the Node 24 that comes as the npm package `node`, whatever Node the host has:
 * on an older host it starts that one with the same arguments, and passes signals and the exit code through.
 * Plain JavaScript, because an older Node has to read it.
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { constants } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const NODE_MAJOR_MIN = 24;
const EXIT_ENVIRONMENT = 4;

if (Number(process.versions.node.split(".")[0]) >= NODE_MAJOR_MIN) {
  const main = await loadCommandLine().catch(explainBrokenInstall);
  process.exitCode = main === undefined ? EXIT_ENVIRONMENT : await main(process.argv.slice(2));
} else {
  runOnPackagedNode();
}

async function loadCommandLine() {
  const { register } = await import("tsx/esm/api");
  register();
  return (await import("./cli.ts")).main;
}

/** A module that is missing means packages that are missing; anything else is a bug and may show its stack. */
function explainBrokenInstall(error) {
  if (error?.code !== "ERR_MODULE_NOT_FOUND" || process.env.MERIDIAN_DEBUG === "1") throw error;
  process.stderr.write(
    `INSTALL_INCOMPLETE  ${String(error.message).split("\n", 1)[0]}\n  fix: run npm ci in the project's folder\n`,
  );
}

function runOnPackagedNode() {
  const node = findPackagedNode(dirname(fileURLToPath(import.meta.url)));
  if (node === undefined || process.env.MERIDIAN_HOST_NODE !== undefined) {
    process.stderr.write(
      `NODE_TOO_OLD  Node ${process.versions.node} runs this command, and the packaged Node ${NODE_MAJOR_MIN} was not found\n` +
        "  fix: run npm ci in the project and let the install script of the package `node` run, or use Node 24\n",
    );
    process.exitCode = EXIT_ENVIRONMENT;
    return;
  }
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: "inherit",
    // Doctor reports the host's Node; and a packaged Node that is itself too old must not start another.
    env: { ...process.env, MERIDIAN_HOST_NODE: process.versions.node },
  });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("error", (error) => {
    process.stderr.write(`NODE_NOT_STARTED  ${node}: ${error.message}\n  fix: run npm ci again\n`);
    process.exitCode = EXIT_ENVIRONMENT;
  });
  child.on("exit", (code, signal) => {
    process.exitCode = code ?? 128 + (constants.signals[signal] ?? 0);
  });
}

/** Walks up from this file: the package may be hoisted beside us when we are a dependency ourselves. */
function findPackagedNode(from) {
  const name = process.platform === "win32" ? "node.exe" : "node";
  const candidate = join(from, "node_modules", "node", "bin", name);
  if (existsSync(candidate)) return candidate;
  const parent = dirname(from);
  return parent === from ? undefined : findPackagedNode(parent);
}
