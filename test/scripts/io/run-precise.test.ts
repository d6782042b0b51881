import assert from "node:assert/strict";
import { test } from "node:test";
import { prepareExperiment } from "../../../scripts/io/experiment.ts";
import { jobsOf, runExperiment } from "../../../scripts/io/run-experiment.ts";
import { runPrecise } from "../../../scripts/io/run-precise.ts";
import { meridianHere, TINY } from "../run-meridian.ts";

const at = (path: string, value: unknown) => ({ path: [path], value, origin: "test" });
const rebuild = (replications: number) =>
  prepareExperiment(TINY, {
    overrides: [at("requests", 150), at("replications", replications)],
    strategies: ["single"],
  });
const pool = { workers: 1, signal: new AbortController().signal, onProgress: () => {}, onJobDone: () => {} };
const how = () => ({ ...pool, stop: () => {} });

test("stages end where all is precise, and give the bytes of a run with as many replications at once", async () => {
  const stages: string[] = [];
  const options = {
    from: 3,
    precision: 0.07,
    budgetMs: 1e9,
    workers: 1,
    how,
    onStage: (text: string) => stages.push(text),
  };
  const { experiment, result, open } = await runPrecise(rebuild, options);
  assert.deepEqual(open, []);
  assert.ok(stages.length > 1 && stages[0] === "replications 1 to 10", stages.join());
  const whole = await rebuild(result.replications.done);
  assert.equal(experiment.yaml, whole.yaml);
  assert.deepEqual(result, await runExperiment(whole, jobsOf(whole, 1), pool));
});

test("a stage that would take longer than the budget is not begun, and what is open is said", async () => {
  let nowMs = 0;
  const clockMs = () => (nowMs += 1000);
  const options = { from: 3, precision: 0.001, budgetMs: 1500, workers: 1, how, clockMs, onStage: () => {} };
  const { result, open } = await runPrecise(rebuild, options);
  assert.equal(result.replications.done, 10);
  assert.ok(open.length > 0 && open.every(({ name }) => name !== ""));
});

test("the command line names what is wrong with a precision or a budget", async () => {
  for (const [args, code] of [
    [["--precision", "much"], "PRECISION_VALUE"],
    [["--precision", "0%"], "PRECISION_VALUE"],
    [["--budget", "soon"], "BUDGET_VALUE"],
    [["--precision", "2%", "--audit", "a.csv"], "PRECISION_EVIDENCE"],
  ] as const) {
    const { code: exit, stderr } = await meridianHere(["simulate", TINY, ...args, "--quiet"]);
    assert.equal(exit, 2, stderr);
    assert.match(stderr, new RegExp(`^${code}`));
  }
});
