import { purposeKey } from "../random/keyed-random.ts";
import { ATTEMPT, ATTEMPT_FLOAT, ATTEMPT_FLOATS, ATTEMPT_INTS, createAttemptTable } from "../world/attempt-table.ts";
import { type Capacity, HAPPENING, OFFER } from "../world/capacity/capacity.ts";
import { type CapacitySpec, createCapacity } from "../world/capacity/index.ts";

/**
 * Stations that every request passes before it is routed (a gateway, an authoriser), in series. A request is never
 * refused here: stations have unlimited waiting room.
 */
export class Gateways {
  nextMs = Number.POSITIVE_INFINITY;
  declare private readonly stations: readonly Capacity[];
  private readonly table = createAttemptTable();

  constructor(specs: readonly CapacitySpec[], seed: number) {
    this.stations = specs.map((spec, i) =>
      createCapacity(
        spec,
        {
          seed: purposeKey(seed, `gateway/${i}`),
          serviceKey: purposeKey(seed, `gateway-service/${i}`),
          patienceKey: purposeKey(seed, `gateway-patience/${i}`),
          localHourAtStart: 0,
        },
        this.table,
      ),
    );
  }

  enter(nowMs: number, request: number, requestId: number): void {
    const slot = this.table.allocate();
    const { ints } = this.table;
    const at = slot * ATTEMPT_INTS;
    ints[at + ATTEMPT.request] = request;
    ints[at + ATTEMPT.requestId] = requestId;
    ints[at + ATTEMPT.ordinal] = 0;
    ints[at + ATTEMPT.queueLevel] = 0;
    ints[at + ATTEMPT.inputTokens] = 0;
    ints[at + ATTEMPT.outputTokens] = 0;
    ints[at + ATTEMPT.cacheReadTokens] = 0;
    this.offer(nowMs, slot, 0);
  }

  /** Lets happen what is due at `nextMs`; returns the request that has passed the last station, or -1. */
  advance(): number {
    const nowMs = this.nextMs;
    const station = this.stations.findIndex((each) => each.nextMs <= nowMs);
    const capacity = this.stations[station]!;
    const happening = capacity.advance();
    const slot = capacity.subject;
    let passed = -1;
    if (happening === HAPPENING.finished) {
      if (station + 1 < this.stations.length) this.offer(nowMs, slot, station + 1);
      else {
        passed = this.table.ints[slot * ATTEMPT_INTS + ATTEMPT.request]!;
        this.table.release(slot);
      }
    }
    this.refresh();
    return passed;
  }

  private offer(nowMs: number, slot: number, station: number): void {
    this.table.floats[slot * ATTEMPT_FLOATS + ATTEMPT_FLOAT.offeredMs] = nowMs;
    const offer = this.stations[station]!.offer(nowMs, slot);
    if (offer === OFFER.refused) throw new RangeError("a gateway has unlimited waiting room");
    this.refresh();
  }

  private refresh(): void {
    let nextMs = Number.POSITIVE_INFINITY;
    for (const station of this.stations) if (station.nextMs < nextMs) nextMs = station.nextMs;
    this.nextMs = nextMs;
  }
}
