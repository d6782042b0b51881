import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { prepareText } from "../../../scripts/io/experiment.ts";
import { makeReplayPlan, recordSchedule } from "../../../simulator/bench/make-plan.ts";
import { createFifoServers } from "../../../studies/held-out/endpoints/queues.ts";
import type { EndpointServer } from "../../../studies/held-out/endpoints/server.ts";
import { createTimers, replayVirtually } from "../../../studies/held-out/virtual.ts";
import { fixedDraws } from "./endpoints/support.ts";

const RTT_MS = 40;

async function replay(servers: ReadonlyMap<string, EndpointServer>, client: string, interval = "500ms") {
  const { inputs } = await prepareText(
    `
name: virtual
duration: 60s
routers: 2
world:
  regions: [us-east-1, eu-west-1]
  models: { m: { id: amazon.nova-pro-v1:0, onDemand: true, capacity: { kind: slots, servers: 1 } } }
  network: { roundTrips: none, jitter: none }
traffic:
  - { class: chat, arrivals: { deterministic: { interval: ${interval} } }, tokens: { input: 30, output: 10, maxTokens: 100 } }
strategies: [{ priority: { targets: [us-east-1, eu-west-1], cooldown: "0" } }]
client: ${client}
`,
    "virtual.yaml",
  );
  const { plan } = inputs;
  const schedule = recordSchedule(plan);
  const roundTripMs = new Map([
    ["us-east-1", RTT_MS],
    ["eu-west-1", 100],
  ]);
  const targets = { urlOfRegion: new Map(), operation: "converse-stream", isEmulated: false, roundTripMs } as const;
  const lastArrivalMs = schedule.at(-1)![0];
  const replayed = makeReplayPlan(plan, 0, targets, { requests: schedule.length, lastArrivalMs, drainMs: 10_000 });
  return { schedule, ...replayVirtually(replayed, schedule, servers) };
}

const line = (perOutputTokenMs = 10) =>
  createFifoServers({
    servers: 1,
    baseMs: 100,
    perInputTokenMs: 1,
    perOutputTokenMs,
    slowShare: 0,
    slowFactor: 1,
    noiseCv: 0,
    draws: fixedDraws(0.5),
  });

const refusing = (kind: "throttled" | "unavailable"): EndpointServer => ({
  nextMs: () => Number.POSITIVE_INFINITY,
  step: () => {},
  admit: () => ({ kind }),
  cancel: () => {},
});

const both = (first: EndpointServer, second = line()) =>
  new Map([
    ["us-east-1", first],
    ["eu-west-1", second],
  ]);

const near = (found: number, expected: number) => assert.ok(Math.abs(found - expected) < 1e-6, `${found}, ${expected}`);

describe("virtual replay of servers of unknown physics", () => {
  it("adds the round trip to what the server takes", async () => {
    const { schedule, attempts, requests } = await replay(both(line()), "{ retry: none }");
    assert.equal(requests.length, schedule.length);
    assert.equal(attempts.length, schedule.length);
    for (const { i, s, e, f, u, k, c } of attempts) {
      near(s, schedule[i]![0]);
      near(f!, RTT_MS + 100 + 30 + 10);
      near(e - s, RTT_MS + 100 + 30 + 100);
      assert.deepEqual([k, c, u], ["ok", 200, [30, 10, 0, 0]]);
    }
  });

  it("fails over as the client does", async () => {
    const { attempts, requests } = await replay(both(refusing("throttled")), "{ retry: standard }");
    const first = attempts.filter(({ o }) => o === 0);
    assert.ok(first.every(({ k, c, e, s }) => k === "throttled" && c === 429 && Math.abs(e - s - RTT_MS) < 1e-6));
    assert.ok(requests.every(({ n, w }) => n === 2 && w === 1));
    assert.ok(attempts.filter(({ o }) => o === 1).every(({ g, k }) => g === 1 && k === "ok"));
  });

  it("says 503 for a server without room, and gives up without retries", async () => {
    const { attempts, requests } = await replay(both(refusing("unavailable")), "{ retry: none }");
    assert.ok(attempts.every(({ k, c }) => k === "unavailable" && c === 503));
    assert.ok(requests.every(({ w }) => w === -1));
  });

  it("takes a call away from the server when its time is up", async () => {
    const cancelled: unknown[] = [];
    const slow = line(1000);
    const watched: EndpointServer = { ...slow, cancel: (call) => void cancelled.push(call) };
    const { attempts } = await replay(both(watched), "{ retry: none, timeout: 500ms }", "1s");
    assert.ok(attempts.every(({ k, e, s }) => k === "timeout" && Math.abs(e - s - 500) < 1e-6));
    assert.equal(cancelled.length, attempts.length);
  });

  it("cuts off what has not ended by the drain", async () => {
    const { schedule, requests } = await replay(both(line(20_000)), "{ retry: none }", "1s");
    assert.equal(requests.length, schedule.length);
    assert.ok(requests.some(({ w }) => w === -1));
  });
});

it("timers run by instant, ties in order, and not when undone", () => {
  const timers = createTimers();
  const ran: string[] = [];
  const add = (ms: number, name: string) => timers.add(ms, () => ran.push(name));
  add(5, "b");
  add(1, "a");
  add(5, "c");
  const undo = add(0, "never");
  add(Number.POSITIVE_INFINITY, "not at all");
  undo();
  assert.equal(timers.nextMs(), 1);
  while (Number.isFinite(timers.nextMs())) timers.run();
  assert.deepEqual(ran, ["a", "b", "c"]);
});
