import assert from "node:assert/strict";
import { it } from "node:test";
import { MeridianError } from "../../../../simulator/base/errors.ts";
import { adapters, findAdapter } from "../../../../simulator/bench/adapters/index.ts";

it("adapters are found by name, names are unique, and an unknown one is a bug of the caller", () => {
  for (const adapter of adapters) assert.equal(findAdapter(adapter.name), adapter);
  assert.equal(new Set(adapters.map(({ name }) => name)).size, adapters.length);
  assert.throws(
    () => findAdapter("tgi"),
    (error: unknown) => error instanceof MeridianError && /adapter tgi/.test(error.message),
  );
});
