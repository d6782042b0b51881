import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { prepareExperiment, prepareText } from "../../../scripts/io/experiment.ts";
import { loadStrategyFile } from "../../../scripts/io/strategy-files.ts";
import { MeridianError } from "../../../simulator/base/errors.ts";
import { strategyFromSource } from "../../../simulator/client/own-strategy.ts";
import { runJob } from "../../../simulator/experiment/job.ts";

const folder = mkdtempSync(join(tmpdir(), "meridian-strategy-"));
after(() => rmSync(folder, { recursive: true }));
const put = (name: string, text: string) => writeFileSync(join(folder, name), text);
mkdirSync(join(folder, "scenario"));

put(
  "scenario/mine.ts",
  `import { checkOptions, defineStrategy, type TargetView } from "meridian/strategies";
import { last } from "./last.ts";
const options = { wait: { type: "durationMs", default: 5, doc: "not used" }, only: { type: "target", doc: "a target" } } as const;
export const mine = defineStrategy({
  name: "mine", summary: "The last eligible target, or a given one.", options, signals: [],
  create(given, context) {
    const checked = checkOptions("mine", options, given, context);
    const only: number = checked.has("only") ? checked.target("only") : -1;
    return { choose: (_request, targets: TargetView) => (only >= 0 ? only : last(targets.eligible, targets.eligibleCount)) };
  },
});`,
);
put("scenario/last.ts", "export const last = (list: Int32Array, count: number): number => list[count - 1]!;");
put("outside.js", "export const strategy = {};");
put("scenario/broken.ts", "export const x = {\n  a: ;\n};");
put("scenario/package.ts", 'import "node:fs";\nimport left from "left-pad";\nexport const strategy = left;');

const scenario = (strategies: string) => `name: own
requests: 40
replications: 1
world:
  regions: [{ name: a }, { name: b }]
  models: { m: { id: anthropic.claude-3-haiku-20240307-v1:0, capacity: { kind: slots, servers: 4, service: { constant: 1s } } } }
  network: { roundTrips: none, jitter: none }
  prices: { book: none, overrides: [{ model: m, input: 1, output: 5 }] }
traffic: [{ class: all, arrivals: { poisson: 4/s }, tokens: { input: 10, output: 5 } }]
strategies: ${strategies}
`;
const prepare = (strategies: string) => prepareText(scenario(strategies), join(folder, "scenario", "s.yaml"));

async function problemsOf(run: () => Promise<unknown>): Promise<readonly string[]> {
  try {
    await run();
  } catch (error) {
    assert.ok(error instanceof MeridianError, String(error));
    return error.problems.map(({ code, where, what }) => `${code} ${where}: ${what}`);
  }
  return [];
}

describe("strategies of one's own", () => {
  it("run in a scenario, with what they import and with options in the scenario's notation", async () => {
    const given = "[{ file: ./mine.ts }, { name: first, file: mine.ts, options: { only: a, wait: 2s } }]";
    const { inputs } = await prepare(given);
    const [mine, first] = inputs.plan.strategies;
    assert.deepEqual([mine!.name, first!.name, first!.options], ["mine", "first", { only: "a", wait: 2_000 }]);
    assert.match(inputs.plan.notes[0]!, /mine.ts is code of your own, SHA-256 [0-9a-f]{16}/);
    const job = runJob(inputs, { replication: 0, strategyIndices: [0, 1] });
    let step = job.next();
    while (step.done !== true) step = job.next();
    const servedIn = step.value.stats.map(({ byRegion }) => byRegion.map((group) => group.fields[0]));
    assert.deepEqual(
      servedIn.map(([a, b]) => [a, b]),
      [
        [0, 40],
        [40, 0],
      ],
    );
  });

  it("are made again from their code alone, as a worker and k6 do", async () => {
    const { source } = await loadStrategyFile("scenario/mine.ts", folder);
    const definition = strategyFromSource(source, "mine.ts");
    assert.deepEqual([definition.name, Object.keys(definition.options)], ["mine", ["wait", "only"]]);
    assert.doesNotMatch(source, /^\s*(import|export)\b/m);
  });

  it("wrong options are named by their line in the scenario", async () => {
    const wrong = "\n  - file: ./mine.ts\n    options:\n      wait: soon\n      onnly: a";
    const file = join(folder, "scenario", "wrong.yaml");
    writeFileSync(file, scenario(wrong));
    const problems = await problemsOf(() => prepareExperiment(file, { overrides: [], strategies: [] }));
    assert.equal(problems.length, 2, problems.join("\n"));
    assert.ok(
      problems.some((each) => /STRATEGY_BAD_OPTION .*wrong.yaml:13 .*"soon" is not a duration/.test(each)),
      problems.join("\n"),
    );
    assert.ok(
      problems.some((each) => /STRATEGY_UNKNOWN_OPTION .*wrong.yaml:14 /.test(each)),
      problems.join("\n"),
    );
  });

  it("what create refuses stands at the option too", async () => {
    const [problem, ...more] = await problemsOf(() => prepare("[{ file: ./mine.ts, options: { only: mars } }]"));
    assert.match(problem!, /^STRATEGY_BAD_OPTION .*strategies\[0\]\.options\.only: there is no target "mars"/);
    assert.equal(more.length, 0);
  });

  it("a file that is not there, is elsewhere, or is no strategy is refused", async () => {
    const found = async (file: string) => (await problemsOf(() => prepare(`[{ file: ${file} }]`))).join("\n");
    assert.match(await found("./gone.ts"), /^STRATEGY_FILE_NOT_FOUND s?.*strategies\[0\]\.file/);
    assert.match(await found("../outside.js"), /^STRATEGY_FILE_OUTSIDE .*would be run/);
    assert.match(await found("./broken.ts"), /^STRATEGY_FILE_SYNTAX .*broken.ts:2: Unexpected/);
    assert.match(await found("./package.ts"), /STRATEGY_FILE_SYNTAX .*package.ts:2: Could not resolve "left-pad"/);
    assert.match(await found("./last.ts"), /^STRATEGY_FILE .*exports no strategy \(it exports last\)/);
  });
});
