import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { DirectPath } from "../../../simulator/engine/direct-path.ts";
import { GeneralPath } from "../../../simulator/engine/general-path.ts";
import type { RequestPath } from "../../../simulator/engine/request-path.ts";
import { FIELD } from "../../../simulator/metrics/recorder.ts";
import { planOf, scenarioInput, worldInput } from "../scenario/base.ts";
import { chunkOf } from "./run.ts";

const capacity = { kind: "slots", servers: 1, service: { constant: "1s" } };
const plan = planOf(
  scenarioInput({
    world: worldInput({ models: { m: { id: "anthropic.claude-3-haiku-20240307-v1:0", capacity } } } as object),
  }),
);
const paths: Readonly<Record<string, () => RequestPath>> = {
  direct: () => new DirectPath(plan, plan.strategies[0]!, 1),
  general: () => new GeneralPath(plan, plan.strategies[0]!, 1, null),
};

for (const [name, open] of Object.entries(paths)) {
  describe(`the ${name} path`, () => {
    it("lets happen what is due before an arrival, and nothing after it", () => {
      const path = open();
      assert.equal(path.nextMs, Number.POSITIVE_INFINITY);
      const chunk = chunkOf([{ atMs: 100 }, { atMs: 200 }, { atMs: 1100 }, { atMs: 5000 }]);
      path.run(chunk, 0, 3);
      // The first one was done at the instant of the third arrival; the second will be at 1,200.
      assert.deepEqual([path.seen, path.books.inSystem, path.nextMs], [3, 2, 1200]);
      path.advance();
      assert.deepEqual([path.books.inSystem, path.nextMs, path.isBusy], [1, 2100, true]);
      path.run(chunk, 3, 4);
      assert.deepEqual([path.seen, path.books.inSystem, path.nextMs], [4, 1, 6000]);
      path.advance();
      assert.deepEqual([path.isBusy, path.nextMs, path.inBatch], [false, Number.POSITIVE_INFINITY, 0]);
      path.books.recorder.complete();
      assert.equal(path.books.recorder.hours[0]!.fields[FIELD.sent], 4);
      assert.deepEqual(path.quotaUse(), []);
    });

    it("ends what is left when the run is over", () => {
      const path = open();
      path.run(chunkOf([{ atMs: 0 }, { atMs: 1 }, { atMs: 2 }]), 0, 3);
      path.endAll(500);
      path.books.recorder.complete();
      const { fields } = path.books.recorder.hours[0]!;
      assert.deepEqual([path.books.inSystem, fields[FIELD.sent]], [0, 3]);
    });
  });
}
