import assert from "node:assert/strict";
import { it } from "node:test";
import { unseenLimitNotes } from "../../../simulator/bench/unseen-limits.ts";

const none = { connectMs: Infinity, firstByteMs: Infinity, idleMs: Infinity };
const attempt = (s: number, f: number | null, e: number, k: "ok" | "timeout" | "unfinished" = "ok") => ({ s, f, e, k });

it("counts attempts of which a part took longer than a limit that k6 cannot keep", () => {
  const client = { timeout: { ...none, connectMs: 2_000, idleMs: 3_000 }, isStreaming: true };
  const attempts = [
    attempt(0, 1_000, 3_900), // 1 s to the headers, 2.9 s after them
    attempt(0, 1_000, 4_001), // 3,001 ms after them: a pause may have been as long
    attempt(0, 2_500, 2_600), // headers after 2.5 s: it may have been connecting for 2 s
    attempt(0, null, 3_500, "timeout"),
    attempt(0, null, 9_000, "unfinished"),
  ];
  assert.deepEqual(unseenLimitNotes(client, attempts), [
    "k6 does not see the pauses in a stream and kept none of the limits connect 2 s, idle 3 s: they might have ended up to 3 of its 5 attempts, which went on instead.",
  ]);
  assert.match(unseenLimitNotes(client, attempts.slice(0, 1))[0]!, /none of its 1 attempts took long enough/);
});

it("a first-byte limit is about the headers, an idle limit about them too", () => {
  const limited = (limits: object) =>
    unseenLimitNotes({ timeout: { ...none, ...limits }, isStreaming: true }, [attempt(0, 5_000, 60_000)])[0];
  assert.match(limited({ firstByteMs: 6_000 })!, /firstByte 6 s: none/);
  assert.match(limited({ firstByteMs: 4_000 })!, /up to 1 of its 1/);
  assert.match(limited({ idleMs: 56_000 })!, /idle 56 s: none/);
});

it("says nothing where every limit is kept", () => {
  assert.deepEqual(unseenLimitNotes({ timeout: none, isStreaming: true }, [attempt(0, 1, 1e6)]), []);
  const whole = { timeout: { ...none, idleMs: 1 }, isStreaming: false };
  assert.deepEqual(unseenLimitNotes(whole, [attempt(0, 1, 1e6)]), []);
});
