import assert from "node:assert/strict";
import { appendFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { createRowReader } from "../../../scripts/bench/row-reader.ts";
import type { ScheduleRow } from "../../../simulator/bench/rows.ts";

const folder = mkdtempSync(join(tmpdir(), "meridian-rows-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const SCHEDULE: readonly ScheduleRow[] = [
  [0, 0, 0, 1, 1, 0, 0, -1],
  [100, 0, 0, 1, 1, 0, 0, -1],
];

describe("rows of a running k6", () => {
  it("are read as they come, from a file that may not be there yet", async () => {
    const file = join(folder, "rows.jsonl");
    const reader = createRowReader(file, SCHEDULE, ({ c }) => (c === 429 ? 0.5 : 0));
    await reader.poll();
    const none = { sent: 0, inFlight: 0, ended: 0, throttled: 0, e2eMsP95: null, lagMsP99: null, costUsd: 0 };
    assert.deepEqual(reader.state(), none);
    appendFileSync(file, '{"t":"s","at":5000,"ready":3000}\n{"t":"b","router":0,"sent":2,"open":1}\n{"t":"b","rou');
    await reader.poll();
    assert.equal(reader.readyBeforeMs, 2000);
    assert.equal(reader.state().sent, 2);
    appendFileSync(
      file,
      'ter":1,"sent":3,"open":2}\n{"t":"a","i":0,"o":0,"g":0,"s":1,"e":9,"k":"throttled","c":429}\n',
    );
    appendFileSync(file, '{"t":"r","i":1,"b":104,"e":1100,"end":0,"n":1,"w":0}\n');
    await reader.poll();
    const state = reader.state();
    assert.deepEqual([state.sent, state.inFlight, state.ended, state.throttled, state.costUsd], [5, 3, 1, 1, 0.5]);
    assert.ok(Math.abs(state.e2eMsP95! - 1000) < 10, `${state.e2eMsP95}`);
    assert.ok(Math.abs(state.lagMsP99! - 4) < 0.1, `${state.lagMsP99}`);
    assert.deepEqual([reader.attempts.length, reader.requests.length, reader.faults], [1, 1, []]);
    await reader.close();
  });

  it("a line that is not a row, and a failure of the script, are faults", async () => {
    const file = join(folder, "broken.jsonl");
    appendFileSync(file, '{"t":"x","what":"TypeError: no"}\nhello\nagain\n');
    const reader = createRowReader(file, SCHEDULE);
    await reader.poll();
    await reader.close();
    assert.deepEqual(reader.faults, [
      "the k6 script failed: TypeError: no",
      "k6 wrote a line that is not a row: hello",
    ]);
  });
});
