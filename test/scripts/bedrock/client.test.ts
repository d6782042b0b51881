import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import {
  ConverseCommand,
  ConverseStreamCommand,
  CountTokensCommand,
  InvokeModelCommand,
  InvokeModelWithResponseStreamCommand,
} from "@aws-sdk/client-bedrock-runtime";
import type { Fleet } from "../../../emulator/index.ts";
import { RoutedBedrockClient, type ScenarioClientOptions } from "../../../scripts/api/bedrock.ts";
import { startFleet } from "../../../scripts/api/emulator.ts";
import { loadScenario, type Scenario } from "../../../scripts/api/index.ts";
import { RoutedBedrockClient as BareClient } from "../../../scripts/bedrock/client.ts";
import { MeridianError } from "../../../simulator/base/errors.ts";
import type { DecisionRecord } from "../../../simulator/bench/decision-log.ts";
import { livePlan } from "../../../simulator/bench/live-plan.ts";
import { recordSchedule } from "../../../simulator/bench/make-plan.ts";
import type { ScheduleRow } from "../../../simulator/bench/rows.ts";
import type { AttemptOutcome, RequestView, StrategyDefinition } from "../../../simulator/client/strategy.ts";
import { createRouters, Learning, routingRandom } from "../../../simulator/engine/router.ts";
import { Signals } from "../../../simulator/engine/signals.ts";
import { replicationSeed } from "../../../simulator/engine/simulation.ts";
import { defineStrategy } from "../../../simulator/routing.ts";
import type { Plan } from "../../../simulator/scenario/plan.ts";
import { createAttemptTable } from "../../../simulator/service/attempt-table.ts";
import { Service } from "../../../simulator/service/service.ts";
import { definitionOf } from "../../../simulator/strategies/index.ts";
import { simulateObserved } from "../../simulator/bench/virtual-wire.ts";

const NOVA = "amazon.nova-pro-v1:0";
const US_NOVA = `us.${NOVA}`;

/** Two regions, answers in a fixed time, requests far enough apart that a late timer changes no order. */
const SCENARIO = `
name: parity
seed: 3
requests: 40
replications: 1
world:
  regions: [us-east-1, eu-west-1, us-west-2]
  models:
    nova: { id: ${NOVA}, burndown: 1, maxOutputTokens: 500, capacity: { kind: slots, servers: 50, service: 30ms } }
  network: { roundTrips: none, jitter: none }
  prices: { book: none, overrides: [{ model: nova, input: 1, output: 4 }, { model: nova, region: eu-west-1, input: 2, output: 8 }] }
  quotas: [{ region: us-east-1, tokensPerMinute: 2k, law: rolling-window }]
traffic:
  - class: free
    arrivals: { deterministic: { interval: 8ms } }
    tokens: { input: 100, output: 20, maxTokens: 200 }
    origin: us-east-1
  - class: european
    arrivals: { deterministic: { interval: 20ms } }
    tokens: { input: 150, output: 20, maxTokens: 200 }
    origin: eu-west-1
    residency: eu
strategies:
  - round-robin
  - consistent-hash
  - power-of-two
  - least-outstanding
  - least-latency
  - priority: { targets: [us-east-1, eu-west-1, us-west-2], cooldown: 300ms }
  - bandit
  - most-headroom
client: { retry: { custom: { maxAttempts: 3, backoff: { grow: { base: 20ms, factor: 2, cap: 1s, jitter: full } } } } }
`;

