import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FIELD } from "../../../simulator/engine/recorder.ts";
import { Requests } from "../../../simulator/engine/requests.ts";
import type { ScenarioInput } from "../../../simulator/scenario/schema.ts";
import { classInput, HAIKU, planOf, scenarioInput, worldInput } from "../scenario/base.ts";
import { capacity, chunkOf, custom, rows, simulate, type World, world } from "./run.ts";

describe("requests, event by event", () => {
  const requestsOf = (input: ScenarioInput) => {
    const plan = planOf(input);
    return new Requests(plan, plan.strategies[0]!, 1, null, null);
  };

  it("an arrival is sent at once where no gateway and no network stand between", () => {
    const requests = requestsOf(scenarioInput({ world: world(capacity(1)) }));
    assert.equal(requests.isBusy, false);
    const chunk = chunkOf([{ atMs: 700 }]);
    requests.prepare(chunk);
    requests.arrive(chunk, 0);
    assert.deepEqual([requests.isBusy, requests.seen, requests.statistics.inSystem], [true, 1, 1]);
    assert.deepEqual([requests.nextMs, requests.service.nextMs], [Number.POSITIVE_INFINITY, 1700]);
    requests.service.advance();
    assert.deepEqual([requests.isBusy, requests.statistics.inSystem], [false, 0]);
  });

  it("its next event is the earliest of gateways, timers and retries", () => {
    const gateways = [capacity(1, "300ms")];
    const faults: World["faults"] = [{ kind: "outage", at: "0", for: "10h" }];
    const client = custom({ maxAttempts: 2, backoff: { constant: "400ms" } }, { deadline: "2s" });
    const requests = requestsOf(scenarioInput({ world: world(capacity(1), { gateways, faults }), client }));
    while (requests.service.nextMs <= 0) requests.service.advance();
    const chunk = chunkOf([{ atMs: 0 }]);
    requests.prepare(chunk);
    requests.arrive(chunk, 0);
    const instants: number[] = [];
    while (requests.nextMs < Number.POSITIVE_INFINITY) {
      instants.push(requests.nextMs);
      requests.advance();
    }
    // Through the gateway at 300, refused at once; again at 700, refused and given up; the deadline's timer is void.
    assert.deepEqual(instants, [300, 700, 2000]);
    assert.deepEqual([requests.isBusy, requests.statistics.inSystem], [false, 0]);
  });

  it("the end of the run ends what is still waiting, once", () => {
    const requests = requestsOf(scenarioInput({ world: world(capacity(1)) }));
    const chunk = chunkOf(rows(5, 10));
    requests.prepare(chunk);
    for (let row = 0; row < chunk.length; row++) requests.arrive(chunk, row);
    requests.endAll(100);
    assert.equal(requests.statistics.inSystem, 0);
    requests.endAll(100);
    assert.equal(requests.statistics.inSystem, 0);
  });
});

