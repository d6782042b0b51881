import assert from "node:assert/strict";
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { prepareText } from "../../../scripts/io/experiment.ts";
import {
  type MeasuredRows,
  measuredRows,
  readEvidence,
  type ValidationEvidence,
} from "../../../scripts/validate/folder.ts";
import { knownAnswerError, knownQueue, knownSchedule } from "../../../scripts/validate/known-answer.ts";
import {
  derivedFiles,
  deriveValidation,
  rewriteDerived,
  saveValidation,
  simulatedRun,
  simulateRows,
} from "../../../scripts/validate/measure.ts";
import { MeridianError } from "../../../simulator/base/errors.ts";
import type { HarnessReport } from "../../../simulator/bench/checks.ts";
import { recordSchedule } from "../../../simulator/bench/make-plan.ts";
import { decodeSchedule, encodeSchedule, type ReplayRow } from "../../../simulator/bench/rows.ts";
import { knownAnswers } from "../../../simulator/validate/known-answer.ts";
import { replayVirtually } from "../../simulator/bench/virtual-wire.ts";

const YAML = `name: folder
seed: 3
duration: 90s
replications: 1
routers: 2
world:
  regions: [{ name: a }, { name: b }]
  models:
    m:
      id: anthropic.claude-3-haiku-20240307-v1:0
      burndown: 1
      capacity: { kind: batching, stepBase: 10ms, stepPerSequence: 1ms, prefill: { base: 200ms }, maxBatch: 20 }
  network: { roundTrips: none, jitter: none }
  prices: { book: none, overrides: [{ model: m, input: 1, output: 5 }] }
  quotas: [{ region: a, tokensPerMinute: 30k, law: token-bucket }]
traffic:
  - { class: all, arrivals: { poisson: 8/s }, tokens: { input: 100, output: 40, maxTokens: 60 } }
strategies:
  - { priority: { targets: [a, b], cooldown: 2s } }
client: { retry: standard }
`;

