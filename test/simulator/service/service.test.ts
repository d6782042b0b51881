import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { OUTCOME, Service } from "../../../simulator/service/service.ts";
import type { RoutePlan, ServicePlan } from "../../../simulator/service/service-plan.ts";
import { type AttemptRow, addAttempt, newAttempts, readAttempt } from "./attempts.ts";
import { slotsSpec } from "./capacity/driver.ts";
import { endpointPlan, fault, quotaSpec, routePlan, servicePlan } from "./plan.ts";

interface Ended {
  readonly request: number;
  readonly outcome: number;
  readonly atMs: number;
  readonly endpoint: number;
  readonly read: number;
  readonly written: number;
}

/** A service that records what ended, how, when and where. */
function serviceOf(over: Partial<ServicePlan> = {}) {
  const attempts = newAttempts();
  const ended: Ended[] = [];
  const service = new Service(servicePlan(over), 1, attempts, {
    onOutcome(attempt, outcome, nowMs) {
      const read = (place: Parameters<typeof readAttempt>[2]) => readAttempt(attempts, attempt, place);
      ended.push({
        request: read("requestId"),
        outcome,
        atMs: nowMs,
        endpoint: read("endpoint"),
        read: read("cacheReadTokens"),
        written: read("cacheWriteTokens"),
      });
      attempts.release(attempt);
    },
  });
  let requests = 0;
  const advanceTo = (ms: number) => {
    while (service.nextMs <= ms) service.advance();
  };
  return {
    service,
    ended,
    advanceTo,
    send(atMs: number, row: AttemptRow = {}) {
      advanceTo(atMs);
      service.receive(atMs, addAttempt(attempts, { requestId: requests++, ...row }));
    },
    /** Where the given requests ran. */
    places: () => [...ended].sort((a, b) => a.request - b.request).map((each) => each.endpoint),
    outcomes: () => [...ended].sort((a, b) => a.request - b.request).map((each) => each.outcome),
  };
}

const PAUSE = 1e9;
const oneServer = slotsSpec({ service: { kind: "constant", value: 1000 } });
const small = (region: number) => endpointPlan(region, { capacity: oneServer });