describe("a routed client of Bedrock", { concurrency: true }, () => {
  let folder: string;
  let scenario: Scenario;
  let fleet: Fleet;
  const clientOf = (region: string) => ({
    endpoint: fleet.endpoint(region),
    credentials: { accessKeyId: "x", secretAccessKey: "y" },
  });
  const text = { text: SCENARIO, file: "parity.yaml" };

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "meridian-bedrock-"));
    scenario = await loadScenario(text);
    fleet = await startFleet({ scenario, auth: "off" });
  });
  after(async () => {
    await fleet.close(0);
    rmSync(folder, { recursive: true, force: true });
  });

  const messages = [{ role: "user" as const, content: [{ text: "Hello there, how are you?" }] }];
  const converse = ([, , , input, output, maxTokens]: ScheduleRow) =>
    new ConverseCommand({
      modelId: "nova",
      messages,
      inferenceConfig: { maxTokens },
      requestMetadata: { outputTokens: String(output), inputTokens: String(input) },
    });

  /** Sends a plan's schedule through a client, each request at its instant; the log's records by request. */
  async function drive(options: Partial<ScenarioClientOptions>, definition?: StrategyDefinition) {
    // A fleet of its own: its quotas are fresh.
    const own = await startFleet({ scenario, auth: "off" });
    const records: DecisionRecord[] = [];
    const { plan } = scenario;
    const index = plan.strategies.findIndex(({ name }) => name === options.strategy);
    const made = livePlan(plan, index);
    const client = new RoutedBedrockClient({
      plan: definition === undefined ? made : { ...made, definition },
      beginAtMs: 0,
      log: (record) => records.push(record),
      client: (region) => ({ ...clientOf(region), endpoint: own.endpoint(region) }),
    });
    const beganMs = performance.now();
    const calls: Promise<unknown>[] = [];
    for (const row of recordSchedule(plan)) {
      await sleep(Math.max(0, row[0] - (performance.now() - beganMs)));
      const asked = { class: plan.classes[row[1]]!.name, origin: plan.originNames[row[2]]!, inputTokens: row[3] };
      calls.push(client.send(converse(row), asked).catch((error: unknown) => error));
    }
    await Promise.all(calls);
    await client.close();
    await own.close(0);
    return { index, records: records.sort((a, b) => a.request - b.request) };
  }

  for (const strategy of ["round-robin", "consistent-hash"]) {
    it(`decides as the simulation does, whatever the time calls take: ${strategy}`, async () => {
      const { index, records } = await drive({ strategy });
      // A simulation of the same requests; what depends on no outcome is the same for first attempts.
      const simulated = simulateObserved(scenario.plan, index).attempts.filter(({ ordinal }) => ordinal === 0);
      const expected = simulated
        .toSorted((a, b) => a.requestId - b.requestId)
        .map(({ target }) => scenario.plan.targets[target]!.id);
      if (strategy === "consistent-hash")
        assert.deepEqual(
          records.map(({ attempts }) => attempts[0]!.target),
          expected,
        );
      assert.equal(records.length, 40);
      assert.ok(records.every(({ allowed }) => allowed));
      const european = records.filter((record) => record.class === "european");
      assert.ok(european.length > 10);
      assert.ok(european.every(({ attempts }) => attempts.every(({ sourceRegion }) => sourceRegion === "eu-west-1")));
    });
  }

  for (const strategy of ["power-of-two", "least-outstanding", "least-latency", "priority", "bandit"]) {
    it(`decides as a simulated router does on the same events: ${strategy}`, async () => {
      const { plan } = scenario;
      const index = plan.strategies.findIndex(({ name }) => name === strategy);
      const events: SeenEvent[] = [];
      await drive({ strategy }, recorded(definitionOf(plan.strategies[index]!), events));
      const choices = events.filter((event) => "choice" in event);
      assert.ok(choices.length >= 40);
      assert.deepEqual(
        replayed(plan, index, events),
        choices.map(({ choice }) => choice),
      );
    });
  }

  /** A client of the shared fleet, whose small quota only some tests use up. */
  const clientFor = (strategy: string, log?: string) =>
    RoutedBedrockClient.fromScenario(text, { strategy, client: clientOf, ...(log === undefined ? {} : { log }) });

  it("hands streams on as they come, and knows their first token and their end", async () => {
    const log = join(folder, "stream.jsonl");
    const client = await clientFor("priority", log);
    const answer = await client
      .send(new ConverseStreamCommand({ modelId: US_NOVA, messages, requestMetadata: { outputTokens: "5" } }), {
        class: "european",
      })
      .catch((error: unknown) => error);
    assert.ok(answer instanceof MeridianError);
    assert.equal(answer.problems[0]!.code, "ROUTER_MODEL");
    const stream = await client.send(
      new ConverseStreamCommand({ modelId: "nova", messages, requestMetadata: { outputTokens: "5" } }),
      { class: "european" },
    );
    const events = [];
    for await (const event of stream.stream!) events.push(Object.keys(event)[0]);
    assert.equal(events.filter((name) => name === "contentBlockDelta").length, 5);
    await client.close();
    const record = JSON.parse(readFileSync(log, "utf8")) as DecisionRecord;
    assert.equal(record.end, "served");
    assert.equal(record.servedIn, "eu-west-1");
    const [attempt] = record.attempts;
    assert.equal(attempt!.tokens.output, 5);
    assert.equal(attempt!.status, 200);
    assert.ok(attempt!.ttftMs! >= 0 && attempt!.ttftMs! <= attempt!.e2eMs);
    // 7 tokens in at 2 USD per million (25 characters), 5 out at 8: exact.
    assert.equal(Number(record.costUsd), (attempt!.tokens.input * 2 + 5 * 8) / 1e6);
  });

  it("invokes models with a vendor's body, whole and streamed", async () => {
    const records: DecisionRecord[] = [];
    const client = new RoutedBedrockClient({
      strategy: "least-outstanding",
      targets: [{ region: "eu-west-1", models: { nova: NOVA }, priceInUsdPerMTok: 2, priceOutUsdPerMTok: 8 }],
      client: clientOf,
      log: (record) => records.push(record),
    });
    const body = JSON.stringify({
      messages: [{ role: "user", content: [{ text: "Hi" }] }],
      inferenceConfig: { maxTokens: 6 },
    });
    const whole = await client.send(new InvokeModelCommand({ modelId: "nova", body }));
    assert.ok(JSON.parse(new TextDecoder().decode(whole.body)).usage.outputTokens > 0);
    const streamed = await client.send(new InvokeModelWithResponseStreamCommand({ modelId: NOVA, body }));
    for await (const _ of streamed.body!);
    await client.close();
    assert.deepEqual(
      records.map(({ end, maxTokens, attempts }) => [end, maxTokens, attempts[0]!.tokens.output]),
      [
        ["served", 6, 6],
        ["served", 6, 6],
      ],
    );
    assert.ok(records.every(({ costUsd }) => Number(costUsd) > 0));
  });

  it("keeps the calls of a session together where the strategy does, and spreads sessions", async () => {
    const records: DecisionRecord[] = [];
    const client = new RoutedBedrockClient({
      strategy: "consistent-hash",
      options: { key: "session" },
      targets: ["us-east-1", "us-west-2", "eu-west-1"].map((region) => ({ region, models: { nova: NOVA } })),
      client: clientOf,
      log: (record) => records.push(record),
    });
    const sessions = Array.from({ length: 12 }, (_, i) => `user ${i}`);
    const placesOf = async () => {
      records.length = 0;
      for (const session of sessions)
        await client.send(new ConverseCommand({ modelId: "nova", messages }), { session });
      return records.map(({ attempts }) => attempts[0]!.target);
    };
    const first = await placesOf();
    assert.deepEqual(await placesOf(), first);
    assert.ok(new Set(first).size > 1);
    await client.close();
  });

  it("gives the service's error when retries are used up, and the strategy's refusal by its own name", async () => {
    const shed = defineStrategy({
      name: "closed",
      summary: "Refuses all.",
      options: {},
      signals: [],
      create: () => ({ choose: () => Number.NEGATIVE_INFINITY }),
    });
    const closed = new BareClient({
      strategy: shed,
      targets: [{ region: "us-west-2", models: { nova: NOVA } }],
    });
    await assert.rejects(closed.send(new ConverseCommand({ modelId: "nova", messages })), /ROUTER_SHED/);
    const wild = new RoutedBedrockClient({
      strategy: { ...shed, create: () => ({ choose: () => 7 }) },
      targets: [{ region: "us-west-2", models: { nova: NOVA } }],
    });
    await assert.rejects(wild.send(new ConverseCommand({ modelId: "nova", messages })), /ROUTER_BAD_CHOICE/);
    await assert.rejects(
      closed.send(new CountTokensCommand({ modelId: "nova", input: undefined }) as never),
      /ROUTER_COMMAND/,
    );
  });

  it("waits for a time limit, a deadline and an abort, and says which it was", async (t) => {
    const slow = await startFleet({ regions: ["us-east-1"], auth: "off", latency: { firstTokenMs: 5_000 } });
    const clients: RoutedBedrockClient[] = [];
    t.after(async () => {
      for (const each of clients) await each.close();
      await slow.close(0);
    });
    const client = (over: object) => {
      const made = new RoutedBedrockClient({
        strategy: "random",
        targets: [{ region: "us-east-1", models: { nova: NOVA } }],
        retry: { mode: "none" },
        client: () => ({
          endpoint: slow.endpoint("us-east-1"),
          credentials: { accessKeyId: "x", secretAccessKey: "y" },
        }),
        ...over,
      });
      clients.push(made);
      return made;
    };
    const call = new ConverseCommand({ modelId: "nova", messages });
    await assert.rejects(client({ deadlineMs: 80 }).send(call), /ROUTER_DEADLINE/);
    await assert.rejects(client({ timeoutMs: 80 }).send(call), /ROUTER_TIMEOUT/);
    const controller = new AbortController();
    const pending = client({}).send(call, { abortSignal: controller.signal });
    setTimeout(() => controller.abort(), 40);
    await assert.rejects(pending, { name: "AbortError" });
  });

  it("is left in the middle of a stream, lets long-lived signals go, and is closed once", async (t) => {
    const fleet = await startFleet({
      regions: ["us-east-1"],
      auth: "off",
      latency: { firstTokenMs: 1, perTokenMs: 5 },
    });
    const records: DecisionRecord[] = [];
    const client = new RoutedBedrockClient({
      strategy: "random",
      targets: [{ region: "us-east-1", models: { nova: NOVA } }],
      log: (record) => records.push(record),
      client: () => ({
        endpoint: fleet.endpoint("us-east-1"),
        credentials: { accessKeyId: "x", secretAccessKey: "y" },
      }),
    });
    t.after(async () => {
      await client.close();
      await fleet.close(0);
    });
    const controller = new AbortController();
    const abortSignal = controller.signal;
    const settings = { modelId: "nova", messages, inferenceConfig: { maxTokens: 400 } };
    const short = new ConverseCommand({ ...settings, requestMetadata: { outputTokens: "1" } });
    await Promise.all(Array.from({ length: 12 }, () => client.send(short, { abortSignal })));
    assert.equal(getEventListeners(abortSignal, "abort").length, 0);
    const long = new ConverseStreamCommand({ ...settings, requestMetadata: { outputTokens: "300" } });
    const { stream } = await client.send(long, { abortSignal });
    let events = 0;
    for await (const _ of stream!) if (++events === 3) controller.abort();
    assert.ok(events < 300, `${events}`);
    const { end, attempts } = records.at(-1)!;
    assert.deepEqual(
      [records.length, end, attempts[0]!.outcome, attempts[0]!.givenUp],
      [13, "abandoned", "abandoned", true],
    );
    await client.close();
    await assert.rejects(client.send(short), /ROUTER_CLOSED/);
  });
});

