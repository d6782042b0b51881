import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { endpointsSchema, endpointWay, strayProblems } from "../../../scripts/bench/connection.ts";
import type { PlannedCall } from "../../../simulator/bench/make-plan.ts";

const call: PlannedCall = {
  target: "us-east-1/nova",
  region: "us-east-1",
  model: "nova",
  modelId: "amazon.nova-pro-v1:0",
  calledId: "amazon.nova-pro-v1:0",
  tier: "standard",
};
const context = (over: Partial<PlannedCall> = {}) => ({ where: "endpoints.us-east-1", calls: [{ ...call, ...over }] });
const codes = (problems: readonly { readonly code: string }[]) => problems.map(({ code }) => code);

describe("how an endpoint is called", () => {
  it("is what its file says of it, else what the file says of all", () => {
    const common = { api: "openai", keyFrom: "A_KEY", models: { nova: "nova-all" } } as const;
    const own = { models: { nova: "nova-here" }, temperature: 0.5 } as const;
    const { way, problems } = endpointWay(common, own, context());
    assert.deepEqual(problems, []);
    assert.equal(way.api, "openai");
    assert.deepEqual(way.auth, { kind: "api-key", variable: "A_KEY" });
    assert.deepEqual(way.models, { nova: "nova-here" });
    assert.deepEqual(way.settings, { temperature: 0.5 });
    assert.deepEqual(endpointWay({ ...common, keyFrom: "A_KEY" }, { keyFrom: "B_KEY" }, context()).way.auth, {
      kind: "api-key",
      variable: "B_KEY",
    });
  });

  it("is Bedrock's own without authorisation where the file says nothing", () => {
    const { way, problems } = endpointWay({}, {}, context());
    assert.deepEqual([way.api, way.auth, way.seesFirstToken], ["bedrock", { kind: "none" }, true]);
    assert.deepEqual(problems, []);
  });

  it("has problems: a name that is missing, a tier, a setting or an authorisation that the API does not have", () => {
    assert.deepEqual(codes(endpointWay({ api: "openai" }, {}, context()).problems), ["ENDPOINT_MODEL"]);
    const named = { api: "openai", models: { nova: "x" } } as const;
    assert.deepEqual(codes(endpointWay(named, {}, context({ tier: "latency-optimized" })).problems), ["ENDPOINT_TIER"]);
    assert.deepEqual(codes(endpointWay(named, { auth: "sigv4" }, context()).problems), ["ENDPOINT_AUTH"]);
    const stray = { temperature: 1 } as object;
    assert.deepEqual(codes(endpointWay({}, stray, context()).problems), ["ENDPOINT_SETTING"]);
  });

  it("cannot be said of all endpoints where none of them can use it", () => {
    const read = (text: object) => endpointsSchema.parse(text);
    const endpoints = { "us-east-1": "http://127.0.0.1:1" };
    assert.deepEqual(codes(strayProblems(read({ temperature: 1, endpoints }))), ["ENDPOINT_SETTING"]);
    assert.deepEqual(codes(strayProblems(read({ api: "openai", temperature: 1, endpoints }))), []);
    assert.deepEqual(codes(strayProblems(read({ auth: "sigv4", keyFrom: "A_KEY", endpoints }))), ["ENDPOINT_KEY"]);
  });
});
