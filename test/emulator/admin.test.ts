import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  type AdminContext,
  handleAdmin,
  knownNamesOf,
  readRule,
  refuseUnknownName,
  requireToken,
} from "../../emulator/admin.ts";
import { withFaults } from "../../emulator/backends/faults.ts";
import { withRegionPolicy } from "../../emulator/backends/region-policy.ts";
import { DEFAULT_CATALOG } from "../../emulator/model/catalog.ts";
import { createInvocationLog } from "../../emulator/monitoring/invocation-log.ts";
import { createMetrics } from "../../emulator/monitoring/metrics.ts";
import { outcomeOf } from "./outcome.ts";
import { manualClock } from "./support.ts";

function context(token?: string): AdminContext {
  const log = createInvocationLog();
  const metrics = createMetrics();
  for (const outcome of [outcomeOf(), outcomeOf({ requestId: "second" })]) {
    log.add(outcome);
    metrics.add(outcome);
  }
  const faults = withFaults({ begin: () => ({ kind: "dropped", how: "silence" }) }, manualClock().clock);
  return {
    region: "us-east-1",
    log,
    metrics,
    faults,
    policy: withRegionPolicy(faults, "a"),
    names: knownNamesOf(DEFAULT_CATALOG, ["us-east-1", "us-west-2"]),
    identity: { accountId: "1", arn: "a" },
    token,
    gauges: () => ({ g: 1 }),
  };
}

const ask = (name: string, to = context(), body?: object, headers: Record<string, string> = {}) =>
  handleAdmin(
    {
      name,
      query: new URLSearchParams("limit=1"),
      headers: { "content-type": "application/json", ...headers },
      body: Buffer.from(JSON.stringify(body ?? {})),
    },
    to,
  );

