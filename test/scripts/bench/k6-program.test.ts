import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { cachedK6, ensureK6, findK6, onPath, runChild } from "../../../scripts/bench/k6-program.ts";
import { MeridianError } from "../../../simulator/base/errors.ts";

const NEVER = new AbortController().signal;
const ENV = { PATH: process.env.PATH };

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function gone(pid: number): Promise<boolean> {
  for (let i = 0; i < 100 && isAlive(pid); i++) await sleep(50);
  return !isAlive(pid);
}

describe("a child process", () => {
  it("is heard line by line to its end", async () => {
    const lines: string[] = [];
    const end = await runChild("sh", ["-c", "echo one; echo two >&2; printf three; exit 3"], {
      env: ENV,
      limitMs: 10_000,
      signal: NEVER,
      onLine: (line) => lines.push(line),
    });
    assert.deepEqual([end.code, end.why], [3, "ended"]);
    assert.deepEqual([...lines].sort(), ["one", "three", "two"]);
    assert.equal(end.tail.length, 3);
  });

  it("ends with its parent, whatever ends that: here a kill that nothing can catch", async () => {
    const url = new URL("../../../scripts/bench/k6-program.ts", import.meta.url).href;
    const script = `import { runChild } from ${JSON.stringify(url)};
      const onLine = (line) => console.log(line);
      const signal = new AbortController().signal;
      await runChild("sh", ["-c", "echo $$; exec sleep 60"], { env: process.env, limitMs: 60_000, signal, onLine, endsWithParent: true });`;
    const parent = spawn(process.execPath, ["--input-type=module", "-e", script]);
    const [line] = (await once(parent.stdout, "data")) as [Buffer];
    const pid = Number(String(line).trim());
    assert.ok(isAlive(pid), String(line));
    parent.kill("SIGKILL");
    assert.ok(await gone(pid));
  });

  it("has its own exit code, its words and the polite way out when it is watched over", async () => {
    const options = { env: ENV, limitMs: 10_000, signal: NEVER, endsWithParent: true };
    const end = await runChild("sh", ["-c", "echo said; exit 3"], options);
    assert.deepEqual([end.code, end.why, end.tail], [3, "ended", ["said"]]);
    const missing = await runChild("/nowhere/k6", ["run", "--quiet"], options);
    assert.equal(missing.code, 127);
    const controller = new AbortController();
    const onLine = (text: string) => text === "ready" && controller.abort();
    const polite = await runChild(
      "sh",
      ["-c", "trap 'echo last; exit 0' TERM; echo ready; while :; do sleep 0.1; done"],
      {
        ...options,
        signal: controller.signal,
        onLine,
      },
    );
    // The shell says "Terminated" on its other stream, before or after.
    assert.deepEqual([polite.why, polite.tail.includes("last")], ["aborted", true]);
  });

  it("sees only the environment that it is given", async () => {
    const lines: string[] = [];
    process.env.MERIDIAN_CANARY = "secret";
    await runChild("env", [], {
      env: { ...ENV, A: "b", C: undefined },
      limitMs: 10_000,
      signal: NEVER,
      onLine: (line) => lines.push(line),
    });
    delete process.env.MERIDIAN_CANARY;
    assert.deepEqual(lines.map((line) => line.split("=")[0]).sort(), ["A", "PATH"]);
  });

  it("is ended with all that it started when its time is up, even if it will not listen", async () => {
    const lines: string[] = [];
    const script = "trap '' TERM; sh -c 'trap \"\" TERM; echo $$; sleep 60' & sleep 60";
    const end = await runChild("sh", ["-c", script], {
      env: ENV,
      limitMs: 300,
      signal: NEVER,
      onLine: (line) => lines.push(line),
    });
    assert.equal(end.why, "limit");
    assert.ok(await gone(Number(lines[0])));
  });

  it("is ended when the signal fires, and not started when it has fired", async () => {
    const controller = new AbortController();
    const running = runChild("sleep", ["60"], { env: ENV, limitMs: 60_000, signal: controller.signal });
    setTimeout(() => controller.abort(), 100);
    assert.equal((await running).why, "aborted");
    const again = await runChild("sleep", ["60"], { env: ENV, limitMs: 60_000, signal: controller.signal });
    assert.equal(again.why, "aborted");
  });

  it("that cannot be started says why", async () => {
    const end = await runChild("/nowhere/k6", [], { env: ENV, limitMs: 1000, signal: NEVER });
    assert.equal(end.why, "not started");
    assert.match(end.tail[0]!, /ENOENT/);
  });
});

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "meridian-k6-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A program that does what a test says. */
function program(path: string, script: string): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}

