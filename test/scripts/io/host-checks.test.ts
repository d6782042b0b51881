import assert from "node:assert/strict";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { checkHost, type Env, type HostCheck } from "../../../scripts/io/host-checks.ts";

let home = "";
before(async () => {
  home = await mkdtemp(join(tmpdir(), "meridian-"));
  await mkdir(join(home, "bin"));
  await writeFile(join(home, "bin", "k6"), '#!/bin/sh\necho "k6 v9.9.9 (test)"\n');
  await chmod(join(home, "bin", "k6"), 0o755);
});
after(() => rm(home, { recursive: true }));

async function find(name: string, env: Env): Promise<HostCheck> {
  const checks = await checkHost({ HOME: home, PATH: "/bin", XDG_CACHE_HOME: home, ...env }, join(home, "runs"));
  return checks.find((check) => check.name === name)!;
}

describe("doctor's checks", () => {
  it("finds k6 by K6_BIN and by PATH, and says so when it is not there", async () => {
    assert.match((await find("k6", { K6_BIN: join(home, "bin", "k6") })).found, /v9\.9\.9/);
    assert.match((await find("k6", { PATH: join(home, "bin") })).found, /v9\.9\.9/);
    assert.equal((await find("k6", {})).status, "warning");
    assert.equal((await find("k6", { K6_BIN: join(home, "nothing") })).found, "K6_BIN does not run");
  });

  it("calls a runs folder that cannot be written to a missing requirement", async () => {
    await writeFile(join(home, "file"), "");
    const checks = await checkHost({ HOME: home, PATH: "/bin" }, join(home, "file"));
    const check = checks.find((each) => each.name === "runs folder")!;
    assert.deepEqual([check.status, check.required], ["missing", true]);
    assert.ok(check.fix);
  });

  it("reports the host's Node beside the packaged one", async () => {
    assert.match((await find("node", { MERIDIAN_HOST_NODE: "20.1.0" })).found, /packaged; the host has 20\.1\.0/);
    assert.equal((await find("packaged node", {})).status, "ok");
  });
});
