import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { decisionTable, explainedText, hasExplained, sightTable } from "../../../reports/tables/explained.ts";
import type { AuditRecord } from "../../../simulator/engine/audit.ts";
import { createAudit } from "../../../simulator/engine/audit.ts";
import { replicationSeed, Simulation } from "../../../simulator/engine/simulation.ts";
import { explainDecisions } from "../../../simulator/experiment/explain.ts";
import type { RunResult } from "../../../simulator/experiment/result.ts";
import type { Plan } from "../../../simulator/scenario/plan.ts";
import { createTraffic } from "../../../simulator/traffic/source.ts";
import { planOf, scenarioInput, worldInput } from "../scenario/base.ts";

/** Region a answers in 1 s, b in 3 s at half the price; servers for all. */
function plan(strategies: unknown, over: object = {}): Plan {
  const region = (service: string) => ({ kind: "slots", servers: 1000, service });
  const world = worldInput({
    models: {
      m: {
        id: "anthropic.claude-3-haiku-20240307-v1:0",
        burndown: 1,
        capacity: region("1s"),
        capacityIn: { b: region("3s") },
      },
    },
    prices: {
      book: "none",
      overrides: [
        { model: "m", region: "a", input: 2, output: 2 },
        { model: "m", region: "b", input: 1, output: 1 },
      ],
    },
  } as never);
  return planOf(scenarioInput({ requests: 200, world, strategies: strategies as never, ...over } as never));
}

function explained(of: Plan, count: number) {
  const work = explainDecisions(of, count);
  const shares: number[] = [];
  for (let step = work.next(); ; step = work.next()) {
    if (step.done === true) return { found: step.value, shares };
    shares.push(step.value);
  }
}

describe("explained decisions", () => {
  it("say what was seen and chosen, and what each target would have meant for the request", () => {
    const { found, shares } = explained(plan(["cheapest", { single: { target: "a" } }]), 4);
    assert.deepEqual(
      found.requests.map(({ request }) => request),
      [25, 75, 125, 175],
    );
    assert.ok(shares.every((share, i) => share < 1 && share >= (shares[i - 1] ?? 0)));
    for (const { strategies } of found.requests) {
      const [cheapest, single] = strategies;
      assert.equal(cheapest!.chosen, "b");
      assert.equal(cheapest!.hindsight, "b", "no objective: the cheaper one");
      assert.deepEqual(
        cheapest!.outcomes.map(({ target, end, e2eMs, costUsd }) => [target, end, Math.round(e2eMs / 10), costUsd]),
        [
          ["b", "served", 300, 150 / 1e6],
          ["a", "served", 100, 300 / 1e6],
        ],
      );
      const prices = cheapest!.targets.map(({ target, priceInUsdPerMTok, e2eMsMean }) => [
        target,
        priceInUsdPerMTok,
        e2eMsMean,
      ]);
      assert.deepEqual(
        prices,
        [
          ["a", 2, null],
          ["b", 1, null],
        ],
        "it asks for no latency, so it saw none",
      );
      assert.equal(single!.chosen, "a");
      assert.equal(single!.hindsight, "b");
    }
  });

  it("put the objective before the price, and show scores where a strategy has them", () => {
    const traffic = [
      {
        class: "all",
        arrivals: { poisson: "4/s" },
        tokens: { input: 100, output: 50, maxTokens: 200 },
        slo: { e2e: "2s" },
      },
    ];
    const { found } = explained(
      plan(["cheapest", { score: { score: { price: 1, latency: 1 } } }, "round-robin"], { traffic }),
      5,
    );
    for (const { strategies } of found.requests) {
      assert.equal(strategies[0]!.hindsight, "a", "b is outside the objective of 2 s");
      assert.equal(strategies[0]!.outcomes.find(({ target }) => target === "b")!.isWithinObjective, false);
      assert.ok(
        strategies[2]!.targets.every(({ score }) => score === null),
        "turns compare nothing",
      );
      for (const { targets, chosen } of strategies.slice(0, 2)) {
        const least = targets.reduce((best, each) =>
          (each.score ?? Infinity) < (best.score ?? Infinity) ? each : best,
        );
        assert.equal(least.target, chosen);
      }
    }
  });

  it("leave the run as it is: the own choice ends as it does unwatched", () => {
    const of = plan(["random"]);
    const { found } = explained(of, 20);
    const records = new Map<number, AuditRecord>();
    const audit = createAudit({
      plan: of,
      strategy: 0,
      replication: 0,
      write: (record) => records.set(record.request, record),
    });
    const run = new Simulation(of, of.strategies[0]!, replicationSeed(of.seed, 0), audit);
    run.run(
      createTraffic(of.traffic, {
        seed: of.seed,
        replication: 0,
        durationMs: of.durationMs,
        requestsMax: of.requestsMax,
      }).next()!,
    );
    run.end();
    for (const { request, strategies } of found.requests) {
      const record = records.get(request)!;
      const own = strategies[0]!.outcomes[0]!;
      assert.equal(strategies[0]!.chosen, record.attempts[0]!.target);
      assert.equal(own.e2eMs, Date.parse(record.endedAt) - Date.parse(record.arrivedAt));
      assert.equal(own.costUsd, Number(record.costUsd));
    }
  });

  it("come out as tables and sentences that count the same", () => {
    const of = plan(["cheapest", { single: { target: "a" } }]);
    const result = {
      strategies: of.strategies.map(({ name }) => ({ name })),
      explained: explained(of, 4).found,
    } as unknown as RunResult;
    assert.ok(hasExplained(result));
    assert.match(explainedText(result), /cheapest: 4 of 4 as hindsight/);
    assert.match(
      explainedText(result),
      /single: 0 of 4 .* 2\.00 s later on average, with 50(\.0)? % of their cost saved/,
    );
    assert.equal(decisionTable(result).rows.length, 8);
    assert.equal(sightTable(result).rows.length, 16);
    assert.equal(sightTable(result).columns.length, sightTable(result).rows[0]!.cells.length);
  });
});
