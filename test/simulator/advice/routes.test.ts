import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { loadReference } from "../../../scripts/io/reference.ts";
import { busiestWindow, demandOf } from "../../../simulator/advice/demand.ts";
import { candidateTargets, distinctOptions, routeOptions } from "../../../simulator/advice/routes.ts";
import { NOVA, SONNET, worldPlan } from "./worlds.ts";

const { profiles } = await loadReference();

describe("ways to route", () => {
  const targets = ["us-east-1", "eu-central-1", "eu-west-1", "eu-west-1/eu", "us-east-1@batch"];
  const plan = worldPlan(NOVA, targets, [{ residency: "eu" }, { deferrable: true, origin: "us-east-1" }]);
  const of = (name: string) => routeOptions(plan).find((option) => option.name === name);

  it("go from each class's own region, the nearest first, inside its residency rule", () => {
    assert.deepEqual(of("one region")!.targets, { c0: ["eu-west-1"], c1: ["us-east-1"] });
    assert.deepEqual(of("2 regions")!.targets, { c0: ["eu-west-1", "eu-central-1"], c1: ["us-east-1", "eu-west-1"] });
    assert.deepEqual(of("3 regions")!.targets.c0, ["eu-west-1", "eu-central-1"]);
  });

  it("name the classes that cannot take them, and why", () => {
    assert.deepEqual(of("batch")!.targets, { c0: ["eu-west-1"], c1: ["us-east-1@batch", "us-east-1"] });
    assert.deepEqual(of("batch")!.left, [{ name: "c0", reason: "its callers wait for it (deferrable is not set)" }]);
    assert.equal(of("global profile"), undefined);
  });

  it("are run once where two of them route alike", () => {
    const runAs = distinctOptions(routeOptions(plan));
    assert.equal(runAs.get("1 region")!.name, "one region");
    assert.equal(runAs.get("2 regions")!.name, "2 regions");
  });

  it("candidates are the regions' own endpoints, the profiles of the models there, and batch through each", () => {
    const found = candidateTargets(worldPlan(SONNET, ["eu-west-1/eu"], [{}]), profiles);
    for (const id of ["us-east-1/us", "us-east-1/global", "eu-west-1/global@batch", "eu-west-1/eu@batch", "eu-west-1"])
      assert.ok(found.includes(id), id);
    assert.ok(!found.includes("eu-west-1/eu") && !found.includes("us-east-1/eu"));
  });
});

describe("what traffic asks for", () => {
  it("counts calls and tokens by minute and hour", () => {
    const demand = demandOf(
      worldPlan(NOVA, ["eu-west-1"], [{}, { tokens: { input: 10, output: 900, maxTokens: 256 } }]),
    );
    const [first, second] = demand.byClass;
    assert.deepEqual([demand.minutes, demand.callsByHour.length, demand.fromMinute], [60, 1, 0]);
    assert.deepEqual([first!.input[7], first!.output[7]], [60 * 400, 60 * 60]);
    // An answer ends at max_tokens.
    assert.equal(second!.output[7], 60 * 256);
  });

  it("finds the longest stretch around the busiest hour that a budget allows", () => {
    const hours = Float64Array.of(1, 5, 9, 4, 8);
    assert.deepEqual(busiestWindow(hours, 5), { fromHour: 2, hours: 1, calls: 9 });
    assert.deepEqual(busiestWindow(hours, 18), { fromHour: 1, hours: 3, calls: 18 });
    assert.deepEqual(busiestWindow(hours, 99), { fromHour: 0, hours: 5, calls: 27 });
  });
});
