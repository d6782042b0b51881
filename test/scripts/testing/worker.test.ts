import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it } from "node:test";
import type { WorkerMessage } from "../../../scripts/testing/slots.ts";

const WORKER = join(import.meta.dirname, "../../../scripts/testing/worker.ts");

it("a worker runs one file after the other, reports each test, then the file's end, and exits when it is disconnected", async () => {
  const folder = mkdtempSync(join(tmpdir(), "meridian-worker-"));
  const child = fork(WORKER, ["--shared"], { stdio: ["ignore", "ignore", "inherit", "ipc"] });
  const messages: WorkerMessage[] = [];
  try {
    for (const name of ["first", "second"]) {
      const path = join(folder, `${name}.test.mjs`);
      writeFileSync(path, `import { test } from "node:test";\ntest("${name}", () => {});\n`);
      child.send({ path });
      for (let last: WorkerMessage | undefined; last?.kind !== "end"; messages.push(last))
        [last] = (await once(child, "message")) as [WorkerMessage];
    }
    const exit = once(child, "exit");
    child.disconnect();
    assert.deepEqual(await exit, [0, null]);
  } finally {
    child.kill("SIGKILL");
    rmSync(folder, { recursive: true });
  }
  assert.deepEqual(
    messages.map((message) =>
      message.kind === "test" ? [message.name, message.outcome, message.line] : message.problems,
    ),
    [["first", "passed", 2], [], ["second", "passed", 2], []],
  );
  const ends = messages.filter(({ kind }) => kind === "end");
  assert.ok(ends.every((end) => end.kind === "end" && end.durationMs > 0 && end.residentBytes > 1e6));
});