describe("refusals, retries and limits of time", () => {
  it("all regions down: requests fail, with their retries, and the run ends", () => {
    const faults: World["faults"] = [{ kind: "outage", at: "0", for: "10h" }];
    for (const retry of ["none", "standard", "adaptive", "legacy"] as const) {
      const { ends, total } = simulate(
        scenarioInput({ world: world(capacity(4), { faults, healthDelay: "1s" }), client: { retry } }),
        rows(100, 50),
      );
      assert.deepEqual(ends, { failed: 100 }, retry);
      assert.equal(total.cost.source.totalFUsd, 0n);
    }
  });

  it("throttled for ever with unlimited retries: ends with the drain", () => {
    const input = scenarioInput({
      world: world(capacity(4), { quotas: [{ tokensPerMinute: 100 }] }),
      // The scenario's own calls fit; the rows below ask for 300 tokens each.
      traffic: [classInput({ tokens: { input: 20, output: 50, maxTokens: 50 } })],
      client: custom({ maxAttempts: "unlimited", backoff: { constant: "10s" } }),
      drain: "10m",
    });
    const { ends, attempts } = simulate(input, rows(20, 10));
    assert.deepEqual(ends, { inFlight: 20 });
    assert.equal(attempts, 20 * 61, "one at once, one every ten seconds of the drain");
    const limited = simulate(
      { ...input, client: custom({ maxAttempts: "unlimited", backoff: { constant: "10s" } }, { deadline: "35s" }) },
      rows(20, 10),
    );
    assert.deepEqual([limited.ends, limited.attempts], [{ timedOut: 20 }, 80]);
  });

  it("attempts: (1 - p^n) / (1 - p) where each fails with probability p", () => {
    const models = { m: { id: HAIKU, capacity: capacity("unlimited", "10ms"), errors: "20%" } };
    const { attempts, total } = simulate(
      scenarioInput({
        requests: 20_000,
        world: worldInput({ models }),
        client: custom({ maxAttempts: 3, backoff: { constant: "0s" } }),
      }),
    );
    const [p, n] = [0.2, 3];
    assert.ok(Math.abs(attempts / 20_000 - (1 - p ** n) / (1 - p)) < 4 * (0.53 / Math.sqrt(20_000)));
    const failed = total.fields[5]! / 20_000;
    assert.ok(Math.abs(failed - p ** 3) < 4 * Math.sqrt((p ** 3 * (1 - p ** 3)) / 20_000), `${failed} failed`);
  });

  it("a 503 with nowhere to wait: refused; the next region takes it where a retry may go there", () => {
    const slots = capacity(1, "1s", { waitingRoom: 0 });
    const strategies: ScenarioInput["strategies"] = [{ priority: { targets: ["a", "b"] } }];
    const client = custom({ maxAttempts: 2, backoff: { constant: "0s" } });
    const { ends, total, stats } = simulate(scenarioInput({ world: world(slots), strategies, client }), rows(3, 1));
    assert.deepEqual(ends, { served: 2, refused: 1 });
    assert.equal(total.fields[FIELD.attemptsUnavailable], 3);
    assert.deepEqual(
      stats.byRegion.map((group) => group.fields[0]),
      [1, 1, 0],
    );
  });

  it("a timeout detaches the attempt: the service goes on and bills it, the caller tries again", () => {
    const input = scenarioInput({
      world: world(capacity("unlimited", "10s")),
      client: custom({ maxAttempts: 3, backoff: { constant: "500ms" } }, { timeout: "2s" }),
    });
    const { ends, attempts, total, output } = simulate(input, [{ atMs: 0 }]);
    assert.deepEqual([ends, attempts], [{ timedOut: 1 }, 3]);
    assert.equal(total.fields[FIELD.attemptsTimedOut], 3);
    const one = simulate({ ...input, client: { retry: "none" } }, [{ atMs: 0 }]).total.cost.source.totalFUsd;
    assert.ok(one > 0n);
    assert.equal(total.cost.source.totalFUsd, 3n * one);
    assert.equal(output.inSystemAtEnd, 1);
  });

  it("a deadline ends a request wherever it is: in service, or waiting to try again", () => {
    const slow = scenarioInput({ world: world(capacity(1, "10s")), client: { retry: "none", deadline: "3s" } });
    assert.deepEqual(simulate(slow, rows(4, 0)).ends, { timedOut: 4 });
    const faults: World["faults"] = [{ kind: "outage", at: "0", for: "10h" }];
    const waiting = scenarioInput({
      world: world(capacity(1), { faults }),
      client: custom({ maxAttempts: 10, backoff: { constant: "2s" } }, { deadline: "3s" }),
    });
    const { ends, attempts } = simulate(waiting, rows(30, 7));
    assert.deepEqual([ends, attempts], [{ timedOut: 30 }, 60]);
  });

  it("patience: a request that leaves the queue is abandoned, and not retried", () => {
    const slots = capacity(1, "10s", { patience: { constant: "1s" } });
    const input = scenarioInput({
      world: world(slots),
      strategies: [{ single: { target: "a" } }],
      client: custom({ maxAttempts: 5, backoff: { constant: "1s" } }),
    });
    const { ends, attempts } = simulate(input, rows(3, 1));
    assert.deepEqual([ends, attempts], [{ served: 1, abandoned: 2 }, 3]);
  });
});

describe("batch targets", () => {
  const bought = (target: string, service: string, client: ScenarioInput["client"]) =>
    scenarioInput({
      world: world(capacity("unlimited", service), { targets: ["a", "a/batch"] }),
      traffic: [classInput({ deferrable: true })],
      strategies: [{ single: { target } }],
      client,
    });

  it("no limit of an attempt's time and no hedge applies to a call in batch", () => {
    const hasty: ScenarioInput["client"] = { retry: "none", timeout: "600ms", hedge: { after: "400ms" } };
    const batch = simulate(bought("a/batch", "1s", hasty), [{ atMs: 0 }]);
    assert.deepEqual([batch.ends, batch.attempts, batch.total.e2e.mean], [{ served: 1 }, 1, 1000]);
    const onDemand = simulate(bought("a", "1s", hasty), [{ atMs: 0 }]);
    assert.deepEqual([onDemand.ends, onDemand.attempts], [{ timedOut: 1 }, 2]);
  });

  it("a request no longer waits for a batch once it has ended, served or by its deadline", () => {
    // At the last arrival, at 5 s, all others have ended, and the last waits for its batch: that leaves none.
    const times = [...rows(3, 10), { atMs: 5000 }];
    const served = simulate(bought("a/batch", "1s", { retry: "none" }), times);
    assert.deepEqual([served.ends, served.output.inSystemAtEnd], [{ served: 4 }, 0]);
    const late = simulate(bought("a/batch", "1h", { retry: "none", deadline: "2s" }), times);
    assert.deepEqual([late.ends, late.output.inSystemAtEnd], [{ timedOut: 4 }, 0]);
  });
});

