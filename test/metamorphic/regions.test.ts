import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { RunResult, StrategyResult } from "../../simulator/experiment/result.ts";
import type { ScenarioInput } from "../../simulator/scenario/schema.ts";
import { runScenario } from "../../studies/oracles/ask.ts";
import { type Capacity, smallScenario } from "../../studies/oracles/oracle.ts";

const UNCAPPED: Capacity = { kind: "slots", servers: "unlimited", service: { lognormal: { mean: "2s", cv: 1 } } };
const PRICED = { book: "none", overrides: [{ model: "m", input: 3, output: 15 }] } as const;

describe("splitting a region without limits in two, half the weight each", () => {
  it("changes neither latency nor cost", async () => {
    const run = (regions: Readonly<Record<string, Capacity>>, weights: Readonly<Record<string, number>>) =>
      runScenario({
        name: "split",
        requests: 20_000,
        replications: 2,
        ...smallScenario({
          arrivals: { poisson: "20/s" },
          regions,
          prices: { ...PRICED, overrides: [...PRICED.overrides] },
          tokens: { input: 500, output: { lognormal: { mean: 200, cv: 1 } }, maxTokens: 4000 },
          strategy: { weighted: { weights } },
        }),
      });
    const whole = (await run({ a: UNCAPPED }, { a: 1 })).strategies[0]!;
    const split = (await run({ a: UNCAPPED, b: UNCAPPED }, { a: 0.5, b: 0.5 })).strategies[0]!;
    // Draws belong to the request, not to the region, so this is equality without noise.
    near(split.total.e2eMs.mean.value!, whole.total.e2eMs.mean.value!);
    assert.equal(split.total.e2eMs.p95.value, whole.total.e2eMs.p95.value);
    assert.equal(split.total.e2eMs.max, whole.total.e2eMs.max);
    assert.deepEqual(
      split.replications.map((each) => each.billUsd),
      whole.replications.map((each) => each.billUsd),
    );
    for (const region of split.byRegion) near(region.trafficShare.value!, 0.5, 0.02);
  });
});

/** Three regions of different size and price, named as given, declared in the order given. */
function threeRegions(names: readonly [string, string, string], order: readonly number[] = [0, 1, 2]): ScenarioInput {
  const capacity = (servers: number): Capacity => ({
    kind: "slots",
    servers,
    service: { exponential: { mean: "1s" } },
    waitingRoom: 5,
  });
  const sizes = [3, 5, 8];
  const prices = [4, 3, 5];
  return {
    name: "names",
    requests: 10_000,
    replications: 2,
    ...smallScenario({
      arrivals: { poisson: "9/s" },
      regions: Object.fromEntries(order.map((i) => [names[i]!, capacity(sizes[i]!)])),
      prices: {
        book: "none",
        overrides: names.map((region, i) => ({ model: "m", region, input: prices[i]!, output: prices[i]! })),
      },
      client: { retry: { custom: { on: ["unavailable"], maxAttempts: 3, backoff: "0s" } } },
    }),
    strategies: [{ priority: { targets: [...names], cooldown: "2s" } }, "cheapest", { single: { target: names[2] } }],
  };
}

describe("names of regions", () => {
  it("other names give the same result", async () => {
    const one = JSON.stringify(await runScenario(threeRegions(["north", "south", "east"])));
    const other = JSON.stringify(await runScenario(threeRegions(["zebra", "antelope", "mouse"])));
    const renamed = one.replaceAll("north", "zebra").replaceAll("south", "antelope").replaceAll("east", "mouse");
    // "least" and the like would be renamed too: such words must not be in the result.
    assert.equal(renamed, other);
  });

  it("the order in which regions are declared does not matter to strategies that do not go by it", async () => {
    const names = ["north", "south", "west"] as const;
    const one = await runScenario(threeRegions(names));
    const other = await runScenario(threeRegions(names, [2, 0, 1]));
    for (const [i, strategy] of one.strategies.entries()) sameFigures(strategy, other.strategies[i]!);
  });
});

function sameFigures(a: StrategyResult, b: StrategyResult): void {
  assert.equal(a.name, b.name);
  assert.deepEqual(a.total.counts, b.total.counts);
  near(a.total.e2eMs.mean.value!, b.total.e2eMs.mean.value!);
  assert.equal(a.total.e2eMs.p95.value, b.total.e2eMs.p95.value);
  assert.deepEqual(
    a.replications.map((each) => each.billUsd),
    b.replications.map((each) => each.billUsd),
  );
  for (const region of a.byRegion) {
    const same = b.byRegion.find((each) => each.name === region.name)!;
    assert.deepEqual(same.counts, region.counts);
  }
}

function near(got: number, expected: number, relative = 1e-9): void {
  assert.ok(Math.abs(got / expected - 1) <= relative, `${got} is not ${expected}`);
}

describe("what is not there changes nothing", () => {
  const scenario = (strategies: ScenarioInput["strategies"]): ScenarioInput => ({
    ...threeRegions(["north", "south", "west"]),
    strategies,
    baseline: "single",
  });
  const single = { single: { target: "north" } };
  const section = (result: RunResult, name: string) =>
    JSON.stringify(result.strategies.find((each) => each.name === name));

  it("adding strategies changes no byte of the others' sections", async () => {
    const few = await runScenario(scenario([single, "least-outstanding"]));
    const many = await runScenario(
      scenario(["power-of-two", single, "round-robin", { weighted: {} }, "least-outstanding", "cheapest"]),
    );
    for (const name of ["single", "least-outstanding"]) assert.equal(section(many, name), section(few, name));
  });
});
