/**
 * Watches a process that runs many test files: a file that starts a process or a thread in it, or leaves its
 * environment or working folder changed, belongs in a process of its own and fails with that advice.
 */
import childProcess from "node:child_process";
import { syncBuiltinESMExports } from "node:module";
import workerThreads from "node:worker_threads";

const ADVICE = 'say why in the test file: "// Own process: <reason>"';

export interface Guard {
  /** What the files did since the last call that they must not, with the cure. */
  violations(): readonly string[];
}

/** Guards this process from here on; call it once, before any test file is loaded. */
export function guardSharedProcess(): Guard {
  let found: string[] = [];
  const refuse = (what: string) =>
    function refused(): never {
      found.push(`${what} in a process that it shares with other test files; ${ADVICE}`);
      throw new Error(`a test that shares its process ${what}; ${ADVICE}`);
    };
  Object.assign(childProcess.ChildProcess.prototype, { spawn: refuse("starts a process") });
  for (const name of ["spawnSync", "execSync", "execFileSync"] as const)
    Object.assign(childProcess, { [name]: refuse("starts a process") });
  Object.assign(workerThreads, { Worker: refuse("starts a thread") });
  process.chdir = refuse("changes the working folder");
  syncBuiltinESMExports();
  let before = stateOfProcess();
  return {
    violations() {
      const after = stateOfProcess();
      const changed = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter(
        (name) => before[name] !== after[name],
      );
      if (changed.length > 0) found.push(`leaves ${changed.join(", ")} changed; ${ADVICE}`);
      before = after;
      const violations = [...new Set(found)];
      found = [];
      return violations;
    },
  };
}

/** What files could leave changed to those after them. */
function stateOfProcess(): Readonly<Record<string, string | undefined>> {
  // Node's runner numbers the processes that run tests.
  const environment = Object.entries(process.env)
    .filter(([name]) => !name.startsWith("NODE_TEST_"))
    .map(([name, value]) => [`environment variable ${name}`, value]);
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"].map((name) => [
    `handlers of ${name}`,
    String(process.listenerCount(name)),
  ]);
  const globals = ["setTimeout", "fetch", "Date"].map((name) => [
    `global ${name}`,
    String((globalThis as unknown as Record<string, unknown>)[name] === ORIGINALS[name]),
  ]);
  return Object.fromEntries([...environment, ...signals, ...globals]);
}

const ORIGINALS: Readonly<Record<string, unknown>> = { setTimeout, fetch, Date };