describe("service-side routing", () => {
  it("after a refusal the other members are tried in turn, by way of the source; when none takes it, 503", () => {
    const lossy = slotsSpec({ service: { kind: "constant", value: 1000 }, waitingRoom: 0 });
    const endpoints = [0, 1, 2].map((region) => endpointPlan(region, { capacity: lossy }));
    const { send, places, outcomes, advanceTo, ended } = serviceOf({ endpoints });
    // The second and the third leave together for b, which has room for one; the fourth finds all busy.
    for (const request of [0, 1, 2, 3]) send(request === 3 ? 200 : 0);
    advanceTo(PAUSE);
    assert.deepEqual(places().slice(0, 3), [0, 1, 2]);
    assert.deepEqual(outcomes(), [OUTCOME.ok, OUTCOME.ok, OUTCOME.ok, OUTCOME.unavailable]);
    // 30 ms to b, 30 ms back, 30 ms to c, one second of service.
    assert.equal(ended.find(({ request }) => request === 2)?.atMs, 1090);
  });

  it("the source first while it has room; then by rule; then the shortest expected delay", () => {
    const { send, places, advanceTo, ended } = serviceOf({ endpoints: [small(0), small(1), small(2)] });
    // 40 ms apart: what is on its way to another region is not seen there before it arrives, 30 ms later.
    for (let i = 0; i < 6; i++) send(40 * i);
    advanceTo(PAUSE);
    assert.deepEqual(places(), [0, 1, 2, 0, 1, 2]);
    assert.deepEqual(
      ended.map(({ request, atMs }) => [request, atMs]).slice(0, 3),
      [
        [0, 1000],
        [1, 40 + 30 + 1000],
        [2, 80 + 30 + 1000],
      ],
      "the way to another region takes half its round trip",
    );
  });

  it("random: every open member other than the source alike, by the request's own draw", () => {
    const endpoints = [
      endpointPlan(0, { capacity: slotsSpec({ servers: 1, service: { kind: "constant", value: PAUSE } }) }),
    ];
    for (const region of [1, 2]) {
      const capacity = slotsSpec({ servers: Number.POSITIVE_INFINITY, service: { kind: "constant", value: 1 } });
      endpoints.push(endpointPlan(region, { capacity }));
    }
    const { send, advanceTo, ended } = serviceOf({ endpoints, routes: [routePlan([0, 1, 2], { rule: "random" })] });
    for (let i = 0; i < 4000; i++) send(i);
    advanceTo(10_000);
    const second = ended.filter((each) => each.endpoint === 1).length;
    assert.equal(ended.length, 3999);
    assert.ok(Math.abs(second - 2000) < 4 * Math.sqrt(1000), `${second} of 3999`);
  });

  it("least-busy: the open member with the fewest inside", () => {
    const capacity = slotsSpec({ servers: 3, service: { kind: "constant", value: PAUSE } });
    const endpoints = [0, 1, 2].map((region) => endpointPlan(region, { capacity }));
    const { send, service } = serviceOf({
      endpoints,
      routes: [routePlan([0, 1, 2], { rule: "least-busy", hopMs: [0, 0, 0] }), routePlan([1])],
    });
    send(0, { target: 1 });
    for (let i = 1; i <= 3; i++) send(i); // fill the source
    send(4);
    send(5);
    assert.equal(service.outstanding(0, 0), 6);
    send(6, { target: 1 });
    // b had one, so c got the first overflow; then b and c are equal and b comes first.
    assert.equal(service.outstanding(1, 0), 3);
  });

  it("a profile whose source is no member follows its rule from the first", () => {
    const capacity = slotsSpec({ servers: Number.POSITIVE_INFINITY, service: { kind: "constant", value: 1 } });
    const endpoints = [1, 2].map((region) => endpointPlan(region, { capacity }));
    const route = routePlan([0, 1], { sourceRegion: 0, rule: "random", hopMs: [0, 0] });
    const { send, advanceTo, places } = serviceOf({ endpoints, routes: [route] });
    for (let i = 0; i < 1000; i++) send(i);
    advanceTo(PAUSE);
    const first = places().filter((endpoint) => endpoint === 0).length;
    assert.ok(Math.abs(first - 500) < 4 * Math.sqrt(250), `${first} of 1000`);
  });

  it("avoids members that are down, and answers an error when the source is", () => {
    const { send, advanceTo, places, outcomes } = serviceOf({
      faults: [
        fault("outage", { region: 1, atMs: 0, forMs: 5000 }),
        fault("outage", { region: 0, atMs: 6000, forMs: 100 }),
      ],
      endpoints: [small(0), small(1), small(2)],
    });
    send(1);
    send(2);
    send(6050);
    advanceTo(PAUSE);
    assert.deepEqual(places().slice(0, 2), [0, 2]);
    assert.deepEqual(outcomes(), [OUTCOME.ok, OUTCOME.ok, OUTCOME.error]);
  });

  it("a member that goes down while the call is on its way leaves it to the others; with none left it is lost", () => {
    const lostAt = (route: RoutePlan) => {
      const { send, advanceTo, ended } = serviceOf({
        endpoints: [small(0), small(1), small(2)],
        routes: [route],
        faults: [fault("outage", { region: 1, atMs: 20, forMs: 5000 })],
      });
      send(0);
      send(1);
      advanceTo(PAUSE);
      return ended
        .filter(({ request }) => request === 1)
        .map(({ outcome, atMs, endpoint }) => [outcome, atMs, endpoint]);
    };
    // There at 31 ms and back at 61; on to c, which it reaches at 91 and holds for a second.
    assert.deepEqual(lostAt(routePlan([0, 1, 2])), [[OUTCOME.ok, 1091, 2]]);
    assert.deepEqual(lostAt(routePlan([1], { sourceRegion: 0, hopMs: [60] })), [[OUTCOME.error, 31, 1]]);
  });

  it("reserved capacity that refuses overflows, once", () => {
    const full = slotsSpec({ waitingRoom: 0, service: { kind: "constant", value: PAUSE } });
    const endpoints = [0, 1].map((region) => endpointPlan(region, { capacity: full }));
    const route = routePlan([0], { overflow: routePlan([1]) });
    const { send, outcomes } = serviceOf({ endpoints, routes: [route] });
    for (let i = 0; i < 3; i++) send(i);
    assert.deepEqual(outcomes(), [OUTCOME.unavailable]);
  });
});

describe("faults", () => {
  it("an outage loses all calls inside, gives their quota back, clears the cache, and ends", () => {
    const { send, advanceTo, outcomes, service, ended } = serviceOf({
      routes: [routePlan([0], { quotas: [0] })],
      quotas: [quotaSpec(10_000)],
      endpoints: [endpointPlan(0, { capacity: oneServer, cacheTtlMs: PAUSE })],
      faults: [fault("outage", { atMs: 1500, forMs: 1000 })],
    });
    const row = { inputTokens: 2000, maxTokens: 100, prefixTokens: 500, prefixId: 7 };
    send(0, row);
    send(1000, row);
    send(1001, row);
    advanceTo(2000);
    assert.deepEqual(outcomes(), [OUTCOME.ok, OUTCOME.error, OUTCOME.error]);
    assert.equal(service.quotaHeadroom(2000, 0, 0, 0), 1 - 2001 / 10_000);
    send(2400, row);
    send(2600, row);
    advanceTo(PAUSE);
    assert.deepEqual(outcomes().slice(3), [OUTCOME.error, OUTCOME.ok]);
    assert.deepEqual(
      ended.map(({ read, written }) => [read, written]),
      [
        [0, 500],
        [500, 0],
        [500, 0],
        [0, 0],
        [0, 500],
      ],
    );
  });

  it("a brownout starts fewer while it lasts; a quota cut refuses sooner", () => {
    const { send, advanceTo, ended, outcomes } = serviceOf({
      endpoints: [endpointPlan(0)],
      routes: [routePlan([0], { quotas: [0] })],
      quotas: [quotaSpec(1000)],
      faults: [
        fault("brownout", { amount: 0.5, atMs: 0, forMs: 10_000 }),
        fault("quota-cut", { amount: 0.2, atMs: 60_000, forMs: 60_000 }),
      ],
    });
    send(1, { maxTokens: 100 });
    send(1, { maxTokens: 100 });
    advanceTo(50_000);
    assert.deepEqual(
      ended.map((each) => each.atMs),
      [1001, 2001],
    );
    send(60_000, { maxTokens: 201 });
    send(60_001, { maxTokens: 199 });
    send(120_000, { maxTokens: 900 });
    advanceTo(PAUSE);
    assert.deepEqual(outcomes().slice(2), [OUTCOME.throttled, OUTCOME.ok, OUTCOME.ok]);
  });

  it("errors strike a share of those served, keyed by request: the same at every endpoint", () => {
    const capacity = slotsSpec({ servers: Number.POSITIVE_INFINITY, service: { kind: "constant", value: 1 } });
    const failed = (share: number) => {
      const { send, advanceTo, ended } = serviceOf({
        endpoints: [endpointPlan(0, { capacity, errorShare: share })],
        routes: [routePlan([0])],
      });
      for (let i = 0; i < 4000; i++) send(i);
      advanceTo(PAUSE);
      return ended.filter((each) => each.outcome === OUTCOME.broken).map((each) => each.request);
    };
    const [some, more] = [failed(0.1), failed(0.2)];
    assert.ok(Math.abs(some.length - 400) < 4 * Math.sqrt(360), `${some.length} of 4000`);
    assert.ok(some.every((request) => more.includes(request)));
  });
});