const k6Says = (version: string) => `echo "k6 v${version} (go1.26, linux/amd64)"`;
/** Nothing of the machine's own: its shell is named by absolute path. */
const env = (over: Record<string, string> = {}) => ({ PATH: join(folder, "bin"), HOME: folder, ...over });
const ensure = (over: Record<string, string> = {}, notes: string[] = [], limitMs = 20_000) =>
  ensureK6({ env: env(over), signal: new AbortController().signal, note: (text) => notes.push(text), limitMs });

async function code(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof MeridianError, String(error));
  assert.equal(error.exitCode, 4);
  assert.ok(error.problems[0]!.fix);
  return error.problems[0]!.code;
}

describe("k6 is found", () => {
  it("by K6_BIN before the PATH, and on the PATH before the cache", async () => {
    const named = program(join(folder, "my-k6"), k6Says("2.0.1"));
    const pathed = program(join(folder, "bin", "k6"), k6Says("1.2.3"));
    program(cachedK6(env()), k6Says("1.8.1"));
    assert.deepEqual(await findK6(env({ K6_BIN: named })), { path: named, version: "2.0.1" });
    assert.deepEqual(await findK6(env()), { path: pathed, version: "1.2.3" });
    rmSync(pathed);
    assert.deepEqual(await findK6(env({ K6_BIN: "" })), { path: cachedK6(env()), version: "1.8.1" });
    assert.equal(await onPath("k6", env()), undefined);
  });

  it("only if it is k6 1.0 or newer", async () => {
    program(join(folder, "bin", "k6"), k6Says("0.57.0"));
    program(cachedK6(env()), "echo something else");
    assert.equal(await findK6(env()), undefined);
    assert.equal(await code(findK6(env({ K6_BIN: join(folder, "bin", "k6") }))), "K6_BIN_UNUSABLE");
    assert.equal(await code(findK6(env({ K6_BIN: join(folder, "nothing") }))), "K6_BIN_UNUSABLE");
  });
});

describe("k6 is built where there is none", () => {
  const BUILDS = `
echo "package" >&2
/bin/cat > "$GOBIN/k6" <<'END'
#!/bin/sh
${k6Says("1.8.1")}
END
/bin/chmod +x "$GOBIN/k6"
echo "$@" >> "$HOME/calls"`;

  it("with Go, into the cache, once for all who ask at the same time", async () => {
    program(join(folder, "bin", "go"), `/bin/sleep 0.3\n${BUILDS}`);
    const notes: string[] = [];
    const [one, two] = await Promise.all([ensure({}, notes), ensure()]);
    assert.deepEqual([one.path, two.path], [cachedK6(env()), cachedK6(env())]);
    assert.equal(one.version, "1.8.1");
    assert.match(notes[0]!, /building go\.k6\.io\/k6@v1\.8\.1/);
    assert.equal(
      readFileSync(join(folder, "calls"), "utf8"),
      "install -v -trimpath -ldflags -s -w go.k6.io/k6@v1.8.1\n",
    );
    assert.deepEqual(readdirSync(dirname(cachedK6(env()))), ["k6"], "nothing else is left behind");
    assert.equal((await ensure()).version, "1.8.1", "and it is used again");
  });

  it("and says so when there is no Go, the build fails, or it takes too long", async () => {
    assert.equal(await code(ensure()), "K6_MISSING");
    program(join(folder, "bin", "go"), "echo 'go: no network' >&2; exit 1");
    assert.equal(await code(ensure()), "K6_BUILD_FAILED");
    program(join(folder, "bin", "go"), "/bin/sleep 30");
    assert.equal(await code(ensure({}, [], 200)), "K6_BUILD_FAILED");
    program(join(folder, "bin", "go"), "exit 0");
    assert.equal(await code(ensure()), "K6_BUILD_FAILED", "a build that built nothing");
    assert.ok(!existsSync(cachedK6(env())));
    assert.deepEqual(readdirSync(dirname(cachedK6(env()))), []);
  });

  it("although a process that is gone left its lock", async () => {
    program(join(folder, "bin", "go"), BUILDS);
    mkdirSync(dirname(cachedK6(env())), { recursive: true });
    writeFileSync(join(dirname(cachedK6(env())), ".building"), "999999999");
    assert.equal((await ensure()).version, "1.8.1");
  });
});
