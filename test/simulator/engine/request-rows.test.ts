import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { RequestView } from "../../../simulator/client/strategy.ts";
import {
  beginAttempt,
  endAttempt,
  REQUEST_FLAG,
  ShownRequest,
  UNKNOWN,
  writeRequest,
} from "../../../simulator/engine/request-rows.ts";
import { ATTEMPT, ATTEMPT_INTS } from "../../../simulator/service/attempt-table.ts";
import { planOf, scenarioInput } from "../scenario/base.ts";
import { type Attempts, newAttempts, readAttempt } from "../service/attempts.ts";
import { chunkOf, type Row } from "./run.ts";

const each = planOf(scenarioInput()).classes[0]!;

function newRequest(table: Attempts, row: Row, maxTokens = 100): number {
  const request = table.allocate();
  writeRequest(table, request, chunkOf([row]), 0, each, maxTokens);
  return request;
}

describe("a request's row", () => {
  it("takes a row of traffic: answers are cut at max_tokens, and the model's limit stands where none was asked for", () => {
    const table = newAttempts();
    const read = (request: number) =>
      (["arrivalMs", "inputTokens", "outputTokens", "maxTokens"] as const).map((place) =>
        readAttempt(table, request, place),
      );
    const asked = newRequest(table, { atMs: 5, input: 7, output: 300, maxTokens: 200 }, 4096);
    const open = newRequest(table, { atMs: 6, output: 300, maxTokens: 0 }, 4096);
    assert.deepEqual(read(asked), [5, 7, 200, 200]);
    assert.deepEqual(read(open), [6, 100, 300, 4096]);
  });

  it("holds nothing of an earlier request", () => {
    const table = newAttempts();
    const request = table.allocate();
    const at = request * ATTEMPT_INTS;
    const { generation: _, attemptGeneration: __, flags: ___, requestId: ____, router: _____, ...places } = ATTEMPT;
    const worldSide = ["endpoint", "placement", "epoch", "quota", "cacheReadTokens", "cacheWriteTokens"];
    const perAttempt = ["target", "isDetached", "ordinal", "refusal", "callerLevel", "tried", "queueLevel"];
    const rows = [7, 8].map((rubbish) => {
      table.ints.fill(rubbish, at, at + ATTEMPT_INTS);
      writeRequest(table, request, chunkOf([{ atMs: 1 }]), 0, each, 100);
      const own = Object.entries(places).filter(([name]) => ![...worldSide, ...perAttempt].includes(name));
      return own.map(([name, place]) => [name, table.ints[at + place]]);
    });
    assert.deepEqual(rows[0], rows[1]);
  });
});

describe("attempts of a request", () => {
  it("lie in its own row, one after the other, and are numbered", () => {
    const table = newAttempts();
    const request = newRequest(table, { atMs: 1 });
    table.ints[request * ATTEMPT_INTS + ATTEMPT.flags] = REQUEST_FLAG.isCounted;
    for (const ordinal of [0, 1, 2]) {
      const generation = readAttempt(table, request, "attemptGeneration");
      assert.equal(beginAttempt(table, request, ordinal % 2, each, 10 * ordinal), request);
      assert.equal(readAttempt(table, request, "ordinal"), ordinal);
      assert.equal(readAttempt(table, request, "sentMs"), 10 * ordinal);
      assert.equal(readAttempt(table, request, "outcome"), UNKNOWN, "not known yet");
      endAttempt(table, request);
      assert.notEqual(readAttempt(table, request, "attemptGeneration"), generation, "its timers have missed it");
    }
    assert.equal(readAttempt(table, request, "flags"), REQUEST_FLAG.isCounted);
    assert.equal(table.inUse, 1);
  });

  it("lie in rows of their own beside one that is under way, and carry what the service sees of the request", () => {
    const table = newAttempts();
    const request = newRequest(table, { atMs: 1, input: 11, output: 22, maxTokens: 33 });
    const { ints } = table;
    ints[request * ATTEMPT_INTS + ATTEMPT.requestId] = 77;
    ints[request * ATTEMPT_INTS + ATTEMPT.flags] = 0;
    const places = ["requestId", "ordinal", "target", "inputTokens", "outputTokens", "maxTokens", "sentMs"] as const;
    const read = (slot: number) => places.map((place) => readAttempt(table, slot, place));
    assert.equal(beginAttempt(table, request, 1, each, 10), request);
    const hedge = beginAttempt(table, request, 0, each, 20);
    assert.notEqual(hedge, request);
    assert.deepEqual(read(request), [77, 0, 1, 11, 22, 33, 10]);
    assert.deepEqual(read(hedge), [77, 1, 0, 11, 22, 33, 20]);
    assert.equal(readAttempt(table, hedge, "request"), request);
    endAttempt(table, hedge);
    assert.equal(table.inUse, 1);
    endAttempt(table, request);
    assert.equal(beginAttempt(table, request, 0, each, 30), request, "the row is free again");
  });
});

it("a strategy sees the request as its caller knows it: never how long the answer will be", () => {
  const each = planOf(scenarioInput()).classes[0]!;
  const table = newAttempts();
  const request = table.allocate();
  writeRequest(table, request, chunkOf([{ atMs: 12.5, input: 101, output: 4242, maxTokens: 5000 }]), 0, each, 9000);
  const known = { requestId: 9, attempts: 2, lastTarget: 1 } as const;
  for (const [place, value] of Object.entries(known)) {
    table.ints[request * ATTEMPT_INTS + ATTEMPT[place as keyof typeof known]] = value;
  }
  const shown: RequestView = new ShownRequest(table).show(request, each);
  const expected: RequestView = {
    requestId: 9,
    classIndex: 0,
    originIndex: 0,
    inputTokens: 101,
    maxTokens: 5000,
    prefixTokens: 0,
    prefixId: -1,
    sessionId: -1,
    attempt: 2,
    previousTarget: 1,
    arrivalMs: 12.5,
    sloE2eMs: Number.POSITIVE_INFINITY,
    deferrable: false,
  };
  for (const [field, value] of Object.entries(expected)) assert.equal(shown[field as keyof RequestView], value, field);
  assert.ok(!("outputTokens" in shown));
});
