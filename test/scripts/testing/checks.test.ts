// Own process: it starts npm
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it } from "node:test";
import { runCheck } from "../../../scripts/testing/checks.ts";

it("a check is a script of package.json: its exit code decides, and all that it says is kept", async () => {
  const folder = mkdtempSync(join(tmpdir(), "meridian-checks-"));
  const scripts = {
    good: "node -e \"console.log('fine')\"",
    bad: "node -e \"console.error('not fine'); process.exit(3)\"",
  };
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "checked", version: "1.0.0", scripts }));
  try {
    const good = await runCheck("good", folder);
    assert.deepEqual([good.name, good.isOk, good.text.trim()], ["good", true, "fine"]);
    const bad = await runCheck("bad", folder);
    assert.equal(bad.isOk, false);
    assert.match(bad.text, /not fine/);
    assert.ok(bad.durationMs > 0);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
