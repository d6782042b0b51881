import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { prepareText } from "../../../scripts/io/experiment.ts";
import { predict, simulateOnce } from "../../../scripts/validation/predict.ts";

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

  it("share their requests and differ in luck", async () => {
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
