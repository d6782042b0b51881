import assert from "node:assert/strict";
import { test } from "node:test";
import { differingPaths, pairingOf } from "../../../simulator/compare/run-differences.ts";
import { runOf } from "./fixtures.ts";

const run = (more: Partial<Parameters<typeof runOf>[0]> = {}) => runOf({ strategies: { single: {} }, ...more });

test("paths are those of the scenario, and lists of named things are matched by name", () => {
  const a = {
    seed: 1,
    world: { quotas: { "us-east-1": { tokensPerMinute: "500k" } } },
    strategies: [{ single: { target: "a" } }, { name: "x", priority: { targets: ["a", "b"] } }],
    traffic: [{ class: "chat", arrivals: { poisson: "2/s" } }],
    steps: [1, 2],
  };
  const b = {
    seed: 1,
    world: { quotas: { "us-east-1": { tokensPerMinute: "800k" } } },
    strategies: ["round-robin", { name: "x", priority: { targets: ["a", "b"] } }, { single: { target: "b" } }],
    traffic: [{ class: "chat", arrivals: { poisson: "2/s" }, priority: 1 }],
    steps: [1, 3],
  };
  assert.deepEqual(
    differingPaths(a, b).map(({ what, a: one, b: other }) => [what, one, other]),
    [
      ["world.quotas.us-east-1.tokensPerMinute", "500k", "800k"],
      ["strategies[single].single.target", "a", "b"],
      ["strategies[round-robin]", "not set", "round-robin"],
      ["traffic[chat].priority", "not set", "1"],
      ["steps[1]", "2", "3"],
    ],
  );
  assert.deepEqual(differingPaths(a, structuredClone(a)), []);
});

test("what differs is said by path where scenarios are at hand, else by their digests", () => {
  const other = { scenario: { name: "s", description: "", sha256: "f".repeat(64) } };
  const named = pairingOf(run({ scenario: { seed: 1 } }), run({ scenario: { seed: 2 }, over: other }));
  assert.deepEqual(
    named.differences.filter(({ isScenario }) => isScenario),
    [{ what: "seed", a: "1", b: "2", isScenario: true }],
  );
  const unnamed = pairingOf(run(), run({ over: other }));
  assert.ok(unnamed.differences.some(({ what }) => what.startsWith("scenario (only its digest")));
  assert.deepEqual(pairingOf(run(), run()).differences, []);
});

test("replications are paired where seed and traffic are the same; a measured run has none to pair", () => {
  assert.equal(pairingOf(run(), run()).method, "paired replications");
  assert.equal(pairingOf(run(), run({ seed: 9 })).method, "independent replications");
  assert.equal(pairingOf(run(), run({ traffic: "u" })).method, "independent replications");
  assert.equal(pairingOf(run(), run({ over: { kind: "measured" } })).method, "measured requests");
});

test("an invalid measurement, missing replications and unlike classes are refused", () => {
  const { refusals } = pairingOf(
    { ...run({ label: "a" }), invalid: ["requests left late"] },
    run({ classes: ["other"], over: { replications: { asked: 5, done: 3 } } }),
  );
  assert.equal(refusals.length, 3);
  assert.match(refusals.join(" "), /invalid measurement: requests left late.*3 of the 5.*no class of traffic/);
});
