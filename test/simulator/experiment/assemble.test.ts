import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MeridianError } from "../../../simulator/base/errors.ts";
import { assembleResult } from "../../../simulator/experiment/assemble.ts";
import type { ScenarioInput } from "../../../simulator/scenario/schema.ts";
import { classInput, planOf, scenarioInput } from "../scenario/base.ts";
import { runAll } from "./fixtures.ts";

const PROVENANCE = { scenarioSha256: "0".repeat(64), meridianVersion: "test", traces: [] };

const input = (over: Partial<ScenarioInput> = {}) =>
  scenarioInput({
    replications: 3,
    requests: 1200,
    strategies: ["round-robin", "least-outstanding", { single: { target: "a" }, name: "alone" }],
    baseline: "alone",
    traffic: [classInput({ slo: { e2e: "3s" } })],
    assert: ["p95(e2e, strategy=round-robin) < 60s", "throttled() < 1%", "failed(strategy=alone) > 50%"],
    ...over,
  });

describe("the run's result", () => {
  const plan = planOf(input());
  const outputs = runAll({ plan });
  const result = assembleResult({ plan }, outputs, PROVENANCE);

  it("does not depend on the order in which jobs finished", () => {
    assert.deepEqual(assembleResult({ plan }, [...outputs].reverse(), PROVENANCE), result);
    const split = outputs.flatMap((output) => output.stats.map((stats) => ({ stats: [stats] }))).reverse();
    assert.deepEqual(assembleResult({ plan }, split, PROVENANCE), result);
  });

  it("puts the baseline first, compares the others with it, and adds parts up to the whole", () => {
    assert.deepEqual(
      result.strategies.map((strategy) => strategy.name),
      ["alone", "round-robin", "least-outstanding"],
    );
    assert.deepEqual(
      [...new Set(result.comparisons.map((each) => each.strategy))],
      ["round-robin", "least-outstanding"],
    );
    for (const strategy of result.strategies) {
      const { counts } = strategy.total;
      assert.equal(counts.sent, 3600);
      const sum = (groups: readonly { counts: { sent: number } }[]) =>
        groups.reduce((all, each) => all + each.counts.sent, 0);
      assert.equal(sum(strategy.byClass), counts.sent);
      assert.equal(sum(strategy.byRegion), counts.sent);
      assert.equal(sum(strategy.byHour), counts.sent);
      assert.equal(
        strategy.byRegionHour.reduce((all, cell) => all + cell.attempts, 0),
        counts.attempts,
      );
      const shares = strategy.e2eDistribution.map((point) => point.share);
      assert.ok(shares.every((share, i) => share > (shares[i - 1] ?? 0)));
      assert.ok(Math.abs(shares.at(-1)! - 1) < 1e-12);
      assert.equal(strategy.replications.length, 3);
    }
    assert.ok(result.strategies[1]!.total.cost.source.savingShare !== null);
    assert.equal(result.strategies[0]!.total.cost.source.savingShare, null);
  });

  it("holds its gates against it, and says what was found", () => {
    assert.deepEqual(
      result.assertions.map((each) => each.passed),
      [true, true, false],
    );
    assert.match(result.assertions[2]!.found, /^alone: /);
  });

  it("is plain JSON: nothing is lost, nothing is NaN", () => {
    const { strategies, ...rest } = result;
    assert.deepEqual(JSON.parse(JSON.stringify(rest)), rest);
    assert.doesNotMatch(JSON.stringify(strategies), /NaN/);
    for (const { total } of strategies) assert.ok(Number.isFinite(total.e2eMs.p95.value));
  });

  it("a replication that is missing is our own bug", () => {
    assert.throws(
      () => assembleResult({ plan }, outputs.slice(1), PROVENANCE),
      (error) => error instanceof MeridianError && error.kind === "internal",
    );
  });

  it("one replication: says that nothing can be shown", () => {
    const single = planOf(input({ replications: 1 }));
    const one = assembleResult({ plan: single }, runAll({ plan: single }), PROVENANCE);
    assert.ok(one.comparisons.every((each) => each.verdict === "not shown"));
    assert.match(
      one.verdict,
      /^No strategy keeps the objective\. The least bad is alone \(one replication cannot tell 2 others from it\)/,
    );
    assert.match(one.verdict, /One replication cannot show a difference: ask for ten/);
    assert.equal(one.recommended, null);
    assert.ok(one.notes.includes("One replication: no interval can be given, and no difference can be shown."));
    const lone = planOf(input({ replications: 1, strategies: ["round-robin"], baseline: "round-robin", assert: [] }));
    const { notes, verdict } = assembleResult({ plan: lone }, runAll({ plan: lone }), PROVENANCE);
    assert.ok(notes.includes("One replication: no interval can be given."));
    assert.doesNotMatch(verdict, /difference/);
    const measured = assembleResult({ plan: single }, runAll({ plan: single }), { ...PROVENANCE, kind: "measured" });
    assert.match(measured.verdict, /One measured run has no intervals and cannot show a difference\./);
  });

  it("a class, or a run, of which nothing was sent comes first", () => {
    const silent = classInput({ class: "off", arrivals: { poisson: "0/s" } });
    const verdict = (traffic: ScenarioInput["traffic"]) => {
      const plan = planOf(scenarioInput({ duration: "60s", requests: undefined, traffic }));
      return assembleResult({ plan }, runAll({ plan }), PROVENANCE).verdict;
    };
    assert.match(
      verdict([classInput(), silent]),
      /^Nothing was sent of class off\. round-robin alone serves every request/,
    );
    assert.match(verdict([silent]), /^Nothing was sent: no request arrived within the run/);
    assert.match(verdict([classInput()]), /^round-robin alone serves every request; it costs USD .* p95 of all/);
  });
});
