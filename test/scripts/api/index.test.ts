import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { startFleet } from "../../../scripts/api/emulator.ts";
import { check, loadScenario, MeridianError, simulate } from "../../../scripts/api/index.ts";
import { TINY } from "../run-meridian.ts";

const codeOf = (code: string) => (error: unknown) =>
  error instanceof MeridianError && error.problems.some((problem) => problem.code === code);

describe("loadScenario and check", () => {
  it("give a scenario that can run, from a file or from text", async () => {
    const scenario = await loadScenario(TINY, { set: ["replications=4"] });
    assert.deepEqual([scenario.name, scenario.plan.replications, scenario.file], ["tiny", 4, TINY]);
    assert.match(scenario.summary, /^2 strategies, 2 regions/);
    const again = await loadScenario({ text: scenario.yaml, file: TINY });
    assert.deepEqual(again.plan, scenario.plan);
    assert.deepEqual(await check(TINY), { problems: [], notes: scenario.notes });
  });

  it("tell every problem, thrown or as data", async () => {
    const { problems } = await check({ text: "name: x\nseeed: 1\n" });
    assert.ok(problems.length >= 3, "an unknown key and missing ones");
    assert.match(problems.find(({ code }) => code === "SCENARIO_UNKNOWN_KEY")?.where ?? "", /^scenario\.yaml:2/);
    await assert.rejects(loadScenario({ text: "name: x\nseeed: 1\n" }), codeOf("SCENARIO_UNKNOWN_KEY"));
    assert.deepEqual(
      (await check("nowhere.yaml")).problems.map(({ code }) => code),
      ["SCENARIO_NOT_FOUND"],
    );
  });
});

describe("simulate", () => {
  it("runs on any number of workers with one result, and tells how far it is", async () => {
    const scenario = await loadScenario(TINY);
    const shares: number[] = [];
    const one = await simulate(scenario, { workers: 1, onProgress: (share) => shares.push(share) });
    assert.deepEqual(await simulate(scenario, { workers: 2 }), one);
    assert.equal(shares.at(-1), 1);
    assert.ok(shares.every((share, i) => share >= (shares[i - 1] ?? 0) && share <= 1));
  });

  it("runs only the strategies that are asked for", async () => {
    const scenario = await loadScenario(TINY);
    const [first] = scenario.plan.strategies;
    const result = await simulate(scenario, { strategies: [first!.name] });
    assert.deepEqual(
      result.strategies.map(({ name }) => name),
      [first!.name],
    );
    await assert.rejects(simulate(scenario, { strategies: ["none"] }), codeOf("STRATEGY_NOT_IN_SCENARIO"));
  });

  it("stops when its signal fires", async () => {
    const stop = new AbortController();
    const scenario = await loadScenario(TINY, { set: ["requests=5M"] });
    const run = simulate(scenario, { signal: stop.signal });
    setTimeout(() => stop.abort(), 300);
    await assert.rejects(run, codeOf("INTERRUPTED"));
  });
});

describe("startFleet", () => {
  it("takes a file, a text, a scenario or its plan", async () => {
    const scenario = await loadScenario(TINY);
    for (const given of [TINY, { text: scenario.yaml }, scenario, scenario.plan]) {
      const fleet = await startFleet({ scenario: given });
      try {
        assert.deepEqual(
          fleet.endpoints.map(({ region }) => region),
          scenario.plan.regionNames,
        );
      } finally {
        await fleet.close(0);
      }
    }
  });

  it("needs no scenario, and tells what is wrong with one", async () => {
    const fleet = await startFleet({ regions: ["us-east-1"] });
    assert.equal(fleet.endpoints.length, 1);
    await fleet.close(0);
    await assert.rejects(startFleet({ scenario: { text: "name: x" } }), codeOf("SCENARIO_MISSING_KEY"));
  });
});
