import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { isNpm } from "../../../scripts/io/npm-parent.ts";

const SOURCE_BIN = fileURLToPath(new URL("../../../scripts/meridian.mjs", import.meta.url));

describe("npmParentGone", { timeout: 60_000 }, () => {
  it("knows npm and npx by their command lines", () => {
    for (const line of [
      "npm exec meridian emulate",
      "/usr/bin/node /usr/bin/npx meridian",
      "node /opt/npm/bin/npm-cli.js x",
      "npx a",
    ]) {
      assert.equal(isNpm(line), true, line);
    }
    for (const line of ["bash", "/usr/bin/node meridian.mjs emulate", "sh -c npm", "pnpm x", ""]) {
      assert.equal(isNpm(line), false, line);
    }
  });

  const onHosts = { skip: process.platform === "win32" };

  it("resolves once npm has ended, though the shell between lives on", onHosts, async () => {
    assert.match(await watchedUntil("SIGKILL"), /^ready \d+\ngone\n$/);
  });

  it("goes on where nohup started both and a closed terminal ended npm", onHosts, async () => {
    const nohup = { MERIDIAN_NOHUP: "1" };
    assert.match(await watchedUntil("SIGHUP", nohup), /^ready \d+\nstill there\n$/);
    assert.match(await watchedUntil("SIGKILL", nohup), /^ready \d+\ngone\n$/);
  });

  it("ends every command, such as a local page", onHosts, async () => {
    const npm = spawn(process.execPath, ["-e", npmOf(`exec "$0" ${SOURCE_BIN} view --port 0 2>&1; true`)], {
      stdio: ["ignore", "pipe", "inherit"],
      env: plainEnv(),
    });
    npm.stdout.setEncoding("utf8").on("data", (text: string) => {
      if (text.includes("Ctrl-C")) npm.kill("SIGKILL");
    });
    // The page holds the pipe open until it ends.
    await once(npm.stdout, "close");
    assert.equal(npm.signalCode, "SIGKILL");
  });

  /** A stand-in for npm: a process of its name that starts a shell, which starts the command. */
  function npmOf(shell: string): string {
    return `process.title = "npm exec meridian";
      require("node:child_process").spawn("sh", ["-c", ${JSON.stringify(shell)}, process.execPath],
        { stdio: ["ignore", 1, 2], env: { ...process.env, npm_command: "exec" } });`;
  }

  /** What a command under npm prints when npm is killed, or when its whole group is told that the terminal is closed. */
  async function watchedUntil(signal: "SIGKILL" | "SIGHUP", more: Record<string, string> = {}): Promise<string> {
    const module = new URL("../../../scripts/io/npm-parent.ts", import.meta.url).href;
    const child = `import(${JSON.stringify(module)}).then(async (m) => {
      process.on("SIGHUP", () => setTimeout(() => { console.log("still there"); process.exit(0); }, 2500));
      setTimeout(() => process.exit(9), 30000);
      const gone = m.npmParentGone(new AbortController().signal);
      console.log("ready " + process.pid);
      await gone;
      console.log("gone");
      process.exit(0);
    })`;
    const started = spawn(process.execPath, ["-e", npmOf('"$0" --import tsx -e "$CODE"; true')], {
      stdio: ["ignore", "pipe", "inherit"],
      env: { ...plainEnv(), ...more, CODE: child },
      detached: true,
    });
    let said = "";
    started.stdout.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      if (/^ready \d+\n$/.test(said)) process.kill(signal === "SIGHUP" ? -started.pid! : started.pid!, signal);
    });
    await once(started.stdout, "close");
    return said;
  }

  function plainEnv(): NodeJS.ProcessEnv {
    const { NODE_TEST_CONTEXT, MERIDIAN_NOHUP, MERIDIAN_HOST_NODE, ...env } = process.env;
    return env;
  }
});
