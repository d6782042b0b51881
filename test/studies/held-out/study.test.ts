import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { prepareText } from "../../../scripts/io/experiment.ts";
import { recordSchedule } from "../../../simulator/bench/make-plan.ts";
import { CALIBRATION, CONDITIONS, HELD_OUT, prepareCondition } from "../../../studies/held-out/conditions.ts";
import { checkStudy, readResults, studyPart, studyTables } from "../../../studies/held-out/report.ts";
import { KEPT_FOLDER, readMeasured, worldFolder } from "../../../studies/held-out/runs.ts";
import { deriveCase, measuredFigures, predict, simulateOnce } from "../../../studies/held-out/study.ts";
import { WORLDS, worldNamed } from "../../../studies/held-out/worlds.ts";

describe("the study that is kept", () => {
  it("has its tables on the page, over at least ten held-out cases", async () => {
    const results = await readResults(KEPT_FOLDER);
    const page = readFileSync(join(import.meta.dirname, "../../../docs/held-out.md"), "utf8");
    assert.equal(studyPart(page), studyTables(results), "npm run study -- --write");
    assert.equal(results.length, WORLDS.length * CONDITIONS.length);
    assert.ok(results.filter(({ condition }) => condition !== CALIBRATION.name).length >= 10);
  });

  it("derives a case anew to the figures that are kept", async () => {
    const world = worldNamed("steps")!;
    const naive = await measuredFigures(KEPT_FOLDER, world, CALIBRATION);
    const derived = await deriveCase(KEPT_FOLDER, world, HELD_OUT[0]!, naive);
    const said: string[] = [];
    const isAsKept = await checkStudy([derived], KEPT_FOLDER, (line) => said.push(line));
    assert.ok(isAsKept, `${said.join("\n")}\nnpm run study -- --write, if the change is meant`);
    const other = { ...derived, predicted: { ...derived.predicted, e2eMsP95: derived.predicted.e2eMsP95 + 1 } };
    assert.equal(await checkStudy([other], KEPT_FOLDER, () => {}), false, "a figure that differs is seen");
  });

  for (const { name } of WORLDS) {
    it(`${name}: was measured with the requests that its scenario still makes, in time`, async () => {
      for (const condition of CONDITIONS) {
        const own = await worldFolder(KEPT_FOLDER, name);
        const { schedule, facts, requests } = await readMeasured(join(own, condition.name));
        const made = recordSchedule((await prepareCondition(name, condition)).inputs.plan);
        assert.equal(requests.length, made.length);
        made.forEach((row, i) => {
          assert.ok(Math.abs(row[0] - schedule[i]![0]) < 0.001);
          assert.deepEqual(row.slice(1), schedule[i]!.slice(1));
        });
        assert.ok(facts.k6 !== null && facts.lagMsP99! <= 10 && facts.serverLateMsP99! <= 10);
      }
    });
  }
});

const scenario = (capacity: string) => `
name: predict
seed: 5
duration: 10m
replications: 1
world:
  regions: [us-east-1, eu-west-1]
  models: { m: { id: amazon.nova-pro-v1:0, onDemand: true, capacity: ${capacity} } }
  network: { roundTrips: none, jitter: none, overrides: [{ from: "*", to: eu-west-1, rtt: 80ms }] }
traffic:
  - { class: chat, arrivals: { poisson: 10/s }, tokens: { input: 100, output: 11, maxTokens: 100 }, origin: us-east-1 }
strategies: [round-robin]
`;

const planOf = async (capacity: string) => (await prepareText(scenario(capacity), "predict.yaml")).inputs.plan;

describe("predictions of the study", () => {
  it("are what callers see: the round trip, the first token, the split", async () => {
    const plan = await planOf("{ kind: slots, servers: unlimited, service: 400ms, perOutputToken: 20ms }");
    const figures = predict(plan, 2);
    // 400 + 11 x 20; the first token 200 before the end; a round trip of 80 ms for one half.
    assert.ok(Math.abs(figures.e2eMsP95 - 700) < 1e-6 && Math.abs(figures.ttftMsP95 - 500) < 1e-6);
    assert.ok(Math.abs(figures.firstTargetShare - 0.5) < 0.001);
    assert.deepEqual([figures.throttledShare, figures.servedShare], [0, 1]);
  });

  it("share their requests and differ in noise draws", async () => {
    const plan = await planOf("{ kind: slots, servers: unlimited, service: { exponential: { mean: 500ms } } }");
    const [one, other] = [simulateOnce(plan, 0), simulateOnce(plan, 1)];
    assert.deepEqual(
      one.served.map(({ arrivalMs }) => arrivalMs),
      other.served.map(({ arrivalMs }) => arrivalMs),
    );
    assert.notDeepEqual(one.served, other.served);
    // Exponential service without queues: p95 is mean x ln 20, and half of the calls travel 80 ms.
    const { e2eMsP95 } = predict(plan, 10);
    assert.ok(Math.abs(e2eMsP95 - (500 * Math.log(20) + 40)) < 25, `${e2eMsP95}`);
  });
});
