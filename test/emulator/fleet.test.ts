import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createFixedLatencyBackend } from "../../emulator/backends/queue.ts";
import { scenarioFleet, startFleet } from "../../emulator/fleet.ts";
import { catalogOf } from "../../emulator/model/catalog.ts";
import { planOf, SLOTS_1S } from "./backends/worlds.ts";
import { CLAUDE, send, testFleet, userMessage } from "./support.ts";

const NOVA = "amazon.nova-pro-v1:0";
const SONNET = "anthropic.claude-sonnet-4-5-20250929-v1:0";

const plan = await planOf({
  regions: ["us-east-1", "us-west-2", "eu-west-1", "us-east-2"],
  capacity: SLOTS_1S,
  models: {
    nova: { id: NOVA, capacity: SLOTS_1S, maxOutputTokens: 777 },
    sonnet: { id: SONNET, capacity: SLOTS_1S },
  },
  world: {
    profiles: {
      restrictToWorld: true,
      define: [{ name: "mine", model: NOVA, destinations: ["us-east-1", "eu-west-1"] }],
    },
    targets: ["us-east-1", "us-east-1@flex", "us-east-1/us", "us-west-2/us", "eu-west-1/global", "eu-west-1/mine"],
  },
  traffic: [
    {
      class: "all",
      model: "nova",
      arrivals: { poisson: "1/s" },
      tokens: { input: 1, output: 1, maxTokens: 1 },
    },
  ],
});

