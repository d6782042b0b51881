import assert from "node:assert/strict";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { pathToFileURL } from "node:url";
import { prepareText } from "../../../scripts/io/experiment.ts";
import { loadReference } from "../../../scripts/io/scenario-inputs.ts";
import { MeridianError } from "../../../simulator/base/errors.ts";

const SCENARIO = `name: two-faults
duration: 1h
world:
  regions: [us-east-1, us-west-9]
  models:
    haiku:
      id: anthropic.claude-3-haiku-20240307-v1:0
      capacity: { kind: slots, servers: 4, service: 1s }
traffic:
  - class: chat
    arrivals: { trace: azure-conv-2024 }
strategies: [round-robin]
`;

async function failureOf(text: string): Promise<MeridianError> {
  const error = await prepareText(text, "dir/two-faults.yaml").then(
    () => assert.fail("the scenario is wrong"),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof MeridianError);
  return error;
}

describe("files that a scenario names", () => {
  it("a trace that is not there and a region that is unknown are reported together, each with its line", async () => {
    const { problems, exitCode } = await failureOf(SCENARIO);
    assert.equal(exitCode, 2);
    const trace = problems.find(({ code }) => code === "TRACE_NOT_FOUND");
    const region = problems.find(({ code }) => code === "REGION_UNKNOWN");
    assert.match(trace?.where ?? "", /two-faults\.yaml:11 traffic\[0\]\.arrivals/);
    assert.match(trace?.fix ?? "", /did you mean azure-conv-2023\?/);
    assert.match(region?.where ?? "", /two-faults\.yaml:4 world\.regions\[1\]/);
  });

  it("a scenario whose only fault is a missing trace ends as an error of the data", async () => {
    const { problems, exitCode } = await failureOf(SCENARIO.replace("us-west-9", "us-west-2"));
    assert.equal(exitCode, 3);
    assert.deepEqual(
      problems.map(({ code }) => code),
      ["TRACE_NOT_FOUND"],
    );
  });
});

describe("the unit of a trace's times", () => {
  const lines = ["timestamp,input_tokens,output_tokens", "0,100,50", "0.5,100,50"].join("\n");
  const scenario = (arrivals: string) =>
    SCENARIO.replace("us-west-9", "us-west-2")
      .replace("{ trace: azure-conv-2024 }", arrivals)
      .replace("duration: 1h", "duration: 1m");

  it("is what the scenario says where the file says none; two units for one file are refused", async () => {
    const folder = await mkdtemp(join(tmpdir(), "meridian-unit-"));
    await writeFile(join(folder, "t.csv"), lines);
    const timesOf = async (arrivals: string) => {
      const { inputs } = await prepareText(scenario(arrivals), join(folder, "s.yaml"));
      const recording = inputs.plan.traffic[0]!.recordings!["t.csv"]!;
      assert.ok(recording.kind === "trace");
      return [...recording.columns.arrivalMs];
    };
    assert.deepEqual(await timesOf("{ trace: t.csv, unit: s }"), [0, 500]);
    assert.deepEqual(await timesOf("{ trace: t.csv, unit: ms }"), [0, 0.5]);
    await assert.rejects(timesOf("{ trace: t.csv }"), /TRACE_BAD_TIME {2}t\.csv:2/);
    const two = "{ trace: t.csv, unit: s }\n  - class: other\n    arrivals: { trace: t.csv, unit: ms }";
    await assert.rejects(timesOf(two), /TRACE_TWO_UNITS {2}.*s\.yaml:13 traffic\[1\]\.arrivals\.unit/);
    await rm(folder, { recursive: true });
  });
});

describe("reference data", () => {
  it("the five bundled data sets load", async () => {
    const reference = await loadReference();
    assert.equal(reference.prices.prices.length, 613);
    assert.equal(reference.profiles.profiles.length, 91);
    assert.equal(reference.quotas.quotas.length, 54);
    assert.equal(Object.keys(reference.roundTrips.rtt).length, 32);
    assert.equal(reference.models.nameOf("amazon.nova-pro-v1:0"), "Nova Pro");
  });

  it("a missing and a damaged file are different problems, with the file's name", async () => {
    const folder = await mkdtemp(join(tmpdir(), "meridian-reference-"));
    const url = pathToFileURL(`${folder}/`);
    const fails = async (code: string, kind: string) =>
      assert.rejects(
        () => loadReference(url),
        (error) => error instanceof MeridianError && error.kind === kind && error.problems[0]?.code === code,
      );
    try {
      await fails("REFERENCE_UNREADABLE", "environment");
      await cp(new URL("../../../scenarios/reference/", import.meta.url), folder, { recursive: true });
      await writeFile(join(folder, "region-rtt.json"), '{"unit": "ms", "rtt": {');
      await fails("REFERENCE_DAMAGED", "data");
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("a table of model facts with a model in it twice is refused by its name", async () => {
    const folder = await mkdtemp(join(tmpdir(), "meridian-models-"));
    try {
      await cp(new URL("../../../scenarios/reference/", import.meta.url), folder, { recursive: true });
      const file = join(folder, "bedrock-models.json");
      const table = JSON.parse(await readFile(file, "utf8")) as { models: unknown[] };
      await writeFile(file, JSON.stringify({ ...table, models: [...table.models, table.models[0]] }));
      await assert.rejects(
        () => loadReference(pathToFileURL(`${folder}/`)),
        /REFERENCE_DAMAGED {2}scenarios\/reference\/bedrock-models\.json.* is listed twice/s,
      );
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
