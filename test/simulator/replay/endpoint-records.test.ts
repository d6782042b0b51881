import assert from "node:assert/strict";
import { it } from "node:test";
import { recordOf, settled } from "../../../simulator/replay/endpoint-records.ts";
import type { AttemptRow } from "../../../simulator/replay/rows.ts";

const row = (over: Partial<AttemptRow>): AttemptRow => ({
  t: "a",
  i: 0,
  o: 0,
  g: 0,
  s: 0,
  e: 1,
  k: "ok",
  c: 200,
  f: 1,
  u: null,
  id: "",
  x: "",
  ...over,
});

it("attempts that were given up get the endpoint's tokens; what the run cut off, or answered itself, does not", () => {
  const usage = [10, 20, 0, 0] as const;
  const records = new Map(["1.0", "1.1", "2.0"].map((id) => [id, { id, region: "a", usage }]));
  const attempts = [
    row({ i: 1, k: "timeout" }),
    row({ i: 1, o: 1, u: [1, 2, 0, 0] }),
    row({ i: 2, k: "unfinished" }),
    row({ i: 3, k: "timeout" }),
  ];
  assert.deepEqual(
    settled(attempts, records).map(({ u }) => u),
    [usage, [1, 2, 0, 0], null, null],
  );
  assert.equal(recordOf(records, attempts[1]!)?.region, "a");
  assert.equal(recordOf(records, attempts[3]!), undefined);
});