describe("hedging", () => {
  const hedged = (after: string, over: object = {}, slots = capacity("unlimited", "1s")) =>
    scenarioInput({ world: world(slots), client: { retry: "none", hedge: { after, ...over } } });

  it("silence sends another; the first answer wins, and both are billed", () => {
    const slow = simulate(hedged("400ms"), [{ atMs: 0 }]);
    assert.deepEqual([slow.ends, slow.attempts, slow.total.e2e.mean], [{ served: 1 }, 2, 1000]);
    const quick = simulate(hedged("1100ms"), [{ atMs: 0 }]);
    assert.equal(quick.attempts, 1);
    assert.equal(slow.total.cost.source.totalFUsd, 2n * quick.total.cost.source.totalFUsd);
  });

  it("a hedge budget bounds what a slow service is sent on top", () => {
    const rows = Array.from({ length: 200 }, (_, i) => ({ atMs: 2000 * i }));
    const extra = (over: object) => simulate(hedged("400ms", over), rows).attempts - rows.length;
    assert.equal(extra({}), 200, "every call is slow");
    assert.equal(extra({ budget: "10%" }), 20);
    assert.equal(extra({ budget: "100%" }), 200);
  });

  it("a hedge that finds a free server overtakes a queue", () => {
    const strategies: ScenarioInput["strategies"] = ["round-robin"];
    const { total, ends } = simulate({ ...hedged("100ms", {}, capacity(1)), strategies }, [
      { atMs: 0 },
      { atMs: 1 },
      { atMs: 2 },
    ]);
    assert.deepEqual(ends, { served: 3 });
    assert.ok(total.e2e.max < 2000 + 1);
  });

  it("no more than so many a request, each counted from the latest send", () => {
    const { attempts } = simulate(hedged("100ms", { max: 3 }), [{ atMs: 0 }]);
    assert.equal(attempts, 4);
    // The second request is refused at 80 and tried again at 160, where it takes 50 ms: at 180 it has been silent for
    // 20 ms, not for 100. The first is silent for 100 ms at 100, and its hedge is refused.
    const one = capacity(1, "0s", { waitingRoom: 0, perOutputToken: "1ms" });
    const input = scenarioInput({
      world: world(one),
      strategies: [{ single: { target: "a" } }],
      client: custom({ maxAttempts: 3, backoff: { constant: "80ms" } }, { hedge: { after: "100ms" } }),
    });
    const two = simulate(input, [
      { atMs: 0, output: 150 },
      { atMs: 80, output: 50 },
    ]);
    assert.deepEqual([two.ends, two.attempts], [{ served: 2 }, 2 + 2]);
  });

  it("with limits of time, retries and everything down, every request still ends once", () => {
    const slots = capacity(2, "1s", { waitingRoom: 3, patience: { exponential: { mean: "2s" } } });
    for (const faults of [[], [{ kind: "outage", mtbf: "20s", mttr: "10s" }]] as World["faults"][]) {
      for (const limits of [{ timeout: "1500ms" }, { deadline: "2500ms" }, { timeout: "900ms", deadline: "2500ms" }]) {
        const input = scenarioInput({
          requests: 3000,
          routers: 3,
          world: world(slots, {
            faults: faults ?? [],
            quotas: [{ tokensPerMinute: "30k" }],
            gateways: [capacity(8, "100ms")],
          }),
          client: custom(
            { maxAttempts: 4, backoff: { grow: { base: "50ms" } } },
            { hedge: { after: "300ms", max: 2 }, ...limits },
          ),
        });
        const { sent, output } = simulate(input);
        assert.equal(sent, 3000);
        assert.equal(output.stoppedEarlyAtMs, null);
      }
    }
  });
});

describe("what a strategy refuses or puts off", () => {
  const paced = (over: object) =>
    scenarioInput({
      world: world(capacity("unlimited", "1s")),
      // Each call reserves 100 + 200 tokens, so that 3 of them fill a minute of 900.
      strategies: [{ "quota-paced": { tokensPerMinute: { a: 900, b: 1 }, ...over } }] as never,
    });

  it("a request that is shed ends as refused, with no attempt and no wait", () => {
    const { ends, attempts, total } = simulate(paced({ patience: "0s", full: "shed" }), rows(5, 10));
    assert.deepEqual([ends, attempts], [{ served: 3, refused: 2 }, 3]);
    assert.equal(total.e2e.mean, 1000);
  });

  it("a wait counts in the latency, from the intended arrival", () => {
    const { ends, total } = simulate(paced({ patience: "2m" }), rows(4, 0));
    // At 1 s three answers settle to 150 tokens each, which makes room for the fourth.
    assert.deepEqual([ends, total.e2e.max], [{ served: 4 }, 2_000]);
  });
});