describe("fleet", { timeout: 60_000 }, () => {
  const options = { backend: createFixedLatencyBackend };

  it("listens in every region and gives the environment that directs clients to it", async () => {
    const fleet = await testFleet({ regions: ["us-east-1", "eu-west-1"], tls: true });
    const [first, second] = fleet.endpoints;
    assert.notEqual(first!.port, second!.port);
    const plain = Object.fromEntries(fleet.environment("eu-west-1"));
    await fleet.close(0);
    assert.equal(plain.AWS_ENDPOINT_URL_BEDROCK_RUNTIME, second!.tlsUrl);
    assert.equal(plain.AWS_REGION, "eu-west-1");
    assert.equal(plain.AWS_BEARER_TOKEN_BEDROCK, fleet.credentials!.bearerToken);
    assert.deepEqual(fleet.environment("mars-1"), []);
  });

  it("gives no API key without TLS, as boto3 would refuse it", async () => {
    const fleet = await testFleet();
    const names = fleet.environment("us-east-1").map(([name]) => name);
    await fleet.close(0);
    assert.equal(names.includes("AWS_BEARER_TOKEN_BEDROCK"), false);
    assert.ok(names.includes("AWS_BEDROCK_RUNTIME_ENDPOINT"));
  });

  it("refuses open addresses without a long token, or without authentication", async () => {
    const open = { ...options, host: "0.0.0.0" };
    for (const extra of [{}, { token: "short" }, { token: "a-long-operator-token", auth: "off" as const }]) {
      await assert.rejects(startFleet({ ...open, ...extra }), { kind: "usage", message: /^EMULATOR_HOST_NEEDS_TOKEN/ });
    }
  });

  it("replaces the published secrets with the token", async () => {
    const token = "a-long-operator-token";
    const fleet = await testFleet({ token });
    const authorization = (value: string) => ({ headers: { authorization: `Bearer ${value}` } });
    const body = { messages: [userMessage()] };
    const path = `/model/${CLAUDE}/converse`;
    const known = await send(fleet, { path, body, ...authorization("ABSKTWVyaWRpYW5FbXVsYXRvclRlc3RLZXk=") });
    const own = await send(fleet, { path, body, ...authorization(token) });
    const page = await send(fleet, { path: "/_meridian/health" });
    await fleet.close(0);
    assert.deepEqual([known.status, own.status, page.status], [403, 200, 403]);
  });

  it("answers tools that wait for it, which ask with HEAD", async () => {
    const fleet = await testFleet();
    const ask = (page: string) => fetch(`${fleet.endpoints[0]!.url}/_meridian/${page}`, { method: "HEAD" });
    const [known, unknown] = [await ask("health"), await ask("nope")];
    await fleet.close(0);
    assert.deepEqual([known.status, await known.text(), unknown.status], [200, "", 404]);
  });

  it("takes ports upward, and names one that is taken, leaving nothing open", async () => {
    const first = await testFleet();
    const { port } = first.endpoints[0]!;
    await assert.rejects(startFleet({ ...options, regions: ["us-east-1"], basePort: port }), {
      kind: "environment",
      message: new RegExp(`EMULATOR_PORT_TAKEN.*127\\.0\\.0\\.1:${port} \\(EADDRINUSE\\)`, "s"),
    });
    await first.close(0);
    await assert.rejects(startFleet({ ...options, basePort: 65_534 }), {
      kind: "usage",
      message: /^EMULATOR_PORT_RANGE/,
    });
  });

  it("runs faster than the wall clock by its scale", async () => {
    const fleet = await testFleet({
      auth: "off",
      scale: 100,
      backend: (clock) => createFixedLatencyBackend(clock, { firstTokenMs: 10_000, perTokenMs: 0 }),
    });
    const startMs = performance.now();
    const answer = await send(fleet, { path: `/model/${CLAUDE}/converse`, body: { messages: [userMessage()] } });
    const wallMs = performance.now() - startMs;
    await fleet.close(0);
    assert.equal(JSON.parse(answer.body.toString()).metrics.latencyMs, 10_000);
    assert.ok(wallMs >= 95 && wallMs < 5000, `${wallMs} ms`);
  });

  it("lets a running stream finish before it closes", async () => {
    const fleet = await testFleet({
      auth: "off",
      backend: (clock) => createFixedLatencyBackend(clock, { firstTokenMs: 50, perTokenMs: 20, outputTokens: 10 }),
    });
    const running = send(fleet, { path: `/model/${CLAUDE}/converse-stream`, body: { messages: [userMessage()] } });
    while (fleet.connections() === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await new Promise((resolve) => setTimeout(resolve, 20));
    await fleet.close();
    const { body } = await running;
    assert.ok(body.includes("messageStop") && body.includes("metadata"));
  });
});

describe("a fleet of a scenario", () => {
  it("has an endpoint in each region that a target calls, in the scenario's order", () => {
    assert.deepEqual(scenarioFleet(plan).regions, ["us-east-1", "us-west-2", "eu-west-1"]);
  });

  it("counts the output of a model as the table of facts says, where the scenario does not", async () => {
    // Opus 4.8: EstimatedTPMQuotaUsage of 500 tokens in and 500 out is 500 + 15 x 500 = 8,000.
    const models = { opus: { id: "anthropic.claude-opus-4-8", capacity: SLOTS_1S } };
    const opus = await planOf({ capacity: SLOTS_1S, models, world: { targets: ["us-east-1/us"] } });
    const [{ burndown, maxOutputTokens } = { burndown: 0, maxOutputTokens: 0 }] = catalogOf(opus).models;
    assert.deepEqual([500 + burndown * 500, maxOutputTokens], [8000, 128_000]);
  });

  it("goes by the context window that the scenario states, else by the facts", async () => {
    const window = async (model: object) => {
      const s = { id: "anthropic.claude-sonnet-4-5-20250929-v1:0", capacity: SLOTS_1S, ...model };
      const [found] = catalogOf(
        await planOf({ capacity: SLOTS_1S, models: { s }, world: { targets: ["us-east-1/us"] } }),
      ).models;
      return [found?.contextTokens, found?.extendedContextTokens];
    };
    assert.deepEqual(await window({}), [200_000, 1_000_000]);
    assert.deepEqual(await window({ contextTokens: 5000 }), [5000, undefined]);
  });

  it("offers what the targets name, and nothing else", () => {
    const { models, profiles } = catalogOf(plan);
    const facts = models.map(({ modelId, onDemandRegions, maxOutputTokens, burndown }) => [
      modelId,
      onDemandRegions,
      maxOutputTokens,
      burndown,
    ]);
    // Sonnet 4.5 is offered through profiles only, and its output counts five times.
    assert.deepEqual(facts, [
      [NOVA, ["us-east-1"], 777, 1],
      [SONNET, [], 64_000, 5],
    ]);
    const byId = Object.fromEntries(profiles.map((profile) => [profile.profileId, profile]));
    assert.deepEqual(Object.keys(byId).sort(), [`global.${SONNET}`, "mine", `us.${NOVA}`, `us.${SONNET}`].sort());
    assert.deepEqual(byId[`us.${NOVA}`]!.destinationsBySource, {
      "us-east-1": ["us-east-1", "us-west-2", "us-east-2"],
      "us-west-2": ["us-west-2", "us-east-1", "us-east-2"],
    });
    assert.equal(byId[`global.${SONNET}`]!.kind, "global");
    assert.deepEqual(byId.mine, {
      profileId: "mine",
      modelId: NOVA,
      kind: "geographic",
      destinationsBySource: { "eu-west-1": ["eu-west-1", "us-east-1"] },
    });
  });
});
