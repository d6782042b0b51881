/** Own process: starts a worker thread. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it, test } from "node:test";
import { prepareExperiment } from "../../../scripts/io/experiment.ts";
import { createTerminal } from "../../../scripts/io/terminal.ts";
import { busiestDayCalls, EvidenceRuns, runSize } from "../../../scripts/plan/run-evidence.ts";
import type { Demand } from "../../../simulator/advice/demand.ts";
import { isPrecise, precisionTargets } from "../../../simulator/experiment/precision.ts";
import { worldPlan } from "../../simulator/advice/worlds.ts";
import { TINY } from "../run-meridian.ts";

const folder = mkdtempSync(join(tmpdir(), "meridian-"));
after(() => rmSync(folder, { recursive: true }));
const at = (path: string, value: unknown) => ({ path: [path], value, origin: "test" });
const prepare = (replications = 3) =>
  prepareExperiment(TINY, {
    overrides: [at("requests", 150), at("replications", replications)],
    strategies: ["single"],
  });

async function ran(precision: number) {
  const runs = new EvidenceRuns({
    out: folder,
    workers: 1,
    terminal: createTerminal({ quiet: true }),
    signal: new AbortController().signal,
    precision: { precision, budgetMs: Number.POSITIVE_INFINITY },
  });
  const result = await runs.run({ label: "as it is", about: "a test", isSizing: false, prepare });
  const open = precisionTargets(result, []).filter((target) => !isPrecise(target, precision));
  return { result, open, saved: runs.saved };
}

test("plan --precision adds replications until each interval is within it, and no more", async () => {
  const rough = await ran(0.4);
  assert.deepEqual([rough.result.replications.done, rough.open], [10, []]);
  const fine = await ran(0.07);
  assert.ok(fine.result.replications.done > 10, String(fine.result.replications.done));
  assert.deepEqual(fine.open, []);
  assert.ok(fine.saved[0]!.run.startsWith("tiny-"));
});

const plan = { ...worldPlan("amazon.nova-pro-v1:0", ["eu-west-1"], [{}]), durationMs: 3 * 3_600_000, replications: 20 };
const demand = (hours: readonly number[]): Demand => ({
  calls: hours.reduce((sum, each) => sum + each, 0),
  byClass: [],
  callsByHour: Float64Array.from(hours),
  fromMinute: 0,
  minutes: 60 * hours.length,
});
const sized = (budget: number, over: object = {}) =>
  runSize(demand([100, 300, 200]), plan, 5, { budget, replications: undefined, isPrecise: false, ...over });
const setTo = (size: ReturnType<typeof sized>, key: string) => size.changes.find(({ path }) => path[0] === key)?.value;

describe("how much a plan simulates", () => {
  it("as many replications as the budget holds, ten at most", () => {
    // 600 calls under five strategies are 3,000 requests a replication.
    assert.deepEqual([setTo(sized(9000), "replications"), sized(9000).isPart, sized(9000).hours], [3, false, 3]);
    assert.equal(setTo(sized(1e9), "replications"), 10);
  });

  it("three replications at least, of the busiest hours where they are too much", () => {
    // Three replications of the 500 calls of two hours under five strategies are 7,500 requests.
    const part = sized(7600);
    assert.deepEqual([part.isPart, part.hours, setTo(part, "replications")], [true, 2, 3]);
    assert.deepEqual([setTo(part, "arrivalsFrom"), setTo(part, "duration")], ["3600000ms", "10800000ms"]);
  });

  it("what was asked for where replications or a precision were", () => {
    assert.deepEqual(sized(1, { replications: 2 }), { changes: [], hours: 3, isPart: false });
    assert.deepEqual(sized(1, { isPrecise: true }).changes, []);
  });

  it("knows the busiest 24 hours in a row", () => {
    const hours = Array.from({ length: 48 }, (_, i) => (i >= 12 && i < 36 ? 2 : 1));
    assert.equal(busiestDayCalls(demand(hours)), 48);
    assert.equal(busiestDayCalls(demand([1, 2])), 3);
  });
});
