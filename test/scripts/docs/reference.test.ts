import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { commands } from "../../../scripts/commands/index.ts";
import { referencePages } from "../../../scripts/docs/reference.ts";
import { METRICS } from "../../../simulator/scenario/assertion.ts";
import { scenarioJsonSchema } from "../../../simulator/scenario/schema.ts";
import { ROOT } from "../run-meridian.ts";

const pages = await referencePages();

describe("reference pages", () => {
  for (const [path, text] of pages) {
    it(`${path} is what the code says`, () => {
      assert.equal(readFileSync(join(ROOT, path), "utf8"), text, "run npm run docs and commit the pages");
    });
  }

  it("the command line has every verb", () => {
    for (const { name, summary } of commands) {
      assert.ok(pages.get("docs/reference/cli.md")!.includes(`## meridian ${name}\n`), name);
      assert.ok(pages.get("docs/reference/cli.md")!.includes(summary), name);
    }
  });

  it("the scenario file has every key of the schema", () => {
    const text = pages.get("docs/reference/scenario.md")!;
    const rows = [...text.matchAll(/^\| `([^`]+)`/gm)].map((match) => match[1]!.split(/[.>\s]+/).at(-1));
    const shown = new Set([...rows, ...[...text.matchAll(/^### .*, (\w+): /gm)].map((match) => match[1]!)]);
    const missing = [...keysOf(scenarioJsonSchema())].filter((key) => !shown.has(key));
    assert.deepEqual(missing, []);
    assert.ok(rows.length > 300, `${rows.length} rows`);
  });

  it("assertions have every metric", () => {
    for (const metric of METRICS)
      assert.match(pages.get("docs/reference/assert.md")!, new RegExp(`^\\| \`${metric}\``, "m"));
  });
});

/** Names of all keys that some block of a JSON Schema has. */
function keysOf(schema: unknown, into = new Set<string>()): ReadonlySet<string> {
  if (typeof schema !== "object" || schema === null) return into;
  const { properties } = schema as { properties?: unknown };
  for (const key of typeof properties === "object" ? Object.keys(properties ?? {}) : []) into.add(key);
  for (const value of Object.values(schema)) keysOf(value, into);
  return into;
}
