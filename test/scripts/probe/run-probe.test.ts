import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { CallOrder } from "../../../scripts/probe/caller.ts";
import {
  checkOwnClock,
  checkProbePlace,
  type ProbeOrder,
  type ProbeTarget,
  probeFileOf,
  readProbeFile,
  runProbe,
  writeProbeFile,
} from "../../../scripts/probe/run-probe.ts";
import { createSpendLedger, inputTokensMax, probePrompt } from "../../../scripts/probe/spending.ts";
import type { MeridianError } from "../../../simulator/base/errors.ts";
import type { ProbeRecord } from "../../../simulator/probe/summary.ts";
import { purposeStream } from "../../../simulator/random/sampler.ts";
import { inOneOfThree } from "../../busy-host.ts";
import { probeOf } from "../../simulator/probe/probes.ts";

let folder = "";
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "meridian-probe-"));
});
after(() => rm(folder, { recursive: true }));

const file = probeFileOf({ ended: "all", harness: null, probes: [probeOf(), probeOf({ error: "dns", message: "x" })] });
const code = (expected: string) => (error: MeridianError) => error.problems[0]!.code === expected;

describe("files of probes", () => {
  it("are read as they were written, and leave nothing else behind", async () => {
    const path = join(folder, "probe.json");
    await checkProbePlace(path);
    await writeProbeFile(path, file);
    await checkProbePlace(path);
    assert.deepEqual(await readProbeFile(path), file);
    assert.deepEqual(await readdir(folder), ["probe.json"]);
    const { schemaVersion, tool, probes } = JSON.parse(await readFile(path, "utf8"));
    assert.deepEqual([schemaVersion, tool, probes.length], [1, "meridian probe", 2]);
  });

  it("are refused before anything is measured where they could not be written", async () => {
    await mkdir(join(folder, "sub"));
    await assert.rejects(checkProbePlace(join(folder, "sub")), code("PROBE_NOT_SAVED"));
    await assert.rejects(checkProbePlace(join(folder, "nothing", "probe.json")), code("PROBE_NOT_SAVED"));
  });

  it("are refused when they are something else", async () => {
    const path = join(folder, "other.json");
    await writeFile(path, "{");
    await assert.rejects(readProbeFile(path), code("PROBE_FILE_DAMAGED"));
    await writeFile(path, JSON.stringify({ ...file, probes: [{ region: "x" }] }));
    await assert.rejects(readProbeFile(path), code("PROBE_FILE_DAMAGED"));
    await assert.rejects(readProbeFile(join(folder, "none.json")), code("PROBE_FILE_NOT_FOUND"));
  });
});

const target = (region: string, model: string, usd = 0): ProbeTarget => {
  return { region, model, calledAs: model, worstUsd: usd, costUsd: () => usd / 2 };
};

interface Rig {
  readonly targets: readonly ProbeTarget[];
  readonly answer?: (region: string, model: string) => Partial<ProbeRecord>;
  readonly order?: Partial<ProbeOrder>;
  readonly budgetUsd?: number;
  readonly callMs?: number;
  readonly signal?: AbortSignal;
}

/** A probe of endpoints that are not there; it notes when each call began and how many were under way in a region. */
async function probed({ targets, answer, order, budgetUsd, callMs = 1, signal }: Rig) {
  const calls: { region: string; model: string; atMs: number; prompt: string }[] = [];
  const underWay = new Map<string, number>();
  let most = 0;
  let closed = 0;
  const ledger = createSpendLedger(budgetUsd ?? Number.POSITIVE_INFINITY);
  const stop = signal ?? new AbortController().signal;
  const openCaller = async (region: string) => ({
    async call({ model, prompt }: CallOrder): Promise<ProbeRecord | undefined> {
      calls.push({ region, model, atMs: performance.now(), prompt });
      underWay.set(region, (underWay.get(region) ?? 0) + 1);
      most = Math.max(most, underWay.get(region)!);
      await sleep(callMs);
      underWay.set(region, underWay.get(region)! - 1);
      return stop.aborted ? undefined : probeOf({ region, model, ...answer?.(region, model) });
    },
    close: () => void closed++,
  });
  const full = { count: 3, intervalMs: 2, timeoutMs: 1000, limitMs: 60_000, inputTokens: 20, outputTokens: 5, seed: 1 };
  const run = await runProbe({ ...full, ...order, targets }, { openCaller, ledger, signal: stop });
  return { run, calls, most, closed, spentUsd: ledger.spentUsd() };
}

