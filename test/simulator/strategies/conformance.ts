import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { MeridianError } from "../../../simulator/base/errors.ts";
import { checkConformance } from "../../../simulator/client/conformance.ts";
import { likelyOptions } from "../../../simulator/client/likely-options.ts";
import type { StrategyDefinition } from "../../../simulator/client/strategy.ts";
import { contextOf } from "./fixtures.ts";

const CONTEXT = contextOf("a", "b", "c", "d", "e");

/** What every registered strategy must do, whatever its rule: the conformance suite, and what the registry asks for. */
export function conforms(definition: StrategyDefinition): void {
  const { name } = definition;
  test(`${name}: passes the conformance suite`, () => {
    const failed = checkConformance(definition).filter(({ problem }) => problem !== null);
    assert.deepEqual(failed, []);
  });
  test(`${name}: refuses an unknown option by name`, () => {
    assert.throws(
      () => definition.create({ ...likelyOptions(definition, CONTEXT), wieghts: {} }, CONTEXT),
      (error) => error instanceof MeridianError && error.kind === "usage" && error.message.includes("wieghts"),
    );
  });
  test(`${name}: is pure, k6-safe, described and documented`, () => {
    const path = `simulator/strategies/${name}.ts`;
    const source = readFileSync(new URL(`../../../${path}`, import.meta.url), "utf8");
    for (const [, from] of source.matchAll(/from "([^"]+)"/g)) {
      assert.match(from!, /^\.\.?\/.*\.ts$/, `${path} imports ${from}; strategies import relative .ts files only`);
    }
    const foreign = /\b(Intl|structuredClone|Date|async|Math\.random)\b/.exec(source)?.[0];
    assert.equal(foreign, undefined, `${path} uses ${foreign}: k6 has no such thing, or it is not repeatable`);
    assert.match(definition.summary, /^[A-Z].{20,100}\.$/, "the summary is a sentence of 22 to 102 characters");
    for (const [option, spec] of Object.entries(definition.options)) {
      assert.ok(spec.doc.length > 10, `option ${option} needs a doc`);
    }
    const page = new URL(`../../../docs/strategies/${name}.md`, import.meta.url);
    assert.ok(existsSync(page), `docs/strategies/${name}.md is missing`);
    const text = readFileSync(page, "utf8");
    for (const part of ["## Rule", "## Worked example", "## When it goes wrong"])
      assert.ok(text.includes(part), `docs/strategies/${name}.md: add the heading "${part}"`);
    const own = `test/simulator/strategies/${name}.test.ts`;
    assert.ok(existsSync(new URL(`../../../${own}`, import.meta.url)), `write ${own}`);
    for (const option of Object.keys(definition.options)) {
      assert.ok(text.includes(`\`${option}\``), `docs/strategies/${name}.md does not mention the option ${option}`);
    }
  });
}
