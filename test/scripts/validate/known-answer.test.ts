import assert from "node:assert/strict";
import { it } from "node:test";
import { parseKnownAnswer } from "../../../scripts/validate/known-answer.ts";

it("reads servers, mean service and waiting room", () => {
  assert.deepEqual(parseKnownAnswer("mmc:servers=8,mean=520ms"), {
    servers: 8,
    service: "exponential",
    meanServiceMs: 520,
    waitingRoom: Number.POSITIVE_INFINITY,
  });
  assert.deepEqual(parseKnownAnswer("mdc:mean=1s,room=0,servers=1k"), {
    servers: 1000,
    service: "deterministic",
    meanServiceMs: 1000,
    waitingRoom: 0,
  });
});

it("reads how long and how often endpoints freeze", () => {
  assert.deepEqual(parseKnownAnswer("mmc:servers=8,mean=100ms,stall=2s/20s")?.stall, { forMs: 2000, everyMs: 20_000 });
});

it("takes nothing else", () => {
  for (const text of [
    "mm1:servers=1,mean=1s",
    "mmc",
    "mmc:servers=1",
    "mmc:mean=1s",
    "mmc:servers=0,mean=1s",
    "mmc:servers=1.5,mean=1s",
    "mmc:servers=1,mean=1",
    "mmc:servers=1,mean=0s",
    "mmc:servers=1,mean=1s,room=-1",
    "mmc:servers=1,mean=1s,servers=2",
    "mmc:servers=1,mean=1s,colour=red",
    "mmc:servers=1,mean=1s,stall=2s",
    "mmc:servers=1,mean=1s,stall=2s/2s",
    "mmc:servers=1,mean=1s,stall=0s/2s",
    "mmc:servers=1,mean=1s,stall=1s/2s/3s",
  ]) {
    assert.equal(parseKnownAnswer(text), undefined, text);
  }
});
