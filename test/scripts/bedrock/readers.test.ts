import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { isDecisionLog, readDecisions } from "../../../scripts/bedrock/decision-file.ts";
import { readDecisionCalls } from "../../../scripts/calibrate/log-calls.ts";
import { readMeasurements } from "../../../scripts/calibrate/measurements.ts";
import { auditCommand } from "../../../scripts/commands/audit.ts";
import { prepareExperiment } from "../../../scripts/io/experiment.ts";
import { readTraceFile } from "../../../scripts/io/trace-file.ts";
import { readWholeLog, validateLog } from "../../../scripts/validate/from-log.ts";
import { MeridianError } from "../../../simulator/base/errors.ts";
import { DecisionLog } from "../../../simulator/bench/decision-log.ts";
import { livePlan } from "../../../simulator/bench/live-plan.ts";
import { recordSchedule } from "../../../simulator/bench/make-plan.ts";
import { requestOf } from "../../../simulator/bench/rows.ts";
import { BadRows } from "../../../simulator/traffic/bad-rows.ts";
import { replayVirtually } from "../../simulator/bench/virtual-wire.ts";

const NOVA = "amazon.nova-pro-v1:0";
const SCENARIO = `
name: logged
seed: 5
start: 2026-05-04T09:00:00Z
requests: 600
replications: 1
drain: 5m
world:
  regions: [us-east-1, eu-west-1]
  models:
    nova:
      id: ${NOVA}
      burndown: 1
      capacity: { kind: slots, servers: 6, service: { lognormal: { mean: 2s, cv: 0.6 } } }
  network: { roundTrips: none, jitter: none }
  prices: { book: none, overrides: [{ model: nova, input: 1, output: 4 }] }
  quotas: [{ region: us-east-1, tokensPerMinute: 15k, law: rolling-window }]
traffic:
  - { class: free, arrivals: { poisson: 2/s }, tokens: { input: 120, output: 60, maxTokens: 200 }, origin: us-east-1 }
  - { class: european, arrivals: { poisson: 1/s }, tokens: { input: 150, output: 20, maxTokens: 200 }, origin: eu-west-1, residency: eu }
strategies: [{ priority: { targets: [us-east-1, eu-west-1], cooldown: 2s } }, random]
client: { retry: standard }
validation: { margins: { p50: 5%, p95: 5% } }
`;

