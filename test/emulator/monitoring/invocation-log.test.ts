import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import {
  createInvocationLog,
  createRing,
  type InvocationOutcome,
  toLogRecord,
} from "../../../emulator/monitoring/invocation-log.ts";
import { outcomeOf } from "../outcome.ts";

const IDENTITY = { accountId: "123456789012", arn: "arn:aws:iam::123456789012:user/x" };

describe("invocation log", () => {
  it("writes the documented record", () => {
    assert.deepEqual(
      toLogRecord(outcomeOf({ requestMetadata: { team: "a" }, inferenceRegion: "us-west-2" }), IDENTITY),
      {
        schemaType: "ModelInvocationLog",
        schemaVersion: "1.0",
        timestamp: "2026-11-21T00:00:00.000Z",
        accountId: "123456789012",
        identity: { arn: IDENTITY.arn },
        region: "us-east-1",
        requestId: "r",
        operation: "Converse",
        modelId: "m",
        input: {
          inputContentType: "application/json",
          inputTokenCount: 10,
          cacheReadInputTokenCount: 0,
          cacheWriteInputTokenCount: 0,
        },
        output: { outputContentType: "application/json", outputTokenCount: 5 },
        inferenceRegion: "us-west-2",
        requestMetadata: { team: "a" },
      },
    );
  });
  it("names the error, and no region if none ran the call", () => {
    const record = toLogRecord(outcomeOf({ error: "ThrottlingException", inferenceRegion: undefined }), IDENTITY);
    assert.equal(record.errorCode, "ThrottlingException");
    assert.equal("inferenceRegion" in record || "output" in record, false);
  });
  it("audits where requests ran, and passes every outcome on", () => {
    const seen: InvocationOutcome[] = [];
    const log = createInvocationLog((outcome) => seen.push(outcome));
    for (const inferenceRegion of ["us-west-2", "us-east-1", "us-west-2", undefined])
      log.add(outcomeOf({ inferenceRegion }));
    assert.deepEqual(
      log.audit().map(({ inferenceRegion, requests }) => [inferenceRegion, requests]),
      [
        ["us-west-2", 2],
        ["us-east-1", 1],
        ["none", 1],
      ],
    );
    assert.equal(seen.length, 4);
    assert.equal(log.recent.total, 4);
  });
});

describe("ring", () => {
  it("keeps the newest items in order", () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat()),
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: -2, max: 12 }),
        (items, capacity, limit) => {
          const ring = createRing<number>(capacity);
          for (const item of items) ring.push(item);
          const kept = Math.max(0, Math.min(limit, capacity, items.length));
          assert.deepEqual(ring.last(limit), items.slice(items.length - kept));
          assert.equal(ring.total, items.length);
        },
      ),
    );
  });
});
