import assert from "node:assert/strict";
import { it } from "node:test";
import { DIRECT_FLOAT, DIRECT_FLOATS, DirectRows } from "../../../simulator/engine/direct-rows.ts";
import { DirectServers } from "../../../simulator/engine/direct-servers.ts";
import type { SlotsSpec } from "../../../simulator/world/capacity/slots.ts";
import { slotsSpec } from "../world/capacity/driver.ts";

function open(over: Partial<SlotsSpec>) {
  const rows = new DirectRows();
  const servers = new DirectServers(slotsSpec({ service: { kind: "constant", value: 100 }, ...over }), 1, rows);
  const offer = (nowMs: number, workMs: number) => {
    const call = rows.allocate();
    return servers.offer(nowMs, call, workMs) ? call : -1;
  };
  const startedMs = (call: number) => rows.floats[call * DIRECT_FLOATS + DIRECT_FLOAT.workOrStartMs];
  return { servers, offer, startedMs };
}

it("who comes first is served first, and those who wait start when a server is free", () => {
  const { servers, offer, startedMs } = open({ servers: 2 });
  const calls = [offer(0, 50), offer(1, 10), offer(2, 5), offer(3, 1)];
  assert.equal(servers.outstanding, 4);
  const done = calls.map(() => [servers.nextMs, servers.finish()]);
  assert.deepEqual(done, [
    [11, calls[1]],
    [16, calls[2]],
    [17, calls[3]],
    [50, calls[0]],
  ]);
  assert.deepEqual(calls.map(startedMs), [0, 1, 11, 16]);
  assert.equal(servers.nextMs, Number.POSITIVE_INFINITY);
});

it("a queue grows and turns round in its ring without losing its order", () => {
  const { servers, offer } = open({ servers: 1 });
  const order: number[] = [offer(0, 1)];
  const left: number[] = [];
  for (let i = 0; i < 200; i++) {
    order.push(offer(i, 1));
    if (i % 3 === 0) left.push(servers.finish());
  }
  while (servers.outstanding > 0) left.push(servers.finish());
  assert.deepEqual(left, order);
});

it("refuses where the room is full or the wait would be too long", () => {
  const full = open({ servers: 1, waitingRoom: 1 });
  assert.deepEqual([full.offer(0, 10) >= 0, full.offer(0, 10) >= 0, full.offer(0, 10) >= 0], [true, true, false]);
  // One server and a mean of 100 ms: a second one in the queue would expect 200.
  const slow = open({ servers: 1, queueDelayMsMax: 150 });
  assert.deepEqual(
    [slow.offer(0, 100), slow.offer(0, 100), slow.offer(0, 100)].map((call) => call >= 0),
    [true, true, false],
  );
});
