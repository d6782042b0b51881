import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, describe, it } from "node:test";
import { isFull, k6Arguments, type ReplayOptions, replayInK6 } from "../../../scripts/bench/k6-process.ts";
import { MeridianError } from "../../../simulator/base/errors.ts";
import { makeReplayPlan, recordSchedule } from "../../../simulator/bench/make-plan.ts";
import { planOf, scenarioInput } from "../../simulator/scenario/base.ts";

const folder = mkdtempSync(join(tmpdir(), "meridian-k6-process-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const plan = planOf(scenarioInput({ requests: 3 }));
const schedule = recordSchedule(plan);
const SECRET = "CANARYsecretCANARY";

/** Starts a shell script in place of k6. `$rows` is the file that it is to write rows to. */
function replay(
  name: string,
  script: string,
  beforeStart?: ReplayOptions["beforeStart"],
): ReturnType<typeof replayInK6> {
  const path = join(folder, name);
  const rows = 'for arg; do case "$arg" in --console-output=*) rows=$(echo "$arg" | cut -d= -f2-);; esac; done';
  writeFileSync(path, `#!/bin/sh\n${rows}\n${script}\n`, { mode: 0o755 });
  const targets = {
    urlOfRegion: new Map(plan.regionNames.map((region) => [region, "http://127.0.0.1:1"])),
    operation: "converse" as const,
    isEmulated: true,
    roundTripMs: new Map<string, number>(),
  };
  const options: ReplayOptions = {
    k6: { path, version: "1.8.1" },
    plan: makeReplayPlan(plan, 0, targets, { requests: 3, lastArrivalMs: schedule.at(-1)![0], drainMs: 0 }),
    schedule,
    startMs: Date.now(),
    credentials: { SOME_KEY: SECRET },
    addresses: {},
    priceOf: () => 0,
    signal: new AbortController().signal,
    onState: () => {},
    ...(beforeStart === undefined ? {} : { beforeStart }),
  };
  return replayInK6(options);
}

/** Folders of this process; other tests bench beside it. */
const left = () => readdirSync(tmpdir()).filter((name) => name.startsWith(`meridian-bench-${process.pid}-`));

describe("a strategy's replay in k6", () => {
  it("is started with its script and the file for rows, all else in the environment", () => {
    const scripts = [false, true].map((isNative) => k6Arguments("rows.jsonl", isNative).at(-1)!);
    assert.match(scripts[0]!, /scenarios[\\/]k6[\\/]replay\.ts$/);
    assert.match(scripts[1]!, /scenarios[\\/]k6[\\/]native-executor\.ts$/);
    assert.ok(k6Arguments("rows.jsonl").includes("--console-output=rows.jsonl"));
  });

  it("gives rows and counts, and leaves no files", async () => {
    const before = left();
    const row = '{"t":"s","at":5000,"ready":4000}';
    const count = (n: number) => `{"values":{"count":${n}}}`;
    const metrics = `{"metrics":{"http_reqs":${count(4)},"meridian_attempts":${count(4)},"meridian_requests_ended":${count(3)}}}`;
    const script = `printf '%s\\n' '${row}' > "$rows"\nprintf '%s' '${metrics}' > "$MERIDIAN_SUMMARY"`;
    const { rows, rowsText, counts } = await replay("writes", script);
    assert.equal(rows.readyBeforeMs, 1000);
    assert.equal(Buffer.from(rowsText).toString(), `${row}\n`);
    assert.deepEqual(counts, { httpRequests: 4, attempts: 4, requestsEnded: 3, droppedIterations: 0 });
    assert.deepEqual(
      left().filter((name) => !before.includes(name)),
      [],
    );
  });

  it("tells a disk that is full from a machine that is busy", async () => {
    const room = (kilobytes: number) => async () => ({ bavail: kilobytes / 4, bsize: 4096 });
    assert.equal(await isFull(folder, room(32)), true);
    assert.equal(await isFull(folder, room(128)), false);
    assert.equal(await isFull(folder), false);
  });

  it("that fails says what k6 said last, without credentials", async () => {
    await assert.rejects(replay("fails", 'echo "no such host, key $SOME_KEY" >&2\nexit 107'), (error) => {
      assert.ok(error instanceof MeridianError);
      assert.match(error.message, /K6_FAILED.*k6 ended with 107: no such host, key \[hidden\]/s);
      assert.ok(!error.message.includes(SECRET));
      return true;
    });
  });

  it("whose calls may have cost money keeps their rows until it is released", async () => {
    const before = left();
    let file = "";
    const whole = 'echo whole > "$rows"\nprintf "{}" > "$MERIDIAN_SUMMARY"';
    const replayed = await replay("kept", whole, async (rows) => {
      file = rows;
    }).catch((error: unknown) => assert.fail(String(error)));
    assert.equal(readFileSync(file, "utf8"), "whole\n");
    await replayed.release();
    assert.deepEqual(
      left().filter((name) => !before.includes(name)),
      [],
    );
  });

  it("that fails when calls may have cost money leaves their rows, where the record says; else nothing", async () => {
    const before = left();
    let rows = "";
    const recorded = async (file: string) => {
      rows = file;
    };
    const failed = { message: /K6_FAILED/ };
    await assert.rejects(replay("paid", 'echo paid > "$rows"\nexit 107', recorded), failed);
    assert.equal(readFileSync(rows, "utf8"), "paid\n");
    rmSync(dirname(rows), { recursive: true });
    await assert.rejects(replay("free", 'echo free > "$rows"\nexit 107'), failed);
    const unrecorded = async () => Promise.reject(new Error("the record is full"));
    await assert.rejects(replay("unsent", 'echo unsent > "$rows"', unrecorded), /the record is full/);
    assert.deepEqual(
      left().filter((name) => !before.includes(name)),
      [],
    );
  });

  it("that is killed, itself or with what watches it, is said to have been killed", async () => {
    const killed = { message: /K6_FAILED.*k6 was killed by a signal; it said nothing.*memory/s };
    await assert.rejects(replay("killed", "kill -9 $$"), killed);
    await assert.rejects(replay("unwatched", "kill -9 $PPID; sleep 5"), killed);
  });
});
