import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { runChild } from "../../../../scripts/io/k6/child.ts";

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
