import assert from "node:assert/strict";
import { it } from "node:test";
import { benchSetup } from "../../../scripts/commands/bench-setup.ts";
import type { CommandInput } from "../../../scripts/commands/command.ts";
import type { PreparedExperiment } from "../../../scripts/io/experiment.ts";
import { recordSchedule } from "../../../simulator/replay/record-schedule.ts";
import { planOf, scenarioInput } from "../../simulator/scenario/base.ts";

const plan = planOf(scenarioInput({ requests: 20 }));
const experiment: PreparedExperiment = { yaml: "", inputs: { plan }, traces: [], summary: "" };

async function setup(options: object) {
  const said: string[] = [];
  const input = {
    args: ["a.yaml"],
    options: { target: "emulator", api: "converse", drain: 1000, ...options },
    terminal: { out: (text: string) => void said.push(text) },
    signal: new AbortController().signal,
  } as unknown as CommandInput;
  return { made: await benchSetup(experiment, recordSchedule(plan), input), said };
}

it("an emulator needs no locks", async () => {
  const { made, said } = await setup({});
  assert.equal(made!.schedule.length, 20);
  assert.deepEqual(said, []);
});

it("a dry run says what it would do, and makes nothing", async () => {
  const { made, said } = await setup({ dryRun: true, budgetUsd: 2 });
  assert.equal(made, undefined);
  assert.match(said.join(), /^dry run +a\.yaml against the emulator on this machine.*\n.*traffic +20 requests/s);
  assert.match(said.join(), /the budget stops it at 2\.00 USD/);
  const { said: json } = await setup({ dryRun: true, json: true });
  const document = JSON.parse(json.join()) as { kind: string; bedrock: unknown; requests: number };
  assert.deepEqual([document.kind, document.bedrock, document.requests], ["bench-dry-run", null, 20]);
});

it("a budget cannot be kept under an executor of k6", async () => {
  await assert.rejects(setup({ executor: "shared-iterations", budgetUsd: 2 }), /BENCH_BUDGET_EXECUTOR/);
  await assert.rejects(setup({ executor: "shared-iterations", target: "bedrock" }), /BENCH_BUDGET_EXECUTOR/);
  assert.ok((await setup({ executor: "shared-iterations" })).made);
});
