import assert from "node:assert/strict";
import { it } from "node:test";
import {
  createRequestTable,
  REQUEST,
  REQUEST_FLOAT,
  REQUEST_FLOATS,
  REQUEST_INTS,
} from "../../../simulator/engine/request-table.ts";

it("every place of a request's row is its own, and fits", () => {
  for (const [places, width] of [
    [Object.values(REQUEST), REQUEST_INTS],
    [Object.values(REQUEST_FLOAT), REQUEST_FLOATS],
  ] as const) {
    assert.equal(new Set<number>(places).size, places.length);
    assert.ok(Math.max(...places) < width);
  }
  assert.equal(REQUEST.generation, 0, "the place that the table itself counts in");
  const table = createRequestTable();
  const slot = table.allocate();
  const before = table.ints[slot * REQUEST_INTS + REQUEST.generation]!;
  table.release(slot);
  assert.equal(table.ints[slot * REQUEST_INTS + REQUEST.generation], before + 1);
});