/** What a strategy was asked, and what it heard, as it happened. */
type SeenEvent =
  | { readonly request: RequestView; readonly nowMs: number; readonly choice: number }
  | { readonly outcome: AttemptOutcome };

/** The same strategy, with all that passes through it noted. */
function recorded(definition: StrategyDefinition, events: SeenEvent[]): StrategyDefinition {
  return {
    ...definition,
    create: (options, context) => {
      const strategy = definition.create(options, context);
      return {
        choose: (request, targets, nowMs, random) => {
          const choice = strategy.choose(request, targets, nowMs, random);
          events.push({ request: { ...request }, nowMs, choice });
          return choice;
        },
        observe: (outcome) => {
          events.push({ outcome: { ...outcome } });
          strategy.observe?.(outcome);
        },
      };
    },
  };
}

/** What a router of the simulator chooses when the same things happen to it. */
function replayed(plan: Plan, index: number, events: readonly SeenEvent[]): readonly number[] {
  const strategy = plan.strategies[index]!;
  const seed = replicationSeed(plan.seed, 0);
  const service = new Service(plan.world, seed, createAttemptTable(), { onOutcome: () => undefined });
  const routers = createRouters(plan, strategy);
  const router = routers[0]!;
  const signals = new Signals(plan, strategy, service, routers);
  const learning = new Learning(strategy, plan.client, router, signals.hasOwnPictures);
  const random = routingRandom(seed);
  const choices: number[] = [];
  for (const event of events) {
    if ("outcome" in event) {
      Object.assign(learning.outcome, event.outcome);
      learning.learn(router, plan.classes[event.outcome.classIndex]!.model);
      continue;
    }
    const { request, nowMs } = event;
    const { model } = plan.classes[request.classIndex]!;
    signals.columns.refresh(nowMs);
    const view = signals.show(router, request.classIndex, model, request.originIndex, nowMs);
    random.seek(request.requestId, request.attempt);
    const choice = router.strategy.choose(request, view, nowMs, random);
    learning.sent(router, model, choice);
    choices.push(choice);
  }
  return choices;
}
