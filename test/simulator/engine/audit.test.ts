import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { END } from "../../../simulator/client/request-rules.ts";
import type { AuditRecord } from "../../../simulator/engine/audit.ts";
import { FIELD } from "../../../simulator/engine/recorder.ts";
import { runJob } from "../../../simulator/experiment/index.ts";
import { BILLING_RULES } from "../../../simulator/service/pricing/prices.ts";
import { planOf, scenarioInput, worldInput } from "../scenario/base.ts";
import { drain, eventful, watch } from "./watched.ts";

const plan = planOf(eventful());
const { stats, records } = watch(plan);
const counted = records.filter((record) => record.counted);

/** Decimal USD to whole femto-dollars, by text: independent of the code that made the text. */
function fUsd(usd: string): bigint {
  const [whole, part = ""] = usd.split(".");
  return BigInt(whole! + part.padEnd(15, "0"));
}

const sum = (values: readonly bigint[]) => values.reduce((total, value) => total + value, 0n);
const count = (pick: (record: AuditRecord) => number) => counted.reduce((total, each) => total + pick(each), 0);

describe("the audit of a run", () => {
  it("is of a run in which everything happens", () => {
    const ends = new Set(records.map((record) => record.end));
    for (const end of ["served", "throttled", "refused", "timedOut", "failed", "inFlight"] as const) {
      assert.ok(ends.has(end), end);
    }
    const attempts = records.flatMap((record) => record.attempts);
    for (const outcome of ["ok", "throttled", "unavailable", "error", "abandoned", "inFlight"] as const) {
      assert.ok(
        attempts.some((attempt) => attempt.outcome === outcome),
        outcome,
      );
    }
    assert.ok(attempts.some((attempt) => attempt.givenUp && attempt.outcome === "ok"));
    assert.ok(attempts.some((attempt) => attempt.tokens.cacheRead > 0));
    assert.ok(attempts.some((attempt) => attempt.tokens.cacheWrite > 0));
    assert.ok(
      attempts.some((attempt) => attempt.destinationRegion !== attempt.sourceRegion && attempt.destinationRegion),
    );
    assert.ok(records.some((record) => record.attempts.filter((attempt) => attempt.costUsd !== "0").length > 1));
    assert.ok(records.some((record) => !record.counted));
  });

  for (const billing of BILLING_RULES) {
    it(`costs of its requests are the bill to the last digit: ${billing}`, () => {
      const money = { ...plan.money, billing, routingFeeUsdPer1kDecisions: 0.0005 };
      const watched = watch({ ...plan, money });
      const bill = watched.stats.total.cost[billing].totalFUsd;
      assert.ok(bill > 0n);
      const billed = watched.records.filter((record) => record.counted);
      assert.equal(sum(billed.map((record) => fUsd(record.costUsd))), bill);
      assert.equal(sum(billed.flatMap(({ attempts }) => attempts.map((attempt) => fUsd(attempt.costUsd)))), bill);
      assert.ok(billed.every((record) => record.billing === billing));
    });
  }

  it("has every request once, and the counts of the result", () => {
    const { fields } = stats.total;
    assert.equal(new Set(records.map((record) => record.request)).size, records.length);
    assert.equal(Math.max(...records.map((record) => record.request)), records.length - 1);
    assert.equal(counted.length, fields[FIELD.sent]);
    for (const [name, end] of Object.entries(END)) {
      assert.equal(
        count((record) => (record.end === name ? 1 : 0)),
        fields[end],
        name,
      );
    }
    assert.equal(
      count((record) => record.attempts.length),
      fields[FIELD.attempts],
    );
    assert.equal(
      count((record) => (record.attempts.length > 1 ? 1 : 0)),
      fields[FIELD.retried],
    );
    assert.equal(
      count((record) => record.promptTokens),
      fields[FIELD.inputTokens],
    );
    plan.regionNames.forEach((region, r) => {
      const served = count((record) => (record.servedIn === region ? 1 : 0));
      assert.equal(served, stats.byRegion[r]!.fields[END.served], region);
    });
  });

  it("names the quota that refused, as often as the quota says it did", () => {
    const refusals = records.flatMap((record) => record.attempts.flatMap((attempt) => attempt.refusedBy ?? []));
    assert.ok(refusals.length > 0);
    for (const quota of stats.quotas) {
      const of = (limit: string) => refusals.filter((each) => each === `${quota.id}: ${limit}`).length;
      assert.deepEqual(
        [of("tokens per minute"), of("tokens per day"), of("requests")],
        [quota.refusedTokensPerMinute, quota.refusedTokensPerDay, quota.refusedRequests],
        quota.id,
      );
    }
    for (const { attempts } of records) {
      for (const each of attempts) assert.equal(each.refusedBy !== null, each.outcome === "throttled");
    }
  });

  it("a bound class stays in its regions: nothing was sent or ran elsewhere", () => {
    const bound = records.filter((record) => record.class === "bound");
    assert.ok(bound.length > 1000);
    for (const record of bound) {
      assert.equal(record.residency, "eu");
      assert.equal(record.allowed, true);
      for (const attempt of record.attempts) {
        assert.match(attempt.sourceRegion, /^eu-/);
        assert.match(attempt.destinationRegion ?? "eu-", /^eu-/);
      }
    }
    assert.equal(stats.total.fields[FIELD.residencyViolations], 0);
  });

  it("finds the violations that the result counts, when a rule is tightened behind the router's back", () => {
    const [bound, free] = plan.classes;
    const noFrankfurt = Uint8Array.from(plan.regionNames, (name) => (name === "eu-west-1" ? 1 : 0));
    const broken = watch({ ...plan, classes: [{ ...bound!, allowedRegions: noFrankfurt }, free!] });
    const found = broken.records.filter(
      (record) =>
        record.counted && record.class === "bound" && record.end === "served" && record.servedIn !== "eu-west-1",
    );
    assert.ok(found.length > 100);
    assert.equal(found.length, broken.stats.total.fields[FIELD.residencyViolations]);
    for (const record of broken.records.filter((each) => each.class === "bound")) {
      const regions = record.attempts
        .flatMap((attempt) => [attempt.sourceRegion, attempt.destinationRegion ?? []])
        .flat();
      assert.equal(
        record.allowed,
        regions.every((region) => region === "eu-west-1"),
      );
    }
  });

  it("of reserved capacity: calls cost nothing, what overflows is billed, the hours stand on no call", () => {
    const base = scenarioInput({ duration: "10m", requests: undefined } as never);
    const world = {
      ...worldInput({
        regions: ["us-east-1"],
        targets: ["us-east-1@reserved"],
        prices: { book: "none", overrides: [{ model: "m", input: 1, output: 5 }] },
      } as never),
      reserved: [
        { region: "us-east-1", model: "m", inputTokensPerMinute: 15_000, outputTokensPerMinute: 6000, usdPerHour: 30 },
      ],
    };
    const reserved = planOf({ ...base, world, strategies: ["round-robin"] } as never);
    const watched = watch(reserved);
    const costs = watched.records.map((record) => fUsd(record.costUsd));
    assert.ok(costs.some((cost) => cost === 0n) && costs.some((cost) => cost > 0n));
    assert.equal(sum(costs), watched.stats.total.cost.source.totalFUsd);
    assert.ok(watched.stats.total.reservedFUsd > 0n);
  });

  it("changes nothing in what it watches", () => {
    const { stats: unwatched } = drain(runJob({ plan }, { replication: 0, strategyIndices: [0] }));
    assert.deepEqual(unwatched[0], stats);
  });

  it("one call by hand: instants, tokens and price", () => {
    const input = scenarioInput({
      start: "2026-05-04T23:59:58Z",
      requests: 2,
      world: worldInput({
        models: { m: { id: "m", burndown: 1, capacity: { kind: "slots", servers: 1, service: "1500ms" } } },
      } as never),
      traffic: [
        {
          class: "all",
          arrivals: { deterministic: { interval: "1s" } },
          tokens: { input: 100, output: 50, maxTokens: 200 },
        },
      ],
      strategies: [{ single: { target: "a" } }],
    } as never);
    const [first, second] = watch(planOf(input)).records;
    const lagMs = Date.parse(first!.arrivedAt) - Date.parse("2026-05-04T23:59:58Z");
    assert.ok(lagMs >= 0 && lagMs <= 1000);
    const after = (iso: string, ms: number) => new Date(Date.parse(iso) + ms).toISOString();
    assert.equal(first!.endedAt, after(first!.arrivedAt, 1500));
    assert.equal(second!.arrivedAt, after(first!.arrivedAt, 1000));
    assert.equal(second!.endedAt, after(first!.arrivedAt, 3000), "waits for the one server");
    // 100 tokens at 1 USD per million and 50 at 5.
    assert.equal(first!.costUsd, "0.00035");
    assert.deepEqual(first!.attempts[0]!.tokens, { input: 100, output: 50, cacheRead: 0, cacheWrite: 0 });
    assert.deepEqual([first!.servedIn, first!.origin, first!.class], ["a", "a", "all"]);
  });
});
