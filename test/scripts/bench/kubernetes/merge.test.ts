import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import { mergeInstances, readInstanceLog } from "../../../../scripts/bench/kubernetes/merge.ts";

const folder = mkdtempSync(join(tmpdir(), "meridian-merge-test-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const AT = 1_800_000_000_000;
const start = (instance: number, over: object = {}) => {
  return { t: "s", at: AT, ready: AT - 5000, run: "abc", instance, instances: 2, ...over };
};
const request = (i: number) => ({ t: "r", i, b: i, e: i + 5, end: 0, n: 1, w: 0 });
const attempt = (i: number) => ({
  t: "a",
  i,
  o: 0,
  g: 0,
  s: i,
  e: i + 5,
  k: "ok",
  c: 200,
  f: 1,
  u: null,
  id: "x",
  x: "",
});
const counts = (n: number) => ({ t: "c", httpRequests: n, attempts: n, requestsEnded: n });
const whole = (instance: number, ...requests: readonly number[]) => [
  start(instance),
  { t: "b", router: instance - 1, sent: 0, open: 0 },
  ...requests.flatMap((i) => [attempt(i), request(i)]),
  counts(requests.length),
];

let files = 0;
function log(rows: readonly (object | string)[], zipped = false): string {
  const file = join(folder, `log-${files++}.jsonl`);
  const text = rows.map((row) => (typeof row === "string" ? row : JSON.stringify(row))).join("\n");
  writeFileSync(file, zipped ? gzipSync(`${text}\n`) : `${text}\n`);
  return file;
}
const merge = async (...logs: readonly string[]) => mergeInstances(await Promise.all(logs.map(readInstanceLog)));

describe("logs of instances", () => {
  it("become one run, whatever their order and packing, without k6's own messages", async () => {
    const second = log(["level=warning Request Failed", ...whole(2, 1, 3), ""], true);
    const merged = await merge(second, log(whole(1, 0, 2, 4)));
    assert.deepEqual(merged.faults, []);
    assert.deepEqual(
      merged.requests.map(({ i }) => i),
      [0, 2, 4, 1, 3],
    );
    assert.equal(merged.attempts.length, 5);
    assert.deepEqual(merged.counts, { httpRequests: 5, attempts: 5, requestsEnded: 5 });
    assert.deepEqual([merged.instances, merged.startedAtMs], [2, AT]);
    const text = Buffer.from(merged.rowsText).toString();
    assert.equal(text.split("\n").filter((line) => line.startsWith('{"t":"r"')).length, 5);
    assert.ok(!text.includes("warning"));
  });

  it("that are missing, cut, late or at odds are named", async () => {
    assert.deepEqual((await merge(log(whole(2, 1)))).faults, ["instance 1 of 2 left no rows"]);
    const cut = log([...whole(1, 0).slice(0, -1), '{"t":"r","i":']);
    const { faults, counts: none } = await merge(cut, log(whole(2, 1)));
    assert.deepEqual(faults, [
      'instance 1 of 2 says: a row was cut: {"t":"r","i":',
      "instance 1 of 2 wrote no summary: its log may be cut off",
    ]);
    assert.equal(none, undefined);
    const odd = log([
      start(2, { at: AT + 60_000, ready: AT + 60_007, instances: 3 }),
      { t: "x", what: "oh" },
      counts(0),
    ]);
    assert.deepEqual((await merge(log(whole(1, 0)), odd)).faults, [
      "instance 2 of 2 says: the k6 script failed: oh",
      "instance 2 of 2 counts 3 instances",
      "instance 2 of 2 started at 2027-01-15T08:01:00.000Z, the first at 2027-01-15T08:00:00.000Z: they did not agree on a minute",
      "instance 2 of 2 was ready 7 ms after the run was to start",
    ]);
  });

  it("that are there twice are refused, with both files", async () => {
    const [one, again] = [log(whole(1, 0)), log(whole(1, 0))];
    await assert.rejects(merge(one, again, log(whole(2, 1))), (error: Error) => {
      return /ROWS_TWICE/.test(error.message) && error.message.includes(one) && error.message.includes(again);
    });
  });

  it("that hold no instance, or several, are refused", async () => {
    await assert.rejects(merge(log(["hello", request(1)])), /ROWS_NONE/);
    await assert.rejects(merge(log([{ t: "s", at: AT, ready: AT }])), /ROWS_NONE/, "a run on one machine says no key");
    await assert.rejects(merge(log([...whole(1, 0), ...whole(2, 1)])), /ROWS_MIXED/);
    await assert.rejects(merge(join(folder, "nowhere")), /ROWS_UNREADABLE/);
    const torn = join(folder, "torn.gz");
    writeFileSync(torn, gzipSync(JSON.stringify(start(1)).repeat(50)).subarray(0, 60));
    await assert.rejects(merge(torn), /ROWS_UNREADABLE/);
  });
});
