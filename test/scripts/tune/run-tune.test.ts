import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { tuneCommand, tuningText } from "../../../scripts/commands/tune.ts";
import { prepareExperiment } from "../../../scripts/io/experiment.ts";
import { parseVary } from "../../../scripts/sweep/plan-sweep.ts";
import { settingsOf, TunedStrategy } from "../../../scripts/tune/candidates.ts";
import { runTuning, type TuneRequest } from "../../../scripts/tune/run-tune.ts";

/** b costs twice as much as a, and nothing else differs: the cost is 1 + the share of b, whatever is drawn. */
const SCENARIO = `
name: two-prices
seed: 4
duration: 20m
world:
  regions: [{ name: a }, { name: b }]
  models:
    m: { id: amazon.nova-pro-v1:0, burndown: 1, capacity: { kind: slots, servers: 100, service: 1s } }
  network: { roundTrips: none, jitter: none }
  prices: { book: none, overrides: [{ model: m, region: a, input: 1, output: 1 }, { model: m, region: b, input: 2, output: 2 }] }
traffic: [{ class: all, arrivals: { poisson: 1/s }, tokens: { input: 900, output: 100, maxTokens: 200 } }]
strategies: [random, { weighted: { weights: { a: 0.5, b: 0.5 } } }]
assert: [ "failed() < 1%" ]
`;

