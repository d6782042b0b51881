import assert from "node:assert/strict";
import { test } from "node:test";
import { adapters, findAdapter } from "../../../../simulator/bench/adapters/index.ts";
import { conforms } from "./conformance.ts";

for (const adapter of adapters) conforms(adapter);

test("names are unique and findAdapter finds each", () => {
  assert.equal(new Set(adapters.map(({ name }) => name)).size, adapters.length);
  for (const adapter of adapters) assert.equal(findAdapter(adapter.name), adapter);
  assert.throws(() => findAdapter("smoke-signals"), /smoke-signals/);
});
