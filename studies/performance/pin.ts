/**
 * Verifies that results stay equal to the last bit: runs every scenario at a reduced budget and every oracle
 * row, and compares the SHA-256 of each result with `pins.json` beside this file.
 *
 * `node --import tsx studies/performance/pin.ts` compares; `--write` records; words keep to the entries that contain one.
 */
import { createHash } from "node:crypto";
import { globSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { prepareExperiment } from "../../scripts/io/experiment.ts";
import { PACKAGE_ROOT } from "../../scripts/io/process.ts";
import { stableJson } from "../../scripts/io/text-files.ts";
import { assembleResult, type JobOutput, planJobs, runJob } from "../../simulator/experiment/index.ts";
import type { RunResult } from "../../simulator/experiment/result.ts";
import { ask } from "../oracles/ask.ts";
import { allOracles } from "../oracles/rows/index.ts";

const PINS_FILE = join(import.meta.dirname, "pins.json");
const ORACLE_BUDGET = { replications: 2, requests: 10_000 };
const SCENARIOS = [
  "scenarios/*.yaml",
  "studies/performance/*.yaml",
  "studies/held-out/scenarios/*.yaml",
  "test/golden/simulate/*.yaml",
];

type Pins = Record<string, string>;

function sha256(value: unknown): string {
  return createHash("sha256").update(stableJson(value)).digest("hex").slice(0, 16);
}

/** One replication of a scenario, on this thread; what does not follow from the physics is left out of the hash. */
async function pinScenario(file: string): Promise<string> {
  const overrides = [{ path: ["replications"], value: 1, origin: "pin" }];
  const { inputs } = await prepareExperiment(join(PACKAGE_ROOT, file), { overrides, strategies: [] });
  const outputs: JobOutput[] = [];
  for (const job of planJobs(inputs, 1)) {
    const steps = runJob(inputs, job);
    let step = steps.next();
    while (step.done !== true) step = steps.next();
    outputs.push(step.value);
  }
  const result: RunResult = assembleResult(inputs, outputs, { scenarioSha256: "", meridianVersion: "", traces: [] });
  // Samples are the values whose means and intervals the groups have.
  return sha256({
    ...result,
    strategies: result.strategies.map(({ samples: _, classLatency: __, ...strategy }) => strategy),
  });
}

const isWriting = process.argv.includes("--write");
const words = process.argv.slice(2).filter((word) => !word.startsWith("--"));
const wanted = (name: string) => words.length === 0 || words.some((word) => name.includes(word));
const pins: Pins = {};
for (const file of globSync(SCENARIOS, { cwd: PACKAGE_ROOT }).sort()) {
  if (!wanted(file)) continue;
  pins[file] = await pinScenario(file);
  process.stderr.write(`${pins[file]}  ${file}\n`);
}
for (const oracle of allOracles()) {
  if (!wanted(`oracle ${oracle.id}`)) continue;
  const { value, low, high } = await ask(oracle, ORACLE_BUDGET);
  pins[`oracle ${oracle.id}`] = sha256({ value, low, high });
}
const known = JSON.parse(readFileSync(PINS_FILE, "utf8")) as Pins;
if (isWriting) writeFileSync(PINS_FILE, stableJson(words.length > 0 ? { ...known, ...pins } : pins));
else {
  const moved = Object.keys(pins).filter((name) => pins[name] !== known[name]);
  const gone = words.length > 0 ? [] : Object.keys(known).filter((name) => !(name in pins));
  for (const name of moved)
    process.stdout.write(`MOVED  ${name}: ${known[name] ?? "not pinned"} is now ${pins[name]}\n`);
  for (const name of gone) process.stdout.write(`GONE   ${name}\n`);
  process.stdout.write(`${Object.keys(pins).length - moved.length} of ${Object.keys(pins).length} pins hold\n`);
  process.exitCode = moved.length + gone.length > 0 ? 1 : 0;
}
