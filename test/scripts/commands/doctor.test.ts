import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { meridian } from "../run-meridian.ts";

describe("meridian doctor", () => {
  it("is content with a machine that has what is required, and exits 4 with one that has not", async () => {
    const folder = await mkdtemp(join(tmpdir(), "meridian-"));
    const fine = await meridian(["doctor", "--out", join(folder, "runs")]);
    assert.equal(fine.code, 0, fine.stderr);
    assert.match(fine.stdout, /^ok +node +24\./m);
    await writeFile(join(folder, "file"), "");
    const bad = await meridian(["doctor", "--json", "--out", join(folder, "file")]);
    assert.equal(bad.code, 4);
    const document = JSON.parse(bad.stdout) as { ok: boolean; checks: { name: string; status: string }[] };
    assert.equal(document.ok, false);
    assert.equal(document.checks.find((check) => check.name === "runs folder")?.status, "missing");
    await rm(folder, { recursive: true });
  });

  it("never prints a secret", async () => {
    const secret = "ASIACANARYCANARY0000";
    const env = {
      AWS_ACCESS_KEY_ID: secret,
      AWS_SECRET_ACCESS_KEY: secret,
      AWS_SESSION_TOKEN: secret,
      AWS_BEARER_TOKEN_BEDROCK: secret,
    };
    const { stdout, stderr } = await meridian(["doctor"], { env });
    assert.ok(!(stdout + stderr).includes(secret));
  });
});
