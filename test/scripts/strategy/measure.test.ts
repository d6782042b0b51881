// Own process: it measures the heap, from which another file's garbage may still leave.
import assert from "node:assert/strict";
import { test } from "node:test";
import { measureDecisions } from "../../../scripts/strategy/measure.ts";
import type { StrategyDefinition } from "../../../simulator/client/strategy.ts";
import { findStrategy } from "../../../simulator/strategies/index.ts";

const size = { targets: 3, decisions: 5_000 };

test("bounded state keeps nothing; a strategy that remembers every request is found out", () => {
  const bounded = measureDecisions(findStrategy("least-outstanding"), {}, size);
  assert.ok(bounded.nsPerDecision > 0 && bounded.decisions === 45_000);
  assert.ok(bounded.bytesKeptPerDecision < 20, `${bounded.bytesKeptPerDecision}`);
  const hoarder: StrategyDefinition = {
    ...findStrategy("random"),
    create() {
      const seen: object[] = [];
      return {
        choose(request) {
          seen.push({ id: request.requestId, at: [request.arrivalMs] });
          return 0;
        },
      };
    },
  };
  assert.ok(measureDecisions(hoarder, {}, size).bytesKeptPerDecision > 40);
});