describe("the decision log of a routed client", () => {
  let folder: string;
  let scenario: string;
  let log: string;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "meridian-log-"));
    scenario = join(folder, "logged.yaml");
    log = join(folder, "decisions.jsonl");
    writeFileSync(scenario, SCENARIO);
    const { plan } = (await prepareExperiment(scenario, { overrides: [], strategies: [] })).inputs;
    // A router of the client's kind on an event clock, with the simulator's service behind it.
    const { attempts, requests } = replayVirtually(plan, 0);
    const lines: string[] = [];
    const decisions = new DecisionLog(livePlan(plan, 0), plan.startMs, (record) => lines.push(JSON.stringify(record)));
    for (const [i, row] of recordSchedule(plan).entries()) decisions.began(requestOf(row, i));
    for (const { i } of attempts) decisions.sent(i);
    for (const row of attempts) decisions.attemptEnded(row);
    for (const row of requests) decisions.requestEnded(row);
    assert.equal(lines.length, 600);
    writeFileSync(log, `${lines.join("\n")}\n`);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it("goes into calibrate, attempt by attempt", async () => {
    assert.equal(await isDecisionLog(log), true);
    assert.equal(await isDecisionLog(scenario), false);
    const options = { strategies: [], badRows: new BadRows(), roundTripMs: new Map<string, number>() };
    const { observations, modelIds, notes } = await readMeasurements([log], options);
    assert.deepEqual((await readDecisionCalls(log, new BadRows())).observations, observations);
    assert.deepEqual(modelIds, { nova: NOVA });
    assert.deepEqual(notes, []);
    const throttled = observations.filter(({ outcome }) => outcome === "throttled");
    assert.ok(throttled.length > 10 && throttled.every(({ region }) => region === "us-east-1"));
    const served = observations.filter(({ outcome }) => outcome === "served");
    assert.ok(served.length >= 590);
    const meanMs = served.reduce((sum, { sentMs, endMs }) => sum + endMs - sentMs, 0) / served.length;
    assert.ok(meanMs > 1_500 && meanMs < 3_000, `${meanMs} ms for services of 2 s`);
    assert.ok(served.every(({ roundTripMs }) => roundTripMs === 0));
  });

  it("of calls that came whole goes into calibrate: their first byte is their end", async () => {
    const whole = join(folder, "whole.jsonl");
    writeFileSync(whole, readFileSync(log, "utf8").replaceAll(/"ttftMs":[0-9.]+/g, '"ttftMs":null'));
    const { observations } = await readDecisionCalls(whole, new BadRows());
    const served = observations.filter(({ outcome }) => outcome === "served");
    assert.ok(
      served.length >= 590 && served.every(({ sentMs, endMs, ttftMs }) => Math.abs(endMs - sentMs - ttftMs) < 1e-6),
    );
  });

  it("goes into validate: the simulation of the same requests is equivalent to what was decided", async () => {
    const experiment = await prepareExperiment(scenario, { overrides: [], strategies: ["priority"] });
    const records = await readWholeLog(log);
    const result = await validateLog(experiment, log, records, new AbortController().signal);
    const of = (id: string) => result.strategies[0]!.total.quantities.find((quantity) => quantity.id === id)!;
    assert.equal(result.requests, 600);
    // The same draws belong to the same requests: only the log's whole milliseconds differ.
    assert.ok(Math.abs(of("e2e.p50").difference!) < 1e-3, JSON.stringify(of("e2e.p50")));
    assert.ok(Math.abs(of("cost").difference!) < 1e-9);
    assert.ok(of("throttled").measured! > 0.02);
    assert.equal(of("throttled").difference, 0);
    assert.notEqual(result.outcome, "different", result.verdict);
    const other = await prepareExperiment(scenario, { overrides: [], strategies: ["random"] });
    await assert.rejects(validateLog(other, log, records, new AbortController().signal), /DECISION_LOG_SEVERAL/);
  });

  it("is traffic: one request however often it was tried", async () => {
    const { columns, format } = await readTraceFile(log, log);
    assert.equal(format, "decision-log");
    assert.equal(columns.arrivalMs.length, 600);
    assert.deepEqual([...columns.classNames!].sort(), ["european", "free"]);
    assert.deepEqual([...new Set(columns.inputTokens)].sort(), [120, 150]);
  });

  const run = async (args: readonly string[], options: object) => {
    const lines: string[] = [];
    const terminal = {
      out: (text: string) => lines.push(text),
      problem: (text: string) => lines.push(text),
      note() {},
    };
    const code = await auditCommand.run({ args, options, terminal, signal: new AbortController().signal } as never);
    return { code, text: lines.join("\n") };
  };

  it("goes into the audit, which judges by the scenario and not by the log's word", async () => {
    const fine = await run([log], { scenario });
    assert.equal(fine.code, 0, fine.text);
    assert.match(fine.text, /european +eu +\d+/);
    const broken = join(folder, "broken.jsonl");
    const records: string[] = [];
    await readDecisions(log, (record, where) => {
      const moved = record.attempts.map((each) => ({
        ...each,
        sourceRegion: record.class === "european" && where.endsWith(":9") ? "us-east-1" : each.sourceRegion,
        sentAt: new Date(each.sentAt).toISOString(),
        endedAt: new Date(each.endedAt).toISOString(),
      }));
      const at = {
        arrivedAt: new Date(record.arrivedAt).toISOString(),
        endedAt: new Date(record.endedAt).toISOString(),
      };
      records.push(JSON.stringify({ ...record, ...at, class: "european", attempts: moved }));
    });
    writeFileSync(broken, records.join("\n"));
    assert.equal((await run([broken], {})).code, 0, "the log says that all is well");
    const { code, text } = await run([broken], { scenario });
    assert.equal(code, 99);
    assert.match(text, /target us-east-1 is not legal for the class/);
    assert.match(text, /AUDIT_VIOLATIONS/);
  });

  it("names the line of a log that was cut off", async () => {
    const cut = join(folder, "cut.jsonl");
    writeFileSync(cut, `${"\n"}{"strategy":"priority","requ`);
    await assert.rejects(
      readDecisions(cut, () => undefined),
      (error) => {
        assert.ok(error instanceof MeridianError);
        assert.equal(error.problems[0]!.code, "DECISION_LOG_BAD_ROW");
        assert.equal(error.problems[0]!.where, `${cut}:2`);
        return true;
      },
    );
  });

  it("says by codes of its own that a log is not there, or is no file", async () => {
    const cases = [
      [join(folder, "decision.jsonl"), "DECISION_LOG_NOT_FOUND", `did you mean ${log}?`],
      ["/dev/zero", "DECISION_LOG_NOT_A_FILE", "name a log of decisions"],
    ] as const;
    for (const [path, code, fix] of cases) {
      await assert.rejects(run([path], {}), (error) => {
        assert.ok(error instanceof MeridianError);
        assert.deepEqual([error.exitCode, error.problems[0]!.code, error.problems[0]!.fix], [3, code, fix]);
        return true;
      });
    }
  });
});
