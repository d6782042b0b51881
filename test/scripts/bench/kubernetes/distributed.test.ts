import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { createFixedLatencyBackend } from "../../../../emulator/backends/queue.ts";
import { type Fleet, startFleet } from "../../../../emulator/fleet.ts";
import { catalogOf } from "../../../../emulator/model/catalog.ts";
import { mergeInstances, readInstanceLog, runKeyOf } from "../../../../scripts/bench/import-rows.ts";
import type { K6Program } from "../../../../scripts/bench/k6-program.ts";
import { makeArchive, readTar } from "../../../../scripts/bench/kubernetes/archive.ts";
import { benchStrategies } from "../../../../scripts/bench/run.ts";
import { endpointsTarget } from "../../../../scripts/bench/target.ts";
import { checkRows } from "../../../../simulator/bench/checks.ts";
import { makeReplayPlan, recordSchedule } from "../../../../simulator/bench/make-plan.ts";
import type { AttemptRow } from "../../../../simulator/bench/rows.ts";
import { k6ForTests } from "../../../scenarios/k6/k6.ts";
import { planOf } from "../../../simulator/scenario/base.ts";
import { runLikeOperator } from "./runner.ts";

const REGIONS = ["us-east-1", "eu-west-1", "us-west-2"];
const plan = planOf({
  name: "spread",
  seed: 11,
  duration: "5s",
  replications: 1,
  routers: 4,
  world: {
    regions: REGIONS,
    models: { nova: { id: "amazon.nova-pro-v1:0", capacity: { kind: "slots", servers: 50, service: "100ms" } } },
    network: { roundTrips: "none", jitter: "none" },
    prices: { book: "none", overrides: [{ model: "nova", input: 1, output: 5 }] },
  },
  traffic: [
    {
      class: "all",
      arrivals: { poisson: "30/s" },
      tokens: { input: { uniform: { min: 50, max: 200 } }, output: { uniform: { min: 2, max: 9 } }, maxTokens: 50 },
    },
  ],
  strategies: ["round-robin"],
  client: { retry: "none" },
} as never);
const schedule = recordSchedule(plan);
const drainMs = 10_000;
const { signal } = new AbortController();

let k6: K6Program;
let fleet: Fleet;
let folder = "";
before(
  async () => {
    k6 = await k6ForTests();
    folder = await mkdtemp(join(tmpdir(), "meridian-spread-test-"));
    fleet = await startFleet({
      regions: REGIONS,
      catalog: catalogOf(plan),
      backend: (clock) => createFixedLatencyBackend(clock, { firstTokenMs: 60, perTokenMs: 5 }),
    });
  },
  { timeout: 900_000 },
);
after(async () => {
  await fleet.close(0);
  await rm(folder, { recursive: true, force: true });
});

function target() {
  const { accessKeyId, secretAccessKey } = fleet.credentials!;
  const set = {
    urlOfRegion: new Map(fleet.endpoints.map(({ region, url }) => [region, url])),
    roundTripMs: new Map(),
    waysOfRegion: new Map(),
    addresses: {},
    remoteRegions: [],
    credentials: { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey },
  };
  return { set, target: endpointsTarget(set, "test.yaml", "converse") };
}

async function archive(run: string): Promise<Uint8Array> {
  const { targets } = await target().target.open(0);
  const lastArrivalMs = schedule.at(-1)![0];
  const replay = makeReplayPlan(plan, 0, targets, { requests: schedule.length, lastArrivalMs, drainMs });
  return makeArchive({ k6, plan: replay, schedule, run, signal });
}

/** What was asked of whom and what came back: all of an attempt but its instants and the service's name for it. */
const facts = (attempts: readonly AttemptRow[]) =>
  [...attempts].sort((a, b) => a.i - b.i || a.o - b.o).map(({ i, o, g, k, c, u }) => [i, o, g, k, c, u]);

describe("an archive", () => {
  it("names no path of this machine and no credentials, and is the same every time", { timeout: 60_000 }, async () => {
    const tar = await archive("abc");
    assert.deepEqual(tar, await archive("abc"));
    const names = readTar(tar).map(({ name }) => name);
    assert.ok(names.includes("file/meridian/schedule.json") && names.includes("file/meridian/plan.json"));
    assert.ok(names.includes("file/meridian/simulator/bench/router.ts"));
    assert.deepEqual(
      names.filter((name) => !/^(metadata\.json|data|file\/meridian\/.+)$/.test(name)),
      [],
    );
    const text = Buffer.from(tar).toString("latin1");
    for (const secret of [tmpdir(), process.cwd(), process.env.HOME!, ...Object.values(target().set.credentials)]) {
      assert.ok(!text.includes(secret), `the archive holds ${secret}`);
    }
  });
});

describe("a run on several instances", () => {
  it("is the run on one, request by request", { timeout: 180_000 }, async () => {
    const run = runKeyOf(plan, 0, { schedule, operation: "converse", drainMs });
    const tar = join(folder, "run.tar");
    await writeFile(tar, await archive(run));
    const startMs = Date.now() + 6000;
    const { credentials } = target().set;
    const logs = await Promise.all(
      [1, 2].map((instance) => runLikeOperator({ k6, tar, instance, of: 2, startMs, credentials, folder })),
    );
    const merged = mergeInstances(await Promise.all(logs.map(readInstanceLog)));
    const report = checkRows({ ...merged, strategy: "s", schedule, clientFaults: merged.faults, lateMsP99: null });
    assert.deepEqual(report.faults, []);
    assert.ok(report.isComplete);
    assert.equal(merged.startedAtMs, startMs);
    assert.ok(
      merged.requests.every((row) => row.b >= Math.floor(schedule[row.i]![0]) - 1),
      "nothing leaves early",
    );

    const [one] = await benchStrategies(plan, {
      k6,
      target: target().target,
      schedule,
      drainMs,
      signal,
      onMoment: () => {},
    });
    assert.deepEqual(one!.report.faults, []);
    assert.equal(merged.requests.length, schedule.length);
    assert.deepEqual(facts(merged.attempts), facts(one!.run.attempts));
    const targets = new Set(merged.attempts.map(({ g }) => g));
    assert.equal(targets.size, REGIONS.length, "each router goes round by itself");
    for (const text of await Promise.all(logs.map((file) => readFile(file, "utf8")))) {
      const own = text.match(/^\{"t":"r"/gm)?.length ?? 0;
      assert.ok(own > 0.3 * schedule.length && own < 0.7 * schedule.length, `${own} of ${schedule.length}`);
    }

    const half = mergeInstances([await readInstanceLog(logs[1]!)]);
    const incomplete = checkRows({ ...half, strategy: "s", schedule, clientFaults: half.faults, lateMsP99: null });
    assert.equal(incomplete.isComplete, false);
    assert.match(incomplete.faults.join("; "), /instance 1 of 2 left no rows; \d+ of \d+ requests have no row/);
  });
});
