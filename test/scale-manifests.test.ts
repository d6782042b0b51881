import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { Command } from "commander";
import { parse } from "yaml";
import { shardCommand } from "../scripts/commands/shard.ts";

const FOLDER = join(import.meta.dirname, "..", "docs", "scale");
const text = (file: string) => readFileSync(join(FOLDER, file), "utf8");

/** Whether `meridian shard` understands a command line of a manifest. */
function optionsOf(command: readonly string[]): Record<string, unknown> {
  assert.deepEqual(command.slice(0, 2), ["meridian", "shard"]);
  const verb = new Command().exitOverride();
  shardCommand.configure(verb);
  return verb.parse(command.slice(2), { from: "user" }).opts();
}

describe("manifests of sweeps", () => {
  it("the Indexed Job has as many completions as parts", () => {
    const job = parse(text("indexed-job.yaml"));
    assert.deepEqual([job.apiVersion, job.kind, job.spec.completionMode], ["batch/v1", "Job", "Indexed"]);
    const { count, store } = optionsOf(job.spec.template.spec.containers[0].command);
    assert.deepEqual([count, store], [job.spec.completions, "s3://my-bucket/sweeps"]);
    const volumes = job.spec.template.spec.volumes.map(({ name }: { name: string }) => name);
    for (const { name } of job.spec.template.spec.containers[0].volumeMounts) assert.ok(volumes.includes(name));
  });

  it("the Batch array has as many children as parts", () => {
    const job = JSON.parse(text("batch-array.json"));
    assert.equal(optionsOf(job.containerOverrides.command).count, job.arrayProperties.size);
    // SubmitJob: an array has 2 to 10,000 children, a job at most ten attempts.
    assert.ok(job.arrayProperties.size >= 2 && job.arrayProperties.size <= 10_000 && job.retryStrategy.attempts <= 10);
  });
});
