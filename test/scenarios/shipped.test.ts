import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { assertSound } from "../metamorphic/sound.ts";
import { groupOf, prepareShipped, runShipped } from "./run-shipped.ts";

const ROOT = join(import.meta.dirname, "..", "..");
/** No story to simulate: what `meridian emulate` starts with, see docs/emulator.md. */
const OTHERS: readonly string[] = ["emulator"];
const NAMES = globSync("scenarios/*.yaml", { cwd: ROOT })
  .map((file) => file.replaceAll("\\", "/").slice("scenarios/".length, -".yaml".length))
  .filter((name) => !OTHERS.includes(name))
  .sort();

/** A run of each that takes well under a second: the shape of the story is not needed here, its soundness is. */
const SHORT: Readonly<Record<string, readonly string[]>> = {
  "bursty-arrivals": ["duration=30m", "warmup=1m"],
  "prompt-cache-locality": ["duration=10m", "warmup=1m"],
  "stale-signals": ["duration=3m", "warmup=30s"],
  "region-loss": ["duration=6m", "world.faults[0].at=2m", "world.faults[0].for=2m"],
  "retry-storm": ["duration=6m", "world.faults[0].at=2m", "world.faults[0].for=1m"],
};
const USUAL = ["duration=5m"];

describe("shipped scenarios", () => {
  it("there are some, and every page of docs/scenarios belongs to one", () => {
    const pages = globSync("docs/scenarios/*.md", { cwd: ROOT })
      .map((file) => file.replaceAll("\\", "/").slice("docs/scenarios/".length, -".md".length))
      .filter((page) => page !== "README")
      .sort();
    assert.ok(NAMES.length >= 13);
    assert.deepEqual(pages, NAMES);
  });

  const index = readFileSync(join(ROOT, "docs", "scenarios", "README.md"), "utf8");
  for (const name of NAMES) {
    it(`${name}: passes check, has gates, a page and a line; a short run is sound`, async () => {
      const { inputs } = await prepareShipped(name);
      assert.equal(inputs.plan.name, name, "a scenario is named like its file");
      assert.ok(inputs.plan.assertions.length >= 2, "it has gates");
      assert.ok(inputs.plan.replications >= 5, "its claims have intervals");
      assert.ok(index.includes(`[${name}](${name}.md)`), "docs/scenarios/README.md lists it");
      const page = readFileSync(join(ROOT, "docs", "scenarios", `${name}.md`), "utf8");
      assert.ok(page.includes(`npx meridian simulate scenarios/${name}.yaml\n`), "its page has the command");

      const { result } = await runShipped(name, SHORT[name] ?? USUAL);
      assertSound(result);
      for (const strategy of result.strategies) {
        const { counts } = groupOf(result, strategy.name);
        assert.ok(counts.sent > 0 && counts.served > 0, `${strategy.name} serves`);
        assert.equal(counts.residencyViolations, 0);
      }
    });
  }
});
