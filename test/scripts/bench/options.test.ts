import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Command } from "commander";
import { addBenchOptions, benchOverrides } from "../../../scripts/bench/options.ts";
import type { CommonOptions } from "../../../scripts/commands/command.ts";

function parsed(...args: readonly string[]): CommonOptions {
  const command = new Command("bench").exitOverride().configureOutput({ outputError: () => {} });
  addBenchOptions(command);
  return command.parse(["a.yaml", ...args], { from: "user" }).opts();
}

describe("options of a bench", () => {
  it("spend nothing unless they say so", () => {
    const { target, spendRealMoney, budgetUsd, confirm, dryRun } = parsed();
    assert.deepEqual([target, spendRealMoney, budgetUsd, confirm, dryRun], ["emulator", ...Array(4).fill(undefined)]);
  });

  it("take amounts, counts and times as numbers, and refuse what is none", () => {
    const { budgetUsd, maxRequests, maxRate, drain } = parsed(
      ...["--budget-usd", "0.5", "--max-requests", "500", "--max-rate", "9", "--drain", "90s"],
    );
    assert.deepEqual([budgetUsd, maxRequests, maxRate, drain], [0.5, 500, 9, 90_000]);
    for (const amount of ["0", "-1", "", "5USD", "Infinity", "NaN"]) {
      assert.throws(() => parsed("--budget-usd", amount), /It must be an amount of USD/, amount);
    }
    assert.throws(() => parsed("--max-requests", "0"));
    assert.throws(() => parsed("--duration", "soon"), /It must be a time/);
  });

  it("make one replication of the part of the scenario that was asked for", () => {
    const paths = (...args: readonly string[]) => benchOverrides(parsed(...args)).map(({ path }) => path.join("."));
    assert.deepEqual(paths(), ["replications"]);
    assert.deepEqual(paths("--duration", "1m"), ["replications", "duration", "requests"]);
  });
});
