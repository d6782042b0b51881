import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it } from "node:test";
import { DEFAULTS } from "../../../scripts/init/answers.ts";
import { recordedAnswers } from "../../../scripts/init/recorded.ts";

it("calls say how many they are, how long, from where and of which model; the rest stays", async () => {
  const folder = await mkdtemp(join(tmpdir(), "meridian-"));
  const file = join(folder, "calls.csv");
  const rows = Array.from({ length: 61 }, (_, i) => {
    const time = new Date(Date.UTC(2026, 4, 4, 9) + i * 120_000).toISOString();
    return `${time},${100 + i},${i === 0 ? 4000 : 10},${i % 3 === 0 ? "eu-west-1" : "eu-central-1"},eu.amazon.nova-lite-v1:0`;
  });
  await writeFile(file, `time,input_tokens,output_tokens,origin,model\n${rows.join("\n")}\n`);
  const { regions, model, recorded, objective } = await recordedAnswers(file, folder, {});
  assert.deepEqual(regions, ["eu-central-1", "eu-west-1"]);
  assert.equal(model, "amazon.nova-lite-v1:0");
  assert.equal(objective, DEFAULTS.objective);
  assert.deepEqual(recorded, {
    trace: "calls.csv",
    requests: 61,
    minutes: 120,
    start: "2026-05-04T09:00:00.000Z",
    tokens: { inputMean: 130, outputMean: (4000 + 600) / 61, outputMax: 4000 },
    reading: [],
  });
  await rm(folder, { recursive: true });
});

it("a bundled recording goes by its name", async () => {
  const { recorded, regions } = await recordedAnswers("azure-code-2023", tmpdir(), {});
  assert.equal(recorded!.trace, "azure-code-2023");
  assert.deepEqual(regions, DEFAULTS.regions);
});
