import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, it } from "node:test";
import { isNpm } from "../../../scripts/io/npm-parent.ts";

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

  it("resolves once npm has ended, though the shell between lives on", {
    skip: process.platform === "win32",
  }, async () => {
    const module = new URL("../../../scripts/io/npm-parent.ts", import.meta.url).href;
    const child = `import(${JSON.stringify(module)}).then(async (m) => {
      setTimeout(() => process.exit(9), 30000);
      const gone = m.npmParentGone(new AbortController().signal);
      console.log("ready " + process.pid);
      await gone;
      console.log("gone");
      process.exit(0);
    })`;
    // A stand-in for npm: a process of its name that starts a shell, which starts the command.
    const npm = `process.title = "npm exec meridian";
      require("node:child_process").spawn("sh", ["-c", ${JSON.stringify('"$0" --import tsx -e "$CODE"; true')}, process.execPath],
        { stdio: ["ignore", 1, 2], env: { ...process.env, npm_command: "exec", CODE: ${JSON.stringify(child)} } });`;
    const { NODE_TEST_CONTEXT: _context, ...env } = process.env;
    const started = spawn(process.execPath, ["-e", npm], { stdio: ["ignore", "pipe", "inherit"], env });
    let said = "";
    started.stdout.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      if (said.startsWith("ready")) started.kill("SIGKILL");
    });
    await once(started.stdout, "close");
    assert.match(said, /^ready \d+\ngone\n$/);
  });
});
