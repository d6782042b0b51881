import assert from "node:assert/strict";
import { test } from "node:test";
import { checkConformance } from "../../../simulator/client/conformance.ts";
import { deferUntil, SHED, type Strategy, type StrategyDefinition } from "../../../simulator/client/strategy.ts";

const of = (create: StrategyDefinition["create"]): StrategyDefinition => ({
  name: "own",
  summary: "A strategy of the test's own.",
  options: {},
  signals: [],
  create,
});
const failing = (choose: Strategy["choose"]) =>
  checkConformance(of(() => ({ choose })))
    .filter(({ problem }) => problem !== null)
    .map(({ name }) => name);

test("each wrong strategy fails the demand that it breaks", () => {
  assert.deepEqual(
    failing((_request, { eligible }) => eligible[0]!),
    [],
  );
  assert.deepEqual(failing(() => SHED).includes("chooses eligible targets only"), false);
  assert.ok(failing(() => 0).includes("chooses eligible targets only"));
  assert.ok(failing(() => Number.NaN).includes("survives signals that are not known"));
  assert.ok(
    failing((_request, { count }) => count).includes(
      "takes the only eligible target, and keeps to it or sheds when it failed",
    ),
  );
  const postponed = failing((_request, _targets, nowMs) => deferUntil(nowMs + 1));
  assert.ok(postponed.includes("sends or sheds what it puts off, in the end"));
  assert.ok(failing(() => deferUntil(0)).includes("chooses eligible targets only"), "an instant that has passed");
});

test("chance of its own and state outside of the instance are found out", () => {
  let calls = 0;
  const shared = failing((_request, { eligible, eligibleCount }) => eligible[calls++ % eligibleCount]!);
  assert.ok(shared.includes("decides alike given the same calls"));
  const turns = (): Strategy => {
    let own = 0;
    return { choose: (_request, { eligible, eligibleCount }) => eligible[own++ % eligibleCount]! };
  };
  assert.deepEqual(
    checkConformance(of(turns)).filter(({ problem }) => problem !== null),
    [],
  );
});

test("a strategy that throws fails with what it says, and the size of the world", () => {
  const broken = checkConformance(of(() => ({ choose: () => assert.fail("it broke") })));
  assert.equal(broken[0]!.problem, "with 1 targets it threw: it broke");
});