describe("quota and cache on arrival", () => {
  it("reserves on arrival, settles by what was used, and counts an answer without output for its input", () => {
    const { send, advanceTo, service } = serviceOf({
      endpoints: [endpointPlan(0)],
      routes: [routePlan([0], { quotas: [0] })],
      quotas: [quotaSpec(10_000, { burndown: 5 })],
    });
    send(0, { inputTokens: 1000, maxTokens: 2000, outputTokens: 300 });
    assert.equal(service.quotaHeadroom(1, 0, 0, 0), 0.7);
    advanceTo(5000);
    assert.equal(service.quotaHeadroom(5000, 0, 0, 0), 1 - (1000 + 5 * 300) / 10_000);
    send(5000, { inputTokens: 1000, maxTokens: 2000, outputTokens: 0 });
    advanceTo(50_000);
    assert.ok(Math.abs(service.quotaHeadroom(50_000, 0, 0, 0) - (1 - 3500 / 10_000)) < 1e-12);
    assert.equal(service.quotaUse()[0]!.granted, 2);
  });

  it("accounts have quotas of their own", () => {
    const { send, advanceTo, outcomes, service } = serviceOf({
      routes: [routePlan([0], { quotas: [0, -1] })],
      quotas: [quotaSpec(100)],
      accountOfClass: [0, 1],
    });
    send(0, { maxTokens: 101 });
    send(1, { maxTokens: 101, classIndex: 1 });
    advanceTo(PAUSE);
    assert.deepEqual(outcomes(), [OUTCOME.throttled, OUTCOME.ok]);
    assert.equal(service.quotaHeadroom(0, 0, 0, 1), 1);
  });

  it("a prefix is read where it was written, while it lives; too short a prefix is not cached", () => {
    const { send, advanceTo, ended } = serviceOf({
      endpoints: [endpointPlan(0, { cacheTtlMs: 10_000, cacheMinimumTokens: 1000 }), endpointPlan(1)],
      routes: [routePlan([0]), routePlan([1])],
    });
    const row = { inputTokens: 2000, prefixTokens: 1500, prefixId: 3 };
    send(0, row);
    send(5000, row);
    send(14_000, row); // the hit at 5,000 renewed it
    send(30_000, row);
    send(31_000, { ...row, prefixTokens: 999 });
    send(32_000, { ...row, target: 1 });
    advanceTo(PAUSE);
    assert.deepEqual(
      ended.map(({ read, written }) => [read, written]),
      [
        [0, 1500],
        [1500, 0],
        [1500, 0],
        [0, 1500],
        [0, 0],
        [0, 0],
      ],
    );
  });

  it("the tier shifts the class's level: priority before standard before flex", () => {
    const capacity = slotsSpec({ service: { kind: "constant", value: 1000 }, discipline: "priority" });
    const { send, advanceTo, ended } = serviceOf({
      endpoints: [endpointPlan(0, { capacity })],
      routes: [0, 1, 2].map((queueLevel) => routePlan([0], { queueLevel })),
    });
    for (const target of [1, 2, 1, 0]) send(target * 0.001, { target });
    advanceTo(PAUSE);
    assert.deepEqual(
      ended.map((each) => each.request),
      [0, 3, 2, 1],
    );
  });

  it("price epochs go on with time", () => {
    const { service } = serviceOf({ epochStartMs: Float64Array.of(0, 3_600_000, 7_200_000) });
    assert.deepEqual(
      [0, 3_599_999, 3_600_000, 9e9].map((ms) => service.epochAt(ms)),
      [0, 0, 1, 2],
    );
  });
});
