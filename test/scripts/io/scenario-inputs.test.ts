import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { prepareText } from "../../../scripts/io/experiment.ts";
import { tracesOf } from "../../../scripts/io/scenario-inputs.ts";
import { parseScenario } from "../../../scripts/io/scenario-text.ts";
import { MeridianError } from "../../../simulator/base/errors.ts";
import { scenarioSchema } from "../../../simulator/scenario/schema.ts";

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
    const { value } = parseScenario(scenario("{ trace: t.csv, unit: s }"), "s.yaml", scenarioSchema);
    assert.deepEqual([...tracesOf(value)], [["t.csv", { configPath: "traffic[0].arrivals", reading: { unit: "s" } }]]);
    assert.deepEqual(await timesOf("{ trace: t.csv, unit: s }"), [0, 500]);
    assert.deepEqual(await timesOf("{ trace: t.csv, unit: ms }"), [0, 0.5]);
    await assert.rejects(timesOf("{ trace: t.csv }"), /TRACE_BAD_TIME {2}t\.csv:2/);
    const two = "{ trace: t.csv, unit: s }\n  - class: other\n    arrivals: { trace: t.csv, unit: ms }";
    await assert.rejects(timesOf(two), /TRACE_TWO_UNITS {2}.*s\.yaml:13 traffic\[1\]\.arrivals\.unit/);
    await rm(folder, { recursive: true });
  });
});

describe("how a recording is read", () => {
  const PLACE = "{ trace: azure-conv-2024 }";
  const base = SCENARIO.replace("us-west-9", "us-west-2").replace("duration: 1h", "duration: 1m");
  const two = (one: string, other: string) =>
    base.replace(PLACE, `{ trace: t.csv, ${one} }\n  - class: other\n    arrivals: { trace: t.csv, ${other} }`);
  const X = "columns: { time: t, input: x, output: o }";

  it("is one for all classes: what one leaves open another may say, and contradictions are refused", async () => {
    const folder = await mkdtemp(join(tmpdir(), "meridian-reading-"));
    await writeFile(join(folder, "t.csv"), "t,x,y,o,env\n1780300800,100,7,10,prod\n1780300801,100,7,10,test\n");
    const prepare = (text: string) => prepareText(text, join(folder, "s.yaml"));
    const { inputs } = await prepare(two(X, "tag: env"));
    const recording = inputs.plan.traffic[1]!.recordings!["t.csv"]!;
    assert.ok(recording.kind === "trace");
    assert.deepEqual(recording.columns.classNames, ["prod", "test"], "the tag of the second class");
    await prepare(two(X, X));
    await prepare(two(X, "columns: { output: o, input: x, time: t }"));
    await assert.rejects(
      prepare(two(X, X.replace("x", "y"))),
      /TRACE_TWO_READINGS {2}.*s\.yaml:13 traffic\[1\]\.arrivals\.columns: t\.csv is read once/,
    );
    await rm(folder, { recursive: true });
  });

  it("a format that does not exist is a fault of its line, a recording of lengths that is not there of theirs", async () => {
    const faultOf = async (text: string) =>
      (await failureOf(text)).problems.map(({ code, where }) => `${code} ${where}`);
    const format = base.replace(PLACE, "{ trace: azure-conv-2023, format: azure }");
    assert.deepEqual(await faultOf(format), ["TRACE_FORMAT dir/two-faults.yaml:11 traffic[0].arrivals.format"]);
    const lengths = base.replace(
      PLACE,
      "{ poisson: 1/s }\n    tokens:\n      output: 9\n      input: { recorded: m-large }",
    );
    assert.deepEqual(await faultOf(lengths), ["TRACE_NOT_FOUND dir/two-faults.yaml:14 traffic[0].tokens.input"]);
  });
});
