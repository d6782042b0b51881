import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { Command } from "commander";
import { Job } from "kubernetes-models/batch/v1/Job";
import { parse } from "yaml";
import { shardCommand } from "../scripts/commands/shard.ts";
import { prepareExperiment } from "../scripts/io/experiment.ts";

const FOLDER = join(import.meta.dirname, "..", "docs", "scale");
const text = (file: string) => readFileSync(join(FOLDER, file), "utf8");

/** Whether `meridian shard` understands a command line of a manifest: its sweep and options. */
function commandOf(command: readonly string[]): { readonly sweep: string; readonly options: Record<string, unknown> } {
  assert.deepEqual(command.slice(0, 2), ["meridian", "shard"]);
  const verb = new Command().exitOverride();
  shardCommand.configure(verb);
  const parsed = verb.parse(command.slice(2), { from: "user" });
  return { sweep: parsed.args[0]!, options: parsed.opts() };
}

describe("a billion calls", () => {
  it("are what the scenario has, and the page's closed forms are those of its queues", async () => {
    const { inputs } = await prepareExperiment(join(FOLDER, "billion.yaml"), { overrides: [], strategies: [] });
    const { durationMs, traffic, replications } = inputs.plan;
    const { arrivals } = traffic[0]!;
    assert.ok("ratePerS" in arrivals && arrivals.ratePerS !== null);
    const calls = (arrivals.ratePerS * durationMs) / 1000;
    assert.deepEqual([calls, calls * replications], [1_000_512_000, 5_002_560_000]);
    // M/M/c by Erlang's formulas: the time in the system is an answer, and for those who wait another exponential time.
    const [load, servers] = [386, 394];
    let loss = 1;
    for (let k = 1; k <= servers; k++) loss = (load * loss) / (k + load * loss);
    const waits = loss / (1 - (load / servers) * (1 - loss));
    const spare = servers - load;
    const beyond = (s: number) =>
      (1 - waits) * Math.exp(-s) + (waits * (spare * Math.exp(-s) - Math.exp(-spare * s))) / (spare - 1);
    for (const [share, seconds] of [
      [0.5, 0.7728],
      [0.05, 3.0758],
      [0.01, 4.6852],
      [0.0073, 5],
    ] as const)
      assert.ok(Math.abs(beyond(seconds) / share - 1) < 1e-3, `${seconds} s`);
  });
});

describe("manifests of sweeps", () => {
  it("the Indexed Job is one by Kubernetes' own schema, with as many completions as parts", () => {
    const job = parse(text("indexed-job.yaml"));
    new Job(job).validate();
    assert.throws(() => new Job({ ...job, spec: { ...job.spec, completions: "many" } }).validate(), /completions/);
    assert.deepEqual([job.apiVersion, job.kind, job.spec.completionMode], ["batch/v1", "Job", "Indexed"]);
    const { sweep, options } = commandOf(job.spec.template.spec.containers[0].command);
    assert.deepEqual([options.count, options.store], [job.spec.completions, "s3://my-bucket/sweeps"]);
    assert.match(sweep, /^[0-9a-f]{10}$/, "the job file is in the store");
  });

  it("the Batch array has as many children as parts, and its definition says which attempts are repeated", () => {
    const job = JSON.parse(text("batch-array.json"));
    const { sweep, options } = commandOf(job.containerOverrides.command);
    assert.deepEqual([options.count, sweep], [job.arrayProperties.size, "0011223344"]);
    // SubmitJob: an array has 2 to 10,000 children.
    assert.ok(job.arrayProperties.size >= 2 && job.arrayProperties.size <= 10_000);
    const definition = JSON.parse(text("batch-job-definition.json"));
    assert.equal(definition.jobDefinitionName, job.jobDefinition);
    // RegisterJobDefinition: a job has at most ten attempts, and at most five rules.
    const { attempts, evaluateOnExit } = definition.retryStrategy;
    assert.ok(attempts <= 10 && evaluateOnExit.length <= 5);
    const [lost, other] = evaluateOnExit;
    assert.deepEqual([lost.action, other.action, other.onReason], ["RETRY", "EXIT", "*"]);
  });

  it("the image runs as a user that is a number, without scripts of packages", () => {
    const lines = text("Dockerfile").split("\n");
    assert.ok(lines.some((line) => /^USER \d+$/.test(line)) && lines.some((line) => line.includes("--ignore-scripts")));
    assert.ok(
      lines.some((line) => /^FROM node:\d+-slim$/.test(line)),
      "a tag that names its version",
    );
  });
});