const lines = (rows: readonly ReplayRow[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join("");
const report: HarnessReport = {
  strategy: "priority",
  requests: 1,
  attempts: 1,
  lagMs: { p50: 0, p99: 1, max: 1 },
  serverLateMsP99: null,
  e2eMsP50: 1000,
  attemptsWithoutUsage: 0,
  isComplete: true,
  faults: [],
};

/** A harness that is late by so much, as its rows would show it. */
function knownRows(schedule: ValidationEvidence["schedule"], lateMs: number): MeasuredRows {
  const known = knownSchedule(schedule);
  const { e2eMs, ttftMs } = knownAnswers(known, knownQueue(known));
  const rows = known.flatMap(([arrivalMs], i): ReplayRow[] => {
    const e = arrivalMs + e2eMs[i]! + lateMs;
    const f = ttftMs[i]! + lateMs;
    const s = arrivalMs;
    return [
      { t: "a", i, o: 0, g: 0, s, e, k: "ok", c: 200, f, u: [1, 1, 0, 0], id: "", x: "" },
      { t: "r", i, b: arrivalMs, e, end: 0, n: 1, w: 0 },
    ];
  });
  return { rowsText: lines(rows), records: new Map() };
}

async function evidenceOf(lateMs = 1) {
  const experiment = await prepareText(YAML, "folder.yaml");
  const { plan } = experiment.inputs;
  const schedule = decodeSchedule(encodeSchedule(recordSchedule(plan)));
  const provenance = { scenarioSha256: "0", meridianVersion: "0", traces: [] };
  const side = await simulateRows(plan, provenance, { signal: new AbortController().signal });
  const { attempts, requests } = replayVirtually(plan, 0);
  const evidence: ValidationEvidence = {
    yaml: YAML,
    facts: {
      schemaVersion: 1,
      place: "a virtual wire",
      isStreaming: true,
      k6: "none",
      meridian: "0",
      resamples: 50,
      notes: ["A note."],
      reports: [report],
      knownAnswer: report,
    },
    schedule,
    strategies: [
      { simulated: side.rows[0]!, measured: { rowsText: lines([...attempts, ...requests]), records: new Map() } },
    ],
    knownAnswer: knownRows(schedule, lateMs),
  };
  return { experiment, evidence, side };
}

describe("the folder of a validation", () => {
  let out: string;
  before(async () => {
    out = await mkdtemp(join(tmpdir(), "meridian-validation-"));
  });
  after(() => rm(out, { recursive: true }));
  const facts = () => ({ out, startedAt: new Date(0), signal: new AbortController().signal });

  it("holds all that its figures are made from: made again, they are the same bytes", async () => {
    const { experiment, evidence, side } = await evidenceOf();
    const derived = deriveValidation(experiment, evidence);
    assert.equal(derived.validation.outcome, "equivalent", derived.validation.verdict);
    assert.equal(derived.measured.kind, "measured");
    const saved = await saveValidation(evidence, derived, { simulated: side.result, ...facts() });
    const names = await readdir(saved.folder);
    for (const name of ["scenario.yaml", "simulated-result.json", "rows-1.jsonl.gz", "report.html", "summary.md"]) {
      assert.ok(names.includes(name), name);
    }
    const copy = join(out, "copy");
    await cp(saved.folder, copy, { recursive: true });
    const read = await readEvidence(copy, out);
    const again = await prepareText(read.evidence.yaml, join(copy, "scenario.yaml"));
    await rewriteDerived(copy, await derivedFiles(deriveValidation(again, read.evidence)));
    for (const name of names) {
      assert.ok((await readFile(join(saved.folder, name))).equals(await readFile(join(copy, name))), `${name} differs`);
    }
    assert.equal((await readEvidence(saved.id, out)).folder, saved.folder);
    assert.equal((await readEvidence("latest", out)).folder, saved.folder);
  });

  it("is not published by halves, and says where it is damaged", async () => {
    const { experiment, evidence, side } = await evidenceOf();
    const derived = deriveValidation(experiment, evidence);
    const before = await readdir(out);
    const aborted = saveValidation(evidence, derived, {
      simulated: side.result,
      ...facts(),
      signal: AbortSignal.abort(),
    });
    await assert.rejects(aborted, (error) => error instanceof MeridianError && error.exitCode === 130);
    assert.deepEqual(await readdir(out), before);
    await assert.rejects(readEvidence(join(out, "nowhere"), out), /VALIDATION_NOT_FOUND/);
    const saved = await saveValidation(evidence, derived, { simulated: side.result, ...facts() });
    await rm(join(saved.folder, "simulated-1.jsonl.gz"));
    await assert.rejects(readEvidence(saved.folder, out), /VALIDATION_DAMAGED.*simulated-1/s);
    await writeFile(join(saved.folder, "evidence.json"), '{ "schemaVersion": 9 }');
    await assert.rejects(readEvidence(saved.folder, out), /VALIDATION_DAMAGED.*schemaVersion/s);
  });

  it("is of an invalid run where the harness itself was too far off", async () => {
    const { experiment, evidence } = await evidenceOf(60);
    const { validation } = deriveValidation(experiment, evidence);
    assert.equal(validation.outcome, "invalid");
    assert.match(validation.verdict, /harness itself errs by 60\.0 ms at p50/);
  });
});

describe("the known answers of a harness", () => {
  it("are to the beginning of the schedule, from instant 0, and every one must have come", async () => {
    const { evidence } = await evidenceOf();
    const schedule = evidence.schedule.map(([ms, ...rest]) => [ms + 7_200_000, ...rest] as const);
    const known = knownSchedule(schedule as never);
    assert.equal(known[0]![0], 0);
    assert.ok(known.at(-1)![0] <= 15_000 && known.at(-1)![0] > 14_000);
    const queue = knownQueue(known);
    const load = ((known.length / 15) * queue.serviceMs) / 1000 / queue.servers;
    assert.ok(load > 0.5 && load < 0.8, `load ${load}`);
    const rows = measuredRows(knownRows(evidence.schedule, 2));
    const late = { lagMsP99: 1, serverLateMsP99: null, isStreaming: true };
    const { rows: errors } = knownAnswerError(evidence.schedule, rows, late);
    assert.ok(errors.every(({ errorMs }) => Math.abs(errorMs - 2) < 1e-6));
    assert.equal(errors.length, 6);
    const whole = knownAnswerError(evidence.schedule, rows, { ...late, isStreaming: false });
    assert.ok(
      whole.rows.every(({ metric }) => metric === "e2e"),
      "whole answers have no first token",
    );
    const fewer = { ...rows, requests: rows.requests.slice(1) };
    assert.throws(() => knownAnswerError(evidence.schedule, fewer, late), /1 of \d+ known answers did not come/);
  });
});

describe("simulated rows", () => {
  it("stop on request, and are a run of the schedule", async () => {
    const { experiment, evidence, side } = await evidenceOf();
    const provenance = { scenarioSha256: "0", meridianVersion: "0", traces: [] };
    const stopped = simulateRows(experiment.inputs.plan, provenance, { signal: AbortSignal.abort() });
    await assert.rejects(stopped, (error) => error instanceof MeridianError && error.exitCode === 130);
    const run = simulatedRun(evidence.schedule, side.rows[0]!);
    assert.equal(run.requests.length, run.schedule.length);
    assert.equal(side.result.kind, "simulated");
    assert.ok(run.attempts.some((attempt) => run.ranIn(attempt) === "b"));
  });
});
