import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { MeridianError } from "../../../simulator/base/errors.ts";
import { findStrategy, STRATEGIES } from "../../../simulator/strategies/index.ts";
import { asked } from "../../members.ts";
import { conforms } from "./conformance.ts";

for (const definition of asked(STRATEGIES, ({ name }) => name)) conforms(definition);

test("names are unique and findStrategy finds each", () => {
  assert.equal(new Set(STRATEGIES.map((strategy) => strategy.name)).size, STRATEGIES.length);
  for (const strategy of STRATEGIES) assert.equal(findStrategy(strategy.name), strategy);
});

test("an unknown name is refused with the names there are", () => {
  assert.throws(
    () => findStrategy("cheepest"),
    (error) => error instanceof MeridianError && error.exitCode === 2 && /cheapest-within/.test(error.message),
  );
});

test("every page in docs/strategies belongs to a strategy", () => {
  const pages = readdirSync(new URL("../../../docs/strategies", import.meta.url)).map((file) =>
    file.replace(".md", ""),
  );
  assert.deepEqual(pages.sort(), STRATEGIES.map((strategy) => strategy.name).sort());
});

test("the index of the docs leads to every strategy", () => {
  const index = readFileSync(new URL("../../../docs/README.md", import.meta.url), "utf8");
  const missing = STRATEGIES.filter(({ name }) => !index.includes(`[${name}](strategies/${name}.md)`));
  assert.deepEqual(
    missing.map(({ name }) => `docs/README.md: add a row for strategies/${name}.md`),
    [],
  );
});
