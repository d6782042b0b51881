import assert from "node:assert/strict";
import { test } from "node:test";
import type { ReplicationStats } from "../../../simulator/experiment/replication-stats.ts";
import { reservedSummary } from "../../../simulator/experiment/reserved-summary.ts";

test("hours and dollars of each reservation, averaged over replications", () => {
  const stats = [10, 12].map(
    (hours) =>
      ({
        reserved: [{ name: "r", usdPerHour: 2, hours, costFUsd: BigInt(hours * 2) * 10n ** 15n }],
      }) as unknown as ReplicationStats,
  );
  const [line] = reservedSummary(stats).reserved!;
  assert.deepEqual([line!.name, line!.usdPerHour, line!.hours.value, line!.usd.value], ["r", 2, 11, 22]);
  assert.deepEqual(reservedSummary([{ reserved: [] } as unknown as ReplicationStats]), {});
});
