import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ScenarioInput } from "../../../simulator/scenario/schema.ts";
import { parseTarget } from "../../../simulator/scenario/targets.ts";
import { classInput, HAIKU, planOf, problemsOf, SONNET, scenarioInput } from "./base.ts";

const SLOTS = { kind: "slots", servers: 1 } as const;

const aws = (over: Partial<ScenarioInput["world"]>, models: ScenarioInput["world"]["models"]) =>
  scenarioInput({
    world: { regions: ["us-east-1", "us-west-2", "eu-west-1"], models, ...over } as ScenarioInput["world"],
    traffic: [classInput()],
  });
const sonnet = { s: { id: SONNET, capacity: SLOTS } };
const haiku = { h: { id: HAIKU, capacity: SLOTS } };

describe("targets, routes and endpoints", () => {
  it("every region's own endpoint unless targets are named", () => {
    const plan = planOf(aws({}, haiku));
    assert.deepEqual(
      plan.targets.map((target) => target.id),
      ["us-east-1", "us-west-2", "eu-west-1"],
    );
    plan.world.routes.forEach((route, t) => {
      assert.deepEqual(route!.destinations, [t]);
      assert.deepEqual(route!.hopMs, [0]);
    });
  });

  it("a profile: the source first, then the other members in the world, each with its hop and its bill", () => {
    const plan = planOf(aws({ targets: ["us-west-2/us"], profiles: { restrictToWorld: true } }, sonnet));
    const calledIds = [`us.${sonnet.s.id}`];
    assert.deepEqual(plan.targets, [{ id: "us-west-2/us", region: 1, route: "us", isAsync: false, calledIds }]);
    const [route] = plan.world.routes;
    const regionOf = (endpoint: number) => plan.regionNames[plan.world.endpoints[endpoint]!.region];
    assert.deepEqual(route!.destinations.map(regionOf), ["us-west-2", "us-east-1"]);
    assert.equal(route!.hopMs[0], 0);
    assert.ok(route!.hopMs[1]! > 30 && route!.hopMs[1]! < 120, `${route!.hopMs[1]} ms across the United States`);
    const placement = plan.money.placements[route!.placements[1]!]!;
    assert.equal(plan.money.schedule.keys[placement.sourceKey]!.region, "us-west-2");
    assert.equal(plan.money.schedule.keys[placement.destinationKey]!.region, "us-east-1");
    assert.equal(plan.money.placementRegion[route!.placements[1]!], 0);
  });

  it("tiers: as text or object, with the queue level that goes with them (batch has a queue of its own)", () => {
    const targets = [
      "us-east-1",
      "us-east-1@priority",
      "us-east-1@flex",
      { region: "us-west-2", tier: "batch", id: "slow" },
    ];
    const plan = planOf(
      aws(
        {
          targets: targets as ScenarioInput["world"]["targets"],
          prices: {
            book: "none",
            overrides: [
              { model: "h", input: 1, output: 1 },
              ...["priority", "flex", "batch"].map((tier) => ({ model: "h", tier, input: 1, output: 1 })),
            ],
          } as ScenarioInput["world"]["prices"],
        },
        haiku,
      ),
    );
    assert.deepEqual(
      plan.targets.map((target) => target.id),
      ["us-east-1", "us-east-1@priority", "us-east-1@flex", "slow"],
    );
    assert.deepEqual(
      plan.world.routes.map((route) => route!.queueLevel),
      [1, 0, 2, 1],
    );
    const [problem] = problemsOf(aws({ targets: ["us-east-1@gold"] }, haiku));
    assert.equal(problem!.code, "TIER_UNKNOWN");
  });

  it("capacity, cache and models by region", () => {
    const models = {
      h: {
        id: HAIKU,
        capacity: SLOTS,
        capacityIn: { "eu-west-1": { kind: "slots", servers: 9 } },
        regions: ["us-east-1", "eu-west-1"],
        cache: { ttl: "1h", minimumTokens: 2048 },
        errors: "1%",
      },
    } as const;
    const plan = planOf(aws({}, models as unknown as ScenarioInput["world"]["models"]));
    assert.deepEqual(
      plan.world.endpoints.map(({ id, capacity }) => [id, capacity.kind === "slots" && capacity.servers]),
      [
        ["us-east-1/h", 1],
        ["eu-west-1/h", 9],
      ],
    );
    const [endpoint] = plan.world.endpoints;
    assert.deepEqual(
      [endpoint!.cacheTtlMs, endpoint!.cacheMinimumTokens, endpoint!.errorShare],
      [3_600_000, 2048, 0.01],
    );
    // us-west-2 does not run it, so it is no target; named as one, it is a mistake.
    assert.deepEqual(
      plan.targets.map((target) => target.id),
      ["us-east-1", "eu-west-1"],
    );
    const [problem] = problemsOf(
      aws({ targets: ["us-west-2"] }, models as unknown as ScenarioInput["world"]["models"]),
    );
    assert.equal(`${problem!.code} ${problem!.where}`, "TARGET_SELLS_NOTHING world.targets[0]");
  });

  it("a model that is sold only through profiles cannot be called in a region; the fix names its profiles", () => {
    const problem = problemsOf(aws({}, sonnet)).find((each) => each.code === "MODEL_ONLY_THROUGH_PROFILES");
    assert.match(problem!.fix!, /us-east-1\/(us|global)/);
  });

  it("a profile that does not exist for the model or the region", () => {
    const problems = problemsOf(aws({ targets: ["us-east-1/eu"] }, sonnet));
    assert.equal(problems.length, 1);
    assert.equal(problems[0]!.where, "world.targets[0]");
  });

  it("models sold through different routes share a list of targets: each has those that sell it", () => {
    const profiles = { restrictToWorld: true };
    const world = aws({ targets: ["eu-west-1/eu", "us-east-1"], profiles }, { ...sonnet, ...haiku });
    const traffic = [classInput({ class: "new", model: "s" }), classInput({ class: "old", model: "h" })];
    const plan = planOf({ ...world, traffic });
    assert.deepEqual(
      plan.classes.map((each) => [...each.legal]),
      [
        [1, 0],
        [0, 1],
      ],
    );
  });
});

it("a target as text: region, route and tier, each with what is usual", () => {
  const texts = ["a", "a/us", "a@flex", "a/my-profile@reserved", "a/b/provisioned"];
  assert.deepEqual(
    texts.map((text) => Object.values(parseTarget(text)).join(" ")),
    ["a regional standard", "a us standard", "a regional flex", "a my-profile reserved", "a b/provisioned standard"],
  );
});