describe("a probe's calls", () => {
  it("are one at a time in a region, regions side by side, models in turn", async () => {
    const targets = [target("a", "x"), target("a", "y"), target("b", "x")];
    const { run, calls, most, closed } = await probed({ targets, callMs: 5 });
    assert.equal(run.ended, "all");
    assert.deepEqual(
      calls.filter(({ region }) => region === "a").map(({ model }) => model),
      ["x", "y", "x", "y", "x", "y"],
    );
    assert.equal(calls.filter(({ region }) => region === "b").length, 3);
    assert.deepEqual([most, closed, run.probes.length], [1, 2, 9]);
  });

  it("keep their distance, jittered by the seed, between half and one and a half intervals", async () => {
    const { calls } = await probed({ targets: [target("a", "x")], order: { count: 6, intervalMs: 40 } });
    const gaps = calls.slice(1).map(({ atMs }, i) => atMs - calls[i]!.atMs);
    for (const gap of gaps) assert.ok(gap > 18, `${gap}`);
    assert.ok(new Set(gaps.map((gap) => Math.round(gap / 3))).size > 1, "not in step");
    const again = await probed({ targets: [target("a", "x")], order: { count: 6, intervalMs: 1 } });
    assert.deepEqual(
      again.calls.map(({ prompt }) => prompt),
      calls.map(({ prompt }) => prompt),
    );
    assert.equal(new Set(calls.map(({ prompt }) => prompt)).size, 6, "no cache of prompts can answer");
  });

  it("end for a target whose failure will not pass, and go on for one whose failure may", async () => {
    const answer = (_: string, model: string) =>
      model === "x" ? { error: "no-model-access", status: 403 } : { error: "throttled", status: 429 };
    const { calls } = await probed({ targets: [target("a", "x"), target("a", "y")], answer });
    assert.deepEqual([calls.filter(({ model }) => model === "x").length, calls.length], [1, 4]);
  });

  it("stop before the worst case of the next would pass the budget", async () => {
    const { run, calls, spentUsd } = await probed({
      targets: [target("a", "x", 1)],
      order: { count: 10 },
      budgetUsd: 2.4,
    });
    // 1 may be spent, 0.5 is: 0.5, 1.0, 1.5 are spent, and 1.5 + 1 would pass.
    assert.deepEqual([run.ended, calls.length, spentUsd], ["budget", 3, 1.5]);
  });

  it("count the worst case where the cost of a call is not known, and nothing where it was refused", async () => {
    const cost = async (answer: Partial<ProbeRecord>) =>
      (await probed({ targets: [target("a", "x", 1)], order: { count: 1 }, answer: () => answer })).spentUsd;
    assert.equal(await cost({ error: "timeout", status: 200 }), 1);
    assert.equal(await cost({ error: "throttled", status: 429 }), 0);
    assert.equal(await cost({ error: "unreachable", status: 0, connectMs: null }), 0);
  });

  it("stop when the time is over or on request, and keep what was measured", async () => {
    const late = await probed({ targets: [target("a", "x")], order: { count: 1000, limitMs: 60 } });
    assert.equal(late.run.ended, "time-limit");
    assert.ok(late.run.probes.length > 1 && late.run.probes.length < 1000);
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 60);
    const order = { count: 1000, intervalMs: 10_000 };
    const stopped = await probed({ targets: [target("a", "x")], order, signal: controller.signal });
    assert.deepEqual([stopped.run.ended, stopped.run.probes.length, stopped.closed], ["interrupted", 1, 1]);
  });
});

describe("prompts of probes", () => {
  it("have the wanted length and never more tokens than is reckoned with", () => {
    const prompt = probePrompt(500, purposeStream(1, "test"));
    assert.equal(prompt.length, 2000);
    assert.ok(inputTokensMax(500) >= 1000);
    assert.equal(probePrompt(1, purposeStream(1, "test")).length, 4);
  });
});

describe("what this machine adds to a probe", () => {
  it("is measured on answers whose instants are known", async () => {
    await inOneOfThree(async () => {
      const harness = await checkOwnClock(new AbortController().signal);
      // Generous: the machine may be busy. A missing unit or a wrong instant would be off by far more.
      assert.ok(harness!.ttftErrorMsP50 > -2 && harness!.ttftErrorMsP50 < 150, JSON.stringify(harness));
      assert.ok(harness!.gapErrorMsP95 >= 0 && harness!.gapErrorMsP95 < 150, JSON.stringify(harness));
    });
  });

  it("ends at once when it is stopped", async () => {
    assert.equal(await checkOwnClock(AbortSignal.abort()), undefined);
  });
});
