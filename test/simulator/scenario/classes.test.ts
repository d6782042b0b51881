import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { regionDirectory } from "../../../simulator/base/regions.ts";
import { originsOf } from "../../../simulator/scenario/classes.ts";
import { Problems } from "../../../simulator/scenario/problems.ts";
import { type ScenarioInput, scenarioSchema } from "../../../simulator/scenario/schema.ts";
import { classInput, HAIKU, planOf, problemsOf, SONNET, scenarioInput, worldInput } from "./base.ts";

const SLOTS = { kind: "slots", servers: 1 } as const;
const aws = (over: Partial<ScenarioInput["world"]>, traffic: ScenarioInput["traffic"]) =>
  scenarioInput({
    world: {
      regions: ["us-east-1", "eu-west-1", "eu-central-1"],
      models: { h: { id: HAIKU, capacity: SLOTS } },
      ...over,
    } as ScenarioInput["world"],
    traffic,
  });

describe("classes", () => {
  it("residency: which targets are legal, and where it may run", () => {
    const plan = planOf(aws({}, [classInput({ residency: "eu" }), classInput({ class: "free" })]));
    assert.deepEqual([...plan.classes[0]!.legal], [0, 1, 1]);
    assert.deepEqual([...plan.classes[0]!.allowedRegions], [0, 1, 1]);
    assert.deepEqual([...plan.classes[1]!.legal], [1, 1, 1]);
    assert.equal(plan.classes[0]!.residency, "eu");
    assert.equal(plan.classes[1]!.residency, null);
  });

  it("load is on the arrivals of every class, on top of their own scale", () => {
    const traffic = [
      classInput({ class: "a", arrivals: { poisson: "4/s", scale: 3 } }),
      classInput({ class: "b", arrivals: { renewal: { interarrival: "2s" } } }),
    ];
    const plan = planOf(scenarioInput({ load: 0.5, traffic }));
    assert.deepEqual(
      plan.traffic.map(({ arrivals }) =>
        "ratePerS" in arrivals ? arrivals.ratePerS : "scale" in arrivals && arrivals.scale,
      ),
      [6, 0.5],
    );
    assert.match(String(scenarioSchema.safeParse(scenarioInput({ load: 0 })).error), /between 0.001 and 10000/);
  });

  it("a class that no target may serve is a problem, not a run of refusals", () => {
    const problems = problemsOf(aws({ regions: ["us-east-1"] }, [classInput({ residency: "eu" })]));
    assert.equal(problems.length, 1);
    assert.match(problems[0]!.where!, /^traffic\[0\]/);
  });

  it("a class whose model no target sells", () => {
    const models = { h: { id: HAIKU, capacity: SLOTS }, s: { id: SONNET, capacity: SLOTS } };
    const traffic = [classInput({ model: "h" }), classInput({ class: "two", model: "s" })];
    const targets = ["us-east-1/us"];
    const problems = problemsOf(aws({ models, targets }, traffic));
    assert.ok(problems.length > 0);
    assert.ok(problems.every((problem) => /traffic|world/.test(problem.where!)));
  });

  it("a class may be kept to some of the targets; a name that is none is a problem", () => {
    const plan = planOf(aws({}, [classInput({ targets: ["eu-west-1"] }), classInput({ class: "free" })]));
    assert.deepEqual(
      plan.classes.map((each) => [...each.legal]),
      [
        [0, 1, 0],
        [1, 1, 1],
      ],
    );
    const [unknown] = problemsOf(aws({}, [classInput({ targets: ["eu-west-2"] })]));
    assert.equal(`${unknown!.code} ${unknown!.where}`, "TARGET_UNKNOWN traffic[0].targets");
    const [nowhere] = problemsOf(aws({}, [classInput({ targets: ["us-east-1"], residency: "eu" })]));
    assert.match(nowhere!.what, /not among the targets of the class/);
  });

  it("an objective may ask for a share of its own, of a limit that is there", () => {
    const shareOf = (slo: object) => planOf(aws({}, [classInput({ slo })])).classes[0]!.sloShare;
    assert.equal(shareOf({ e2e: "20s", share: "90%" }), 0.9);
    assert.equal(shareOf({ ttft: "2s", share: 0.995 }), 0.995);
    assert.equal(shareOf({ e2e: "20s" }), null);
    const wrong = (slo: object) =>
      scenarioSchema
        .safeParse(aws({}, [classInput({ slo })]))
        .error!.issues.map(({ path, message }) => [path.join("."), message]);
    assert.deepEqual(wrong({ share: "90%" }), [
      ["traffic.0.slo.share", "a share of what? write the limit beside it, like e2e: 20s"],
    ]);
    for (const share of [0, 1, 95, "100%"]) {
      assert.match(wrong({ e2e: "20s", share })[0]![1]!, /more than 0 and less than 100%/);
    }
  });

  it("the clock of callers is their own: shapes begin at their midnight, those of a week at Monday's", () => {
    const shifts = (start: string, utcOffset: string) =>
      planOf(
        scenarioInput({ start, world: worldInput({ regions: [{ name: "a", utcOffset }] }) }),
      ).traffic[0]!.originShares.map(({ shapeShiftMs, utcShiftMs }) =>
        [shapeShiftMs, utcShiftMs!].map((ms) => ms / 3_600_000),
      )[0];
    // 4 May 2026 is a Monday: in Tokyo it is nine hours old already, and six days and 15 hours are left of the week.
    const days = (count: number) => 24 * count;
    assert.deepEqual(shifts("2026-05-04T00:00:00Z", "UTC"), [0, 0]);
    assert.deepEqual(shifts("2026-05-04T00:00:00Z", "+09:00"), [days(6) + 15, 0]);
    assert.deepEqual(shifts("2026-05-04T00:00:00Z", "-08:00"), [8, 0]);
    assert.deepEqual(shifts("2026-05-04T21:30:00Z", "+01:00"), [days(6) + 1.5, days(6) + 2.5]);
    assert.deepEqual(shifts("2026-05-09T00:00:00Z", "UTC"), [days(2), days(2)]);
  });

  it("origins: each once, in order; the first region unless given", () => {
    const scenario = scenarioSchema.parse(
      scenarioInput({
        traffic: [
          classInput({ origin: { b: 1, x: 2 } }),
          classInput({ class: "c", origin: "x" }),
          classInput({ class: "d" }),
        ],
      }),
    );
    const problems = new Problems();
    const directory = regionDirectory([]);
    const regionNames = ["a", "b"];
    const question = { classes: scenario.traffic, regionNames, directory, problems };
    const origins = { x: { near: undefined } };
    assert.deepEqual(originsOf({ ...question, origins }), ["b", "x", "a"]);
    assert.deepEqual(problems.list, []);
    originsOf({ ...question, origins: {} });
    assert.deepEqual(
      problems.list.map(({ where }) => where),
      ["traffic[0].origin", "traffic[1].origin"],
    );
  });
});
