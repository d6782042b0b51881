import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, it } from "node:test";
import { commands } from "../../scripts/commands/index.ts";
import { packageVersion } from "../../scripts/io/process.ts";
import { OLD_NODE } from "./old-node.ts";
import { BIN, meridian, meridianHere, ROOT, SOURCE_BIN, TINY } from "./run-meridian.ts";

describe("meridian", () => {
  it("shows help for itself and for each verb, with examples", async () => {
    const help = await meridian(["--help"]);
    assert.equal(help.code, 0);
    const flat = help.stdout.replace(/\s+/g, " ");
    for (const { name, summary } of commands) assert.ok(flat.includes(summary), name);
    // The page has the examples of the code, which its own test holds it to: the verbs need not be loaded once more.
    const page = readFileSync(join(ROOT, "docs", "reference", "cli.md"), "utf8");
    for (const { name } of commands) {
      const section = page.split(`\n## meridian ${name}\n`)[1]!.split("\n## ", 1)[0]!;
      const examples = [...section.matchAll(/^npx (meridian .+)$/gm)].map(([, example]) => example!);
      assert.ok(examples.length > 0, `${name}: no example in docs/reference/cli.md`);
      const verb = await meridianHere([name, "--help"]);
      assert.equal(verb.code, 0, name);
      for (const example of examples) assert.ok(verb.stdout.includes(example), `${name}: ${example}`);
      assert.match(verb.stdout, /--json/);
    }
  });

  it("says that stdout could not be written, and exits 4 in place of a stack", {
    skip: !existsSync("/dev/full") && "no /dev/full on this host",
  }, () => {
    const run = spawnSync("sh", ["-c", '"$0" "$1" list > /dev/full', process.execPath, BIN], { encoding: "utf8" });
    assert.equal(run.status, 4, run.stderr);
    assert.match(run.stderr, /^OUTPUT_LOST {2}stdout: ENOSPC.*\n {2}fix: free some space/);
    assert.doesNotMatch(run.stderr, /\n {4}at /);
  });

  it("prints its version", async () => {
    assert.deepEqual(await meridian(["--version"]), { code: 0, stdout: `${packageVersion()}\n`, stderr: "" });
  });

  it("without a verb shows help on stderr and exits 2", async () => {
    const { code, stdout, stderr } = await meridian([]);
    assert.deepEqual([code, stdout], [2, ""]);
    assert.match(stderr, /Usage: meridian/);
  });

  it("refuses unknown verbs, flags and values with the nearest known one, exit 2", async () => {
    const verb = await meridianHere(["simulte", "a.yaml"]);
    assert.equal(verb.code, 2);
    assert.match(verb.stderr, /^USAGE {2}unknown command 'simulte'\n {2}fix: did you mean "simulate"\?/);
    const flag = await meridianHere(["doctor", "--jsn"]);
    assert.equal(flag.code, 2);
    assert.match(flag.stderr, /fix: did you mean --json\? see meridian doctor --help/);
    const longer = await meridianHere(["emulate", "--port", "80"]);
    assert.match(longer.stderr, /fix: did you mean --base-port\? see meridian emulate --help/);
    const value = await meridianHere(["simulate", "a.yaml", "--workers", "none"]);
    assert.equal(value.code, 2);
    assert.match(value.stderr, /whole number/);
    const missing = await meridianHere(["check"]);
    assert.equal(missing.code, 2);
    assert.match(missing.stderr, /missing required argument 'scenario'/);
    const swallowed = await meridianHere(["check", "--set", "seed=1", "a.yaml"]);
    assert.equal(swallowed.code, 2);
    assert.match(swallowed.stderr, /fix: put the file before --set, which takes every word up to the next option/);
    assert.equal((await meridianHere(["list", "--set"])).code, 2);
  });

  it("never prints a stack trace unless asked to", async () => {
    const plain = await meridian(["check", "nowhere.yaml"]);
    assert.doesNotMatch(plain.stderr, /^\s+at /m);
    const debug = await meridian(["check", "nowhere.yaml", "--seed", "x"], { env: { MERIDIAN_DEBUG: "1" } });
    assert.match(debug.stderr, /^\s+at /m);
  });

  it("says what to do when packages or compiled files are missing", () => {
    const folder = mkdtempSync(join(tmpdir(), "meridian-"));
    const launcher = copyLauncher(folder);
    const list = () => spawnSync(process.execPath, [launcher, "list"], { encoding: "utf8" });
    const installed = list();
    writeFileSync(join(folder, "cli.ts"), 'import "meridian-package-that-is-missing";\n');
    const checkout = list();
    rmSync(folder, { recursive: true });
    assert.deepEqual([installed.status, checkout.status], [4, 4]);
    assert.match(installed.stderr, /^INSTALL_INCOMPLETE .*\n {2}fix: install the package again\n$/);
    assert.match(checkout.stderr, /^INSTALL_INCOMPLETE .*\n {2}fix: run npm ci in the project's folder\n$/);
  });

  it("runs from any folder", async () => {
    const { code, stdout } = await meridian(["list", "strategies"], { cwd: "/" });
    assert.equal(code, 0);
    assert.match(stdout, /^single /m);
  });

  it("sets up memory and compiler of a run, in its threads too", async () => {
    const preload = import.meta.resolve("./fixtures/note-flags.mjs");
    let seen = "";
    let hasStopped = false;
    const { code, stderr } = await meridian(
      ["simulate", TINY, "--set", "requests=500M", "--workers", "2", "--out", join(tmpdir(), "meridian-never")],
      {
        env: { NODE_OPTIONS: `--import=${preload}` },
        onFirstOutput: (child) =>
          child.stderr!.on("data", (text: string) => {
            seen += text;
            // A second signal would be that of someone who cannot wait.
            if (!hasStopped && seen.includes("worker sets --max-inlined")) hasStopped = child.kill("SIGINT");
          }),
      },
    );
    assert.equal(code, 130, stderr);
    for (const flag of ["--semi-space-growth-factor=1", "--min-semi-space-size=2"]) {
      assert.ok(stderr.includes(`main sets ${flag}\n`), flag);
    }
    // The compiler that mixes objects' numbers up is in Node 22 and newer.
    if (Number(process.versions.node.split(".")[0]) < 22) return;
    for (const thread of ["main", "worker"]) assert.ok(stderr.includes(`${thread} sets --no-maglev-osr\n`), thread);
  });

  it("starts the packaged Node on an old host, passing the exit code on", {
    skip: OLD_NODE === undefined && "no older Node on this host",
  }, async () => {
    const node = OLD_NODE!;
    const doctor = await meridian(["doctor", "--json"], { node });
    assert.equal(doctor.code, 0, doctor.stderr);
    const document = JSON.parse(doctor.stdout) as { checks: { name: string; found: string }[] };
    assert.match(document.checks.find((check) => check.name === "node")?.found ?? "", /^24\..*the host has/);
    const preload = `--import=${import.meta.resolve("./fixtures/note-flags.mjs")}`;
    const list = await meridian(["list", "strategies"], { node, env: { NODE_OPTIONS: preload } });
    assert.match(list.stderr, /^process \d+, malloc 65536$/m);
    assert.equal((await meridian(["simulte"], { node })).code, 2);
    const out = join(tmpdir(), "meridian-never");
    const stopped = await meridian(["simulate", TINY, "--set", "requests=500M", "--out", out], {
      node,
      onFirstOutput: (child) => child.kill("SIGINT"),
    });
    assert.equal(stopped.code, 130, stopped.stderr);
  });
});

function copyLauncher(folder: string): string {
  for (const name of ["meridian.mjs", "compiler-options.mjs"])
    copyFileSync(join(dirname(SOURCE_BIN), name), join(folder, name));
  return join(folder, "meridian.mjs");
}

const HAS_NOHUP = spawnSync("bash", ["-c", "command -v nohup"]).status === 0;

describe("meridian under nohup", { skip: !HAS_NOHUP && "no nohup or no bash on this host" }, () => {
  /** As a user's shell would have it: nothing of a nohup that the tests themselves may run under. */
  const { NODE_TEST_CONTEXT, GITHUB_STEP_SUMMARY, MERIDIAN_HOST_NODE, MERIDIAN_NOHUP, _, ...env } = process.env;

  it("knows it by the shell's word, by an input that cannot be read, by a script that ignores SIGHUP", () => {
    const folder = mkdtempSync(join(tmpdir(), "meridian-"));
    const launcher = copyLauncher(folder);
    const body = 'process.kill(process.pid, "SIGHUP"); await new Promise((done) => setTimeout(done, 100)); return 0;';
    writeFileSync(join(folder, "cli.ts"), `export async function main() { ${body} }\n`);
    const command = `"${process.execPath}" "${launcher}"`;
    const end = (shell: string, script: string, more = {}) => {
      const { status, signal } = spawnSync(shell, ["-c", script], { env: { ...env, ...more } });
      return status ?? signal;
    };
    const ends = {
      // The second command keeps bash from replacing itself without a word on what it starts.
      word: end("bash", `nohup ${command}; exit $?`),
      input: end("sh", `exec ${command} 0>/dev/null`),
      script: end("bash", `nohup sh -c 'unset _; ${command}; exit $?'`),
      plain: end("sh", `exec ${command}`),
      otherInput: end("sh", `exec ${command} </dev/null`),
      otherWord: end("sh", `exec ${command}`, { _: "/usr/bin/nohup-not" }),
    };
    rmSync(folder, { recursive: true });
    const gone = { plain: "SIGHUP", otherInput: "SIGHUP", otherWord: "SIGHUP" };
    assert.deepEqual(ends, { word: 0, input: 0, script: 0, ...gone });
  });

  const hosts = [process.execPath, ...(OLD_NODE === undefined ? [] : [OLD_NODE])];
  for (const [index, node] of hosts.entries()) {
    it(`goes on when the terminal is closed, ${index === 0 ? "on this Node" : "on an old host"}; else it stops`, async () => {
      const folder = mkdtempSync(join(tmpdir(), "meridian-"));
      const args = [node, index === 0 ? BIN : SOURCE_BIN, "simulate", TINY, "--set", "requests=100k", "--out", folder];
      const hangUp = async (start: string) => {
        const child = spawn("bash", ["-c", `${start} "$@" & echo $!; wait $!`, "bash", ...args], {
          env: { ...env, NO_COLOR: "1" },
          stdio: ["ignore", "pipe", "pipe"],
        });
        const said = { stdout: "", stderr: "" };
        child.stdout.setEncoding("utf8").on("data", (text: string) => {
          said.stdout += text;
        });
        child.stderr.setEncoding("utf8").on("data", (text: string) => {
          // It has said what it will run, and has not yet run it.
          if (!said.stderr.includes("requests") && (said.stderr + text).includes("requests")) {
            process.kill(Number.parseInt(said.stdout, 10), "SIGHUP");
          }
          said.stderr += text;
        });
        const [code] = (await once(child, "close")) as [number | null];
        return { code, isReported: said.stderr.includes("report: "), text: said.stderr };
      };
      const under = await hangUp("nohup");
      const without = await hangUp("env");
      rmSync(folder, { recursive: true });
      assert.deepEqual([under.code, under.isReported], [0, true], under.text);
      assert.deepEqual([without.code, without.isReported], [130, false], without.text);
    });
  }
});
