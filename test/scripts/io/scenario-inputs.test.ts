import assert from "node:assert/strict";
import { test } from "node:test";
import { prepareText } from "../../../scripts/io/experiment.ts";
import { MeridianError } from "../../../simulator/errors.ts";

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

test("a trace that is not there and a region that is unknown are told of together, each with its line", async () => {
  const { problems, exitCode } = await failureOf(SCENARIO);
  assert.equal(exitCode, 2);
  const trace = problems.find(({ code }) => code === "TRACE_NOT_FOUND");
  const region = problems.find(({ code }) => code === "REGION_UNKNOWN");
  assert.match(trace?.where ?? "", /two-faults\.yaml:11 traffic\[0\]\.arrivals/);
  assert.match(trace?.fix ?? "", /did you mean azure-conv-2023\?/);
  assert.match(region?.where ?? "", /two-faults\.yaml:4 world\.regions\[1\]/);
});

test("a scenario whose only fault is a missing trace ends as an error of the data", async () => {
  const { problems, exitCode } = await failureOf(SCENARIO.replace("us-west-9", "us-west-2"));
  assert.equal(exitCode, 3);
  assert.deepEqual(
    problems.map(({ code }) => code),
    ["TRACE_NOT_FOUND"],
  );
});
