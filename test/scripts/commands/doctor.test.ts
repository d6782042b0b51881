import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { CLAUDE, testFleet } from "../../emulator/support.ts";
import { meridian, meridianHere } from "../run-meridian.ts";

describe("meridian doctor", () => {
  it("is content with a machine that has what is required, and exits 4 with one that has not", async () => {
    const folder = await mkdtemp(join(tmpdir(), "meridian-"));
    const fine = await meridian(["doctor", "--out", join(folder, "runs")]);
    assert.equal(fine.code, 0, fine.stderr);
    assert.match(fine.stdout, /^ok +node +24\./m);
    await writeFile(join(folder, "file"), "");
    const bad = await meridianHere(["doctor", "--json", "--out", join(folder, "file")]);
    assert.equal(bad.code, 4);
    const document = JSON.parse(bad.stdout) as { ok: boolean; checks: { name: string; status: string }[] };
    assert.equal(document.ok, false);
    assert.equal(document.checks.find((check) => check.name === "runs folder")?.status, "missing");
    await rm(folder, { recursive: true });
  });

  it("calls endpoints once when asked to, and exits 4 when one does not answer", { timeout: 60_000 }, async () => {
    const folder = await mkdtemp(join(tmpdir(), "meridian-"));
    const fleet = await testFleet({ regions: ["us-east-1"] });
    const file = join(folder, "endpoints.yaml");
    await writeFile(
      file,
      `auth: sigv4\nendpoints:\n  us-east-1: ${fleet.endpoints[0]!.url}\n  eu-west-1: http://127.0.0.1:1\n`,
    );
    const env = Object.fromEntries(fleet.environment("us-east-1"));
    const args = ["doctor", "--json", "--out", join(folder, "runs"), "--endpoints", file, "--model", CLAUDE];
    const calls = fleet.log.recent.total;
    const both = await meridianHere(args, env);
    assert.equal(both.code, 4, both.stderr);
    assert.equal(fleet.log.recent.total - calls, 1);
    const { checks } = JSON.parse(both.stdout) as { checks: { name: string; status: string; found: string }[] };
    const found = (name: string) => checks.find((check) => check.name === name);
    assert.equal(found("probe us-east-1")?.status, "ok");
    assert.equal(found("clock skew")?.status, "ok");
    assert.equal(found("aws credentials")?.found, "access key from environment variables");
    assert.match(found("probe eu-west-1")?.found ?? "", /ECONNREFUSED/);
    const one = await meridianHere([...args, "--region", "us-east-1"], env);
    assert.equal(one.code, 0, one.stdout);
    const noKeys = {
      AWS_ACCESS_KEY_ID: "",
      AWS_SECRET_ACCESS_KEY: "",
      HOME: folder,
      AWS_EC2_METADATA_DISABLED: "true",
    };
    const unknown = ["--probe", "--region", "us-east-1", "--model", CLAUDE, "--endpoint-url", fleet.endpoints[0]!.url];
    const unsigned = await meridianHere(["doctor", "--out", join(folder, "runs"), ...unknown], noKeys);
    assert.equal(unsigned.code, 4);
    assert.match(unsigned.stdout, /^ok +node[\s\S]*^missing +probe /m);
    await fleet.close(0);
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
