import assert from "node:assert/strict";
import { it } from "node:test";
import { createTerminal } from "../../../scripts/io/terminal.ts";
import { measureAndSimulate } from "../../../scripts/validate/measure.ts";
import type { Plan } from "../../../simulator/scenario/plan.ts";
import { planOf, scenarioInput } from "../../simulator/scenario/base.ts";

const nowhere = { write: () => true };
const options = {
  target: { place: "nowhere", open: () => Promise.reject(new Error("opened")) },
  operation: "converse-stream",
  terminal: createTerminal({ quiet: true }, { stdout: nowhere, stderr: nowhere, env: {} }),
  signal: new AbortController().signal,
} as const;
const measure = (plan: Plan) =>
  measureAndSimulate(
    "a.yaml",
    { yaml: "", plain: {}, inputs: { plan }, traces: [], folder: ".", files: [], summary: "", advice: [] },
    options,
  );

it("refuses what cannot be measured in real time before anything is started", async () => {
  const shared = planOf(scenarioInput({ signals: { source: "shared" } } as never));
  await assert.rejects(measure(shared), /BENCH_NOT_REPLAYABLE/);
  const long = planOf(scenarioInput({ requests: undefined, duration: "3h" } as never));
  await assert.rejects(measure(long), /VALIDATE_TOO_LONG.*2 h 59 min|VALIDATE_TOO_LONG.*3 h 0 min/s);
  const window = planOf(scenarioInput({ requests: undefined, duration: "3h", arrivalsFrom: "10m" } as never));
  await assert.rejects(measure(window), /VALIDATE_TOO_LONG.*2 h 50 min/s);
});
