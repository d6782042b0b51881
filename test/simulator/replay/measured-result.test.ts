import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { checkRows } from "../../../simulator/replay/harness.ts";
import { measuredResult } from "../../../simulator/replay/measured-result.ts";
import { recordSchedule } from "../../../simulator/replay/record-schedule.ts";
import { planOf, scenarioInput } from "../scenario/base.ts";
import { replayVirtually } from "./virtual-wire.ts";

const plan = planOf(scenarioInput({ strategies: ["round-robin", "least-outstanding"] }));
const schedule = recordSchedule(plan);
const replayed = plan.strategies.map((_, strategy) => replayVirtually(plan, strategy));
const runs = replayed.map(({ attempts, requests, ranIn }) => ({
  schedule,
  attempts,
  requests,
  isStreaming: true,
  ranIn: ({ i, o }: { readonly i: number; readonly o: number }) => ranIn.get(`${i}.${o}`),
}));

function result(lateMsP99: number | null) {
  const reports = replayed.map(({ attempts, requests }, strategy) => {
    const counts = { httpRequests: attempts.length, attempts: attempts.length, requestsEnded: requests.length };
    const { name } = plan.strategies[strategy]!;
    return checkRows({ strategy: name, schedule, attempts, requests, counts, clientFaults: [], lateMsP99 });
  });
  const provenance = { scenarioSha256: "00", meridianVersion: "0", traces: [] };
  return measuredResult(plan, { runs, reports, place: "a test", provenance });
}

describe("a measured result", () => {
  it("has the shape of a simulated one, and says that it was measured and where", () => {
    const { kind, strategies, comparisons, notes } = result(null);
    assert.equal(kind, "measured");
    assert.equal(strategies.length, 2);
    assert.ok(comparisons.length > 0);
    assert.ok(notes.some((note) => note.includes("against a test")));
    for (const { total } of strategies) {
      assert.equal(total.counts.sent, schedule.length);
      assert.equal(total.counts.served + total.counts.refused + total.counts.throttled, schedule.length);
    }
  });

  it("of an invalid run names the reason first and compares nothing", () => {
    const { verdict, comparisons, notes } = result(50);
    assert.match(verdict, /^Invalid run, nothing can be concluded: round-robin: the emulator woke 50\.0 ms late/);
    assert.deepEqual(comparisons, []);
    assert.match(notes[0]!, /^INVALID: /);
  });
});