describe("meridian tune", () => {
  let folder: string;
  let file: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "meridian-tune-"));
    file = join(folder, "two-prices.yaml");
    writeFileSync(file, SCENARIO);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  async function requestOf(vary: readonly string[], over: Partial<TuneRequest> = {}): Promise<TuneRequest> {
    const base = await prepareExperiment(file, { overrides: [], strategies: ["weighted"] });
    const tuned = settingsOf(vary.map(parseVary), 6);
    return {
      base,
      file,
      tuned,
      strategy: new TunedStrategy(base, tuned),
      goal: { metric: "cost", withinMin: null, failedMax: null },
      deltaShare: 0.02,
      replications: 5,
      heldOutShare: 0.3,
      workers: 1,
      signal: new AbortController().signal,
      onStep: () => undefined,
      ...over,
    };
  }

  it("is the same with any workers", async () => {
    const few = (workers: number) => requestOf(["weights.b=[0]"], { workers, replications: 3 });
    const tuning = await runTuning(await few(1));
    assert.deepEqual(tuning.settings[tuning.winner]!.values, [0]);
    assert.deepEqual(await runTuning(await few(2)), tuning);
  });

  it("finds the cheapest weights, and judges them on later traffic", async () => {
    const vary = ["weights.b=[0.5, 0.25, 0.1, 0]"];
    const request = await requestOf(vary);
    const tuning = await runTuning(request);
    assert.deepEqual(tuning.settings[tuning.winner]!.values, [0]);
    assert.equal(tuning.heldOut.answer, "best");
    // All to a: 1 USD per 1,000 requests of 1,000 tokens. Half to b: 1.5.
    const figures = tuning.finalists.find(({ setting }) => setting === tuning.winner)!.figures;
    assert.ok(Math.abs(figures.cost - 1) < 1e-9);
    assert.ok(tuning.heldOut.gain!.low < -0.5 && tuning.heldOut.gain!.high > -0.5, JSON.stringify(tuning.heldOut.gain));
    assert.deepEqual(request.strategy.entryOf(tuning.winner), { weighted: { weights: { a: 0.5, b: 0 } } });
    const text = tuningText(tuning, {
      goal: request.goal,
      label: "weighted",
      yaml: "strategies: []",
      vary: ["weights.b"],
    });
    assert.match(text, /is better than the scenario's own on held-out traffic: -0\.5.*95 % interval/);
    assert.match(text, /it is better than every other finalist/);
    assert.match(text, /^weights\.b=0 .* chosen$/m);
    const gain = { ...tuning.heldOut.gain!, low: -0.5, high: 0.5 };
    const open = tuningText(
      { ...tuning, heldOut: { ...tuning.heldOut, gain, answer: "open" } },
      { goal: request.goal, label: "weighted", yaml: "strategies: []", vary: ["weights.b"] },
    );
    assert.match(open, /weights\.b=0 is not shown to differ .* Keep the scenario's own setting/);
    assert.match(open, /chosen, not borne out$/m);
  });

  it("says so where nothing is better, and varies places in the scenario too", async () => {
    const tuning = await runTuning(await requestOf(["signals.age=[1s, 2s]"], { heldOutShare: null, replications: 3 }));
    assert.equal(tuning.winner, 0);
    assert.equal(tuning.heldOut.gain, null);
    assert.equal(tuning.heldOut.answer, "equal");
    assert.ok(
      tuning.settings.every(({ loss }) => loss === tuning.settings[0]!.loss),
      "signals that nothing reads",
    );
  });

  it("does not choose what fails so much that its p95 is that of the few that are fast", async () => {
    const goal = { metric: "p95", withinMin: null, failedMax: null } as const;
    const textOf = async (vary: string, own: string) => {
      const overrides = [{ path: ["client", "timeout"], value: own, origin: "test" }];
      const base = await prepareExperiment(file, { overrides, strategies: ["weighted"] });
      const tuned = settingsOf([parseVary(vary)], 6);
      const strategy = new TunedStrategy(base, tuned);
      const tuning = await runTuning(
        await requestOf([], { base, tuned, strategy, goal, heldOutShare: null, replications: 6 }),
      );
      return tuningText(tuning, { goal, label: "weighted", yaml: "strategies: []", vary: ["client.timeout"] });
    };
    // Calls take a second: with less time than that none is served.
    const kept = await textOf("client.timeout=[10ms, 500ms]", "10s");
    assert.match(kept, /^Nothing better than the scenario's own setting was found among 3 settings/);
    assert.match(kept, /^client\.timeout=10ms +none +none +100\.0 % +100\.00 % +none$/m);
    const mended = await textOf("client.timeout=[500ms, 10s]", "10ms");
    assert.match(mended, /client\.timeout=10s is better than the scenario's own.* has no p95, since 100\.0 % of its/);
    await assert.rejects(textOf("client.timeout=[20ms, 500ms]", "10ms"), /TUNE_NOTHING/);
  });

  it("rounds ranges to three digits and keeps the own setting first", () => {
    const { settings } = settingsOf([parseVary("p95=3s..15s"), parseVary("probes=[1, 2]")], 4);
    assert.deepEqual(settings, [
      [undefined, undefined],
      ["3s", 1],
      ["9s", 2],
      ["12s", 1],
      ["6s", 2],
    ]);
  });

  it("runs the documented search on the flagship, cut short", async () => {
    const page = readFileSync(join(import.meta.dirname, "..", "..", "..", "docs", "tune.md"), "utf8");
    const [, strategy, vary] = /flagship\.yaml --strategy '([^']+)' --vary (\S+) --within 96%/.exec(page)!;
    const out: string[] = [];
    await tuneCommand.run({
      args: [join(import.meta.dirname, "..", "..", "..", "scenarios", "flagship.yaml")],
      options: {
        ...{ strategy, vary: [vary], within: "96%", metric: "cost", delta: "0.5%", json: true, workers: 1 },
        ...{ set: ["duration=30s", "validation={}"], candidates: 1, replications: 2 },
      },
      terminal: { out: (text: string) => out.push(text), note() {}, live: false, quiet: true },
      signal: new AbortController().signal,
    } as never);
    const answer = JSON.parse(out.join("")) as {
      readonly settings: readonly { readonly values: readonly unknown[] }[];
    };
    assert.deepEqual(
      answer.settings.map(({ values }) => values),
      [[null], ["8s"]],
    );
  });

  it("refuses options that there are not, a share that is none, and later traffic of a run without an end", async () => {
    await assert.rejects(requestOf(["weigths.a=[1]"]), /TUNE_OPTION.*did you mean/s);
    const terminal = { out() {}, note() {}, live: false, quiet: true };
    const command = (options: object) =>
      tuneCommand.run({
        args: [file],
        options: {
          strategy: "weighted",
          vary: ["weights.a=[1]"],
          metric: "cost",
          delta: "1%",
          candidates: 2,
          ...options,
        },
        terminal,
        signal: new AbortController().signal,
      } as never);
    await assert.rejects(command({ within: "150%" }), /TUNE_SHARE/);
    await assert.rejects(command({ metric: "speed" }), /TUNE_METRIC/);
    const endless = await requestOf(["weights.b=[1]"]);
    const { plan } = endless.base.inputs;
    const base = { ...endless.base, inputs: { plan: { ...plan, durationMs: Number.POSITIVE_INFINITY } } };
    await assert.rejects(runTuning({ ...endless, base }), /TUNE_HELD_OUT/);
  });
});
