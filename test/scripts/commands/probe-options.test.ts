import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Command } from "commander";
import type { CommonOptions } from "../../../scripts/commands/command.ts";
import { addProbePaceOptions, addProbeTargetOptions, probeSettings } from "../../../scripts/commands/probe-options.ts";

function parsed(args: readonly string[]): CommonOptions {
  const command = new Command().exitOverride().configureOutput({ outputError: () => {} });
  addProbeTargetOptions(command);
  addProbePaceOptions(command);
  return command.parse(args, { from: "user" }).opts();
}

describe("options of a probe", () => {
  it("have the defaults that the help names", () => {
    const { count, interval, timeout, limit, inputTokens, outputTokens } = parsed([]);
    assert.deepEqual([count, interval, timeout, limit], [20, 2000, 60_000, 1_800_000]);
    assert.deepEqual([inputTokens, outputTokens], [500, 100]);
  });

  it("take lists, prices and amounts", () => {
    const options = parsed("--region a b --model x y --price 3,15 --budget-usd 0.5 --allow-host h".split(" "));
    const settings = probeSettings(undefined, options);
    assert.deepEqual(
      [settings.regions, settings.models],
      [
        ["a", "b"],
        ["x", "y"],
      ],
    );
    assert.deepEqual(settings.prices, { input: 3, output: 15 });
    assert.equal(options.budgetUsd, 0.5);
  });

  it("say what is wrong with a value", () => {
    for (const [option, value, words] of [
      ["--interval", "2", /It must be a time/],
      ["--interval", "40d", /It must be a time/],
      ["--count", "0", /1 or more/],
      ["--count", "5000", /at most 1000/],
      ["--price", "3", /two prices/],
      ["--price", "3,x", /two prices/],
      ["--budget-usd", "free", /amount in USD/],
    ] as const) {
      assert.throws(() => parsed([option, value]), words, `${option} ${value}`);
    }
    assert.throws(() => parsed("--endpoint-url http://127.0.0.1 --endpoints a.yaml".split(" ")), /cannot be used with/);
  });
});
