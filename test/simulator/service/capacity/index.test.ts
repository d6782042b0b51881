import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Batching } from "../../../../simulator/service/capacity/batching.ts";
import { Empirical } from "../../../../simulator/service/capacity/empirical.ts";
import {
  CAPACITY_MODELS,
  capacitySchema,
  capacitySpecOf,
  createCapacity,
  gatewaySchema,
} from "../../../../simulator/service/capacity/index.ts";
import { ProcessorSharing } from "../../../../simulator/service/capacity/processor-sharing.ts";
import { Slots } from "../../../../simulator/service/capacity/slots.ts";
import { asked } from "../../../members.ts";
import { newAttempts } from "../attempts.ts";
import { conforms } from "./conformance.ts";
import { batchingSpec, contextOf, slotsSpec } from "./driver.ts";

for (const model of asked(Object.values(CAPACITY_MODELS), ({ kind }) => kind)) conforms(model);

it("every model stands under its kind", () => {
  for (const [kind, model] of Object.entries(CAPACITY_MODELS)) assert.equal(model.kind, kind);
});

it("makes the mechanism that a spec names", () => {
  const make = (spec: Parameters<typeof createCapacity>[0]) => createCapacity(spec, contextOf(), newAttempts());
  assert.ok(make(slotsSpec()) instanceof Slots);
  assert.ok(make(slotsSpec({ discipline: "priority" })) instanceof Slots);
  assert.ok(make(slotsSpec({ discipline: "processor-sharing" })) instanceof ProcessorSharing);
  assert.ok(make(batchingSpec()) instanceof Batching);
  assert.ok(make({ kind: "empirical", cells: [], load: [] }) instanceof Empirical);
});

const said = (input: unknown, schema: typeof capacitySchema = capacitySchema) => {
  const parsed = schema.safeParse(input);
  return parsed.success ? [] : parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
};
const slots = { kind: "slots", servers: 4, service: { exponential: { mean: "1s" } } };
const batching = { kind: "batching", stepBase: "20ms", stepPerSequence: "0.4ms" };

describe("capacity as a scenario writes it", () => {
  it("slots: every key in the engine's units", () => {
    const spec = capacitySpecOf(
      capacitySchema.parse({
        ...slots,
        perInputToken: "0.1ms",
        perOutputToken: "12ms",
        waitingRoom: 7,
        maxQueueDelay: "5s",
        patience: { constant: "30s" },
        discipline: "priority",
        background: { mean: 2, swing: "40%", peakAt: "14:30", noise: "10%", noiseTime: "10m", step: "30s" },
      }),
    );
    assert.deepEqual(spec, {
      kind: "slots",
      servers: 4,
      service: { kind: "exponential", mean: 1000 },
      perInputTokenMs: 0.1,
      perOutputTokenMs: 12,
      discipline: "priority",
      waitingRoom: 7,
      patience: { kind: "constant", value: 30_000 },
      queueDelayMsMax: 5000,
      background: { mean: 2, swing: 0.4, peakHour: 14.5, noise: 0.1, noiseTimeMs: 600_000, stepMs: 30_000 },
    });
  });

  it("defaults: no call is refused or leaves, and no other tenants are there", () => {
    const spec = capacitySpecOf(capacitySchema.parse(batching));
    assert.equal(spec.kind, "batching");
    if (spec.kind !== "batching") return;
    const { waitingRoom, queueDelayMsMax, batchMax, kvTokensMax, patience, background, noise } = spec;
    assert.ok(
      [waitingRoom, queueDelayMsMax, batchMax, kvTokensMax].every((limit) => limit === Number.POSITIVE_INFINITY),
    );
    assert.deepEqual([patience, background, noise], [null, null, null]);
    assert.deepEqual([spec.stepBaseMs, spec.stepPerSequenceMs], [20, 0.4]);
    assert.deepEqual([spec.prefillBaseMs, spec.prefillPerTokenMs, spec.prefillWorkPerToken], [0, 0, 0]);
  });

  it("empirical: cells with open limits, and the load curve", () => {
    const spec = capacitySpecOf(
      capacitySchema.parse({
        kind: "empirical",
        cells: [{ hours: [22, 6], maxInputTokens: "2k", ttft: { constant: "300ms" }, tpot: { constant: "10ms" } }],
        load: [[10, 1.5]],
      }),
    );
    assert.deepEqual(spec, {
      kind: "empirical",
      cells: [
        {
          hourFrom: 22,
          hourTo: 6,
          inputTokensMax: 2000,
          outputTokensMax: Number.POSITIVE_INFINITY,
          ttftMs: { kind: "constant", value: 300 },
          tpotMs: { kind: "constant", value: 10 },
        },
      ],
      load: [[10, 1.5]],
    });
  });

  it("refuses what could not be run, and says why", () => {
    assert.match(said({ ...slots, servers: 0 }).join(), /servers: .*more than 0; write 1 or more, or unlimited/);
    assert.match(said({ ...slots, server: 1 }).join(), /server/);
    assert.match(
      said({ ...batching, stepBase: "0ms", stepPerSequence: "0ms" }).join(),
      /stepBase: a decode step takes time/,
    );
    assert.match(
      said({ ...batching, background: { mean: 1, peakAt: "25:00" } }).join(),
      /local time of day such as "15:00"/,
    );
    assert.match(
      said({ ...batching, background: { mean: 1, step: "0s" } }).join(),
      /background.step: must be more than 0/,
    );
    assert.match(said({ kind: "empirical", cells: [] }).join(), /cells/);
    assert.equal(said({ kind: "slot" }).length, 1);
    assert.deepEqual(said({ ...batching, stepBase: "0ms" }), []);
  });

  it("processor sharing has no queue to leave, and says so", () => {
    const sharing = { ...slots, discipline: "processor-sharing" };
    assert.deepEqual(said(sharing), []);
    const wrong = said({ ...sharing, patience: { constant: "1s" }, maxQueueDelay: "1s", background: { mean: 1 } });
    assert.deepEqual(
      wrong.map((each) => each.split(":")[0]),
      ["patience", "maxQueueDelay", "background"],
    );
  });

  it("a gateway refuses no call and sees no tokens", () => {
    assert.deepEqual(said(slots, gatewaySchema), []);
    assert.deepEqual(said(batching, gatewaySchema), []);
    const wrong = {
      ...slots,
      waitingRoom: 3,
      patience: { constant: "1s" },
      maxQueueDelay: "1s",
      perOutputToken: "1ms",
    };
    assert.deepEqual(
      said(wrong, gatewaySchema).map((each) => each.split(":")[0]),
      ["waitingRoom", "maxQueueDelay", "patience", "perOutputToken"],
    );
  });
});
