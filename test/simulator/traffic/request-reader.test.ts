import assert from "node:assert/strict";
import test from "node:test";
import { SeenIds } from "../../../simulator/traffic/request-reader.ts";

test("each id is new once, also ids that differ in one character", () => {
  const seen = new SeenIds();
  const ids = Array.from({ length: 50_000 }, (_, i) => `req-${i.toString(36)}`);
  assert.ok(ids.every((id) => seen.add(id)));
  assert.ok(ids.every((id) => !seen.add(id)));
  assert.equal(seen.size, ids.length);
});
