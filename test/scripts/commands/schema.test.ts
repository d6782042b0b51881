import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { meridianHere, ROOT } from "../run-meridian.ts";

describe("meridian schema", () => {
  it("prints a schema with descriptions, and the one in scenarios/ is current", async () => {
    const { code, stdout } = await meridianHere(["schema"]);
    assert.equal(code, 0);
    const schema = JSON.parse(stdout) as {
      properties: Record<string, { description?: string }>;
      additionalProperties: boolean;
    };
    assert.equal(schema.additionalProperties, false);
    for (const key of ["name", "seed", "duration", "replications"]) assert.ok(schema.properties[key]?.description, key);
    const saved = await readFile(join(ROOT, "scenarios", "scenario.schema.json"), "utf8");
    assert.equal(saved, stdout, "the schema changed: run npm run schema and commit scenarios/scenario.schema.json");
  });

  it("writes to a file, and says when it cannot", async () => {
    const folder = await mkdtemp(join(tmpdir(), "meridian-"));
    const file = join(folder, "s.json");
    assert.equal((await meridianHere(["schema", "-o", file])).code, 0);
    assert.match(await readFile(file, "utf8"), /"\$schema"/);
    const failed = await meridianHere(["schema", "-o", join(folder, "no", "s.json")]);
    assert.equal(failed.code, 4);
    assert.match(failed.stderr, /^SCHEMA_NOT_WRITTEN/);
    await rm(folder, { recursive: true });
  });
});