describe("admin pages", () => {
  it("show health, metrics, the newest invocations and the audit", () => {
    assert.deepEqual(JSON.parse(ask("GET health").body), { status: "ok", region: "us-east-1", g: 1 });
    assert.match(ask("GET metrics").body, /bedrock_invocations_sum\{.*\} 2/);
    const lines = ask("GET invocations").body.trim().split("\n");
    assert.deepEqual(
      lines.map((line) => JSON.parse(line).requestId),
      ["second"],
    );
    assert.equal(JSON.parse(ask("GET audit").body).rows[0].requests, 2);
  });
  it("add, show and clear faults", () => {
    const to = context();
    ask("POST faults", to, { error: "ThrottlingException", times: 3, region: "us-east-1" });
    ask("POST faults", to, { error: "reset" });
    assert.deepEqual(JSON.parse(ask("GET faults", to).body).rules, [
      { region: "us-east-1", error: "ThrottlingException", times: 3 },
      { error: "reset" },
    ]);
    ask("DELETE faults", to);
    assert.deepEqual(to.faults.rules(), []);
  });
  it("read every member of a fault, and show it as it was given", () => {
    const to = context();
    const given = {
      error: "silence",
      modelId: "amazon.nova-pro-v1:0",
      class: "c",
      share: 0.5,
      at: "1s",
      for: "2m",
      afterTokens: 3,
      lasts: "250ms",
    };
    ask("POST faults", to, given);
    ask("POST faults", to, { error: "drip", gap: "1s500ms" });
    assert.deepEqual(to.faults.rules()[0], {
      ...{
        modelId: "amazon.nova-pro-v1:0",
        class: "c",
        share: 0.5,
        atMs: 1000,
        forMs: 120_000,
        afterTokens: 3,
        lastsMs: 250,
      },
      ...{ effect: "silence", times: Number.POSITIVE_INFINITY },
    });
    const shown = JSON.parse(ask("GET faults", to).body).rules;
    assert.deepEqual(shown, [
      { ...given, at: "1000ms", for: "120000ms" },
      { error: "drip", gap: "1500ms" },
    ]);
    assert.deepEqual(readRule(shown[0]!), readRule(given), "what is shown can be sent again");
  });
  it("show and change the policy", () => {
    const to = context();
    ask("POST policy", to, { denyRegions: ["us-west-2"] });
    assert.deepEqual(JSON.parse(ask("GET policy", to).body).denyRegions, ["us-west-2"]);
    ask("DELETE policy", to);
    assert.deepEqual(to.policy.denied(), []);
    assert.throws(() => ask("POST policy", to, { denyRegions: "us-west-2" }), { name: "SerializationException" });
    assert.throws(() => ask("POST policy", to, { denyRegions: [], allow: [] }), { name: "ValidationException" });
    const policy = { denyRegions: ["us-west-2"], askedOf: "profile" };
    assert.deepEqual(JSON.parse(ask("POST policy", to, policy).body), policy);
    assert.deepEqual(JSON.parse(ask("DELETE policy", to).body), { denyRegions: [], askedOf: "destination" });
  });
  it("refuse names of nothing, with the nearest that there is", () => {
    const refused = (name: string, body: object, message: RegExp) =>
      assert.throws(() => ask(name, context(), body), { name: "ValidationException", message });
    refused("POST policy", { denyRegions: ["us-wst-2"] }, /no region us-wst-2; did you mean "us-west-2"\?/);
    refused("POST policy", { denyRegions: [], askedOf: "profil" }, /did you mean "profile"\? known here: destination/);
    const fault = (rest: object, message: RegExp) => refused("POST faults", { error: "reset", ...rest }, message);
    fault({ region: "eu-west-1" }, /no region with an endpoint here, eu-west-1; .*us-east-1, us-west-2\./);
    fault(
      { model: "amazon.nova-pro-v1" },
      /no model or profile amazon\.nova-pro-v1; did you mean "amazon\.nova-pro-v1:0"/,
    );
    fault({ error: "ThrotlingException" }, /not ThrotlingException \(did you mean ThrottlingException\?\)/);
  });
  it("refuse unknown errors, invalid counts, other content types and unknown pages", () => {
    for (const body of [
      { error: "Nonsense" },
      { error: "reset", times: 0 },
      { error: "ThrottlingException", afterTokens: -1 },
      { error: "reset", afterToken: 3 },
      { error: "reset", share: 0 },
      { error: "reset", lasts: "5s" },
      { error: "silence", lasts: "soon" },
      { error: "silence", lasts: 5 },
      { error: "drip" },
      { error: "empty", afterTokens: 2 },
    ]) {
      assert.throws(() => readRule(body), /^(Validation|Serialization)Exception/);
    }
    assert.throws(() => ask("POST faults", context(), { error: "reset" }, { "content-type": "text/plain" }), {
      name: "ValidationException",
    });
    assert.throws(() => ask("GET secrets"), { name: "UnknownOperationException" });
    assert.throws(() => ask("__proto__"), { name: "UnknownOperationException" });
  });
  it("require the token if there is one", () => {
    const to = context("a-long-operator-token");
    assert.throws(() => requireToken({}, to.token), { name: "AccessDeniedException" });
    requireToken({ authorization: "Bearer a-long-operator-token" }, to.token);
    requireToken({}, undefined);
  });
});

it("known are endpoints, regions of AWS and of profiles, models and profiles", () => {
  const own = {
    profileId: "us.own",
    modelId: "own",
    kind: "geographic" as const,
    destinationsBySource: { home: ["away"] },
  };
  const names = knownNamesOf({ ...DEFAULT_CATALOG, profiles: [own] }, ["home"]);
  assert.deepEqual(names.endpoints, ["home"]);
  for (const region of ["home", "away", "eu-central-1"]) refuseUnknownName("region", region, names.regions);
  for (const model of ["us.own", "amazon.nova-pro-v1:0", undefined]) refuseUnknownName("model", model, names.models);
  assert.throws(
    () => refuseUnknownName("region", "awey", names.regions),
    /no region awey; did you mean "away"\? known here:/,
  );
});
