import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Command } from "commander";
import { auditCommand } from "../../../scripts/commands/audit.ts";
import { benchCommand } from "../../../scripts/commands/bench.ts";
import { billCommand } from "../../../scripts/commands/bill.ts";
import { calibrateCommand } from "../../../scripts/commands/calibrate.ts";
import { checkCommand } from "../../../scripts/commands/check.ts";
import { claimsCommand } from "../../../scripts/commands/claims.ts";
import { type CommandDefinition, jsonDocument } from "../../../scripts/commands/command.ts";
import { compareCommand } from "../../../scripts/commands/compare.ts";
import { conformanceCommand } from "../../../scripts/commands/conformance.ts";
import { doctorCommand } from "../../../scripts/commands/doctor.ts";
import { emulateCommand } from "../../../scripts/commands/emulate.ts";
import { importCommand } from "../../../scripts/commands/import.ts";
import { commands } from "../../../scripts/commands/index.ts";
import { initCommand } from "../../../scripts/commands/init.ts";
import { listCommand } from "../../../scripts/commands/list.ts";
import { planCommand } from "../../../scripts/commands/plan.ts";
import { pricesCommand } from "../../../scripts/commands/prices.ts";
import { probeCommand } from "../../../scripts/commands/probe.ts";
import { projectCommand } from "../../../scripts/commands/project.ts";
import { reportCommand } from "../../../scripts/commands/report.ts";
import { runsCommand } from "../../../scripts/commands/runs.ts";
import { schemaCommand } from "../../../scripts/commands/schema.ts";
import { shardCommand } from "../../../scripts/commands/shard.ts";
import { simulateCommand } from "../../../scripts/commands/simulate.ts";
import { sqlCommand } from "../../../scripts/commands/sql.ts";
import { statsCommand } from "../../../scripts/commands/stats.ts";
import { strategyCommand } from "../../../scripts/commands/strategy.ts";
import { sweepCommand } from "../../../scripts/commands/sweep.ts";
import { trafficCommand } from "../../../scripts/commands/traffic.ts";
import { validateCommand } from "../../../scripts/commands/validate.ts";
import { viewCommand } from "../../../scripts/commands/view.ts";
import { workerCommand } from "../../../scripts/commands/worker.ts";

const DEFINITIONS: Readonly<Record<string, CommandDefinition>> = {
  init: initCommand,
  simulate: simulateCommand,
  sweep: sweepCommand,
  plan: planCommand,
  shard: shardCommand,
  worker: workerCommand,
  bench: benchCommand,
  validate: validateCommand,
  calibrate: calibrateCommand,
  traffic: trafficCommand,
  import: importCommand,
  bill: billCommand,
  project: projectCommand,
  prices: pricesCommand,
  claims: claimsCommand,
  check: checkCommand,
  audit: auditCommand,
  report: reportCommand,
  compare: compareCommand,
  runs: runsCommand,
  sql: sqlCommand,
  view: viewCommand,
  stats: statsCommand,
  emulate: emulateCommand,
  probe: probeCommand,
  list: listCommand,
  conformance: conformanceCommand,
  strategy: strategyCommand,
  schema: schemaCommand,
  doctor: doctorCommand,
};

/** Words of an example, quotes removed; what follows a pipe is another program's. */
function wordsOf(example: string): readonly string[] {
  const words = [...example.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map((match) => match[1] ?? match[2] ?? match[3]!);
  const pipe = words.indexOf("|");
  return pipe < 0 ? words : words.slice(0, pipe);
}

describe("the registry of commands", () => {
  it("loads each verb's own definition", async () => {
    assert.deepEqual(
      commands.map(({ name }) => name),
      Object.keys(DEFINITIONS),
    );
    for (const { name, load } of commands) assert.equal(await load(), DEFINITIONS[name], name);
  });

  for (const { name, summary } of commands) {
    it(`${name} says what it does, with examples that its options understand`, () => {
      const { examples, configure } = DEFINITIONS[name]!;
      assert.match(summary, /^[A-Z].*[.?]$/);
      assert.ok(examples.length > 0);
      for (const [example] of examples) {
        const [meridian, verb, ...args] = wordsOf(example);
        assert.deepEqual([meridian, verb], ["meridian", name], example);
        const command = new Command(name).exitOverride().configureOutput({ outputError: () => {} });
        configure(command);
        command.option("--json").option("-q, --quiet");
        assert.doesNotThrow(() => command.parse(args, { from: "user" }), example);
      }
    });
  }

  it("has one envelope for documents", () => {
    assert.deepEqual(JSON.parse(jsonDocument("list", { entries: [] })), {
      schemaVersion: 1,
      kind: "list",
      entries: [],
    });
  });
});
