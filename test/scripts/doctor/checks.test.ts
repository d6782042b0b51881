import assert from "node:assert/strict";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, describe, it } from "node:test";
import {
  checkCredentials,
  checkHost,
  checkRegion,
  checksOfProbeFile,
  checksOfProbes,
  type Env,
  type HostCheck,
} from "../../../scripts/commands/doctor.ts";
import { probeFileOf, writeProbeFile } from "../../../scripts/probe/run-probe.ts";
import { probeOf } from "../../simulator/probe/probes.ts";

describe("doctor's checks of the host", () => {
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

describe("doctor's checks of AWS settings", () => {
  const NAMES = [
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_PROFILE",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_BEARER_TOKEN_BEDROCK",
    "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_CONFIG_FILE",
  ] as const;
  const saved = Object.fromEntries(NAMES.map((name) => [name, process.env[name]]));
  const KEY = "AKIACANARYCANARY0000";
  const SECRET = "CANARYsecretCANARYsecretCANARYsecret0000";
  let folder = "";

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "meridian-doctor-"));
    await writeFile(join(folder, "config"), "[profile dev]\nregion = eu-north-1\n");
    await writeFile(
      join(folder, "credentials"),
      `[dev]\naws_access_key_id = ${KEY}\naws_secret_access_key = ${SECRET}\n`,
    );
  });
  afterEach(() => {
    for (const name of NAMES) {
      if (saved[name] === undefined) delete process.env[name];
      else process.env[name] = saved[name];
    }
  });
  after(() => rm(folder, { recursive: true }));

  /** The chain of the SDK reads the process's own environment. */
  function options(env: Readonly<Record<string, string>>, profile?: string) {
    const files = { AWS_SHARED_CREDENTIALS_FILE: join(folder, "credentials"), AWS_CONFIG_FILE: join(folder, "config") };
    for (const name of NAMES) delete process.env[name];
    Object.assign(process.env, files, env);
    return { env: process.env, profile, instanceMetadata: false };
  }

  it("names the kind and source of credentials and never shows them", async () => {
    const fromEnv = await checkCredentials(options({ AWS_ACCESS_KEY_ID: KEY, AWS_SECRET_ACCESS_KEY: SECRET }));
    assert.deepEqual([fromEnv.status, fromEnv.found], ["ok", "access key from environment variables"]);
    const fromFile = await checkCredentials(options({}, "dev"));
    assert.equal(fromFile.status, "ok");
    assert.match(fromFile.found, /profile/);
    const none = await checkCredentials(options({}));
    assert.deepEqual([none.status, none.required, none.found], ["warning", false, "none"]);
    assert.ok(!JSON.stringify([fromEnv, fromFile, none]).includes("CANARY"));
  });

  it("says when they end", async () => {
    // A short-term API key is a presigned request in base64, signed at noon for an hour.
    const signed = "bedrock.amazonaws.com/?Action=x&X-Amz-Date=20260504T120000Z&X-Amz-Expires=3600";
    const key = `bedrock-api-key-${Buffer.from(signed).toString("base64")}`;
    const noon = Date.UTC(2026, 4, 4, 12);
    const fresh = await checkCredentials(options({ AWS_BEARER_TOKEN_BEDROCK: key }), noon);
    assert.deepEqual([fresh.status, fresh.found.includes("until 2026-05-04T13:00:00.000Z")], ["ok", true]);
    const late = await checkCredentials(options({ AWS_BEARER_TOKEN_BEDROCK: key }), noon + 50 * 60_000);
    assert.equal(late.status, "warning");
    assert.ok(!late.found.includes(key.slice(20)));
  });

  it("finds the region in the environment, then in the shared files", async () => {
    assert.equal((await checkRegion(options({ AWS_REGION: "us-west-2" }))).found, "us-west-2 (AWS_REGION)");
    assert.match((await checkRegion(options({}, "dev"))).found, /^eu-north-1 /);
    assert.equal((await checkRegion(options({}))).status, "warning");
  });
});

describe("doctor's checks of probes", () => {
  const around = { profilesOf: () => ["us.x"], placeOf: new Map() };

  it("shows which targets answered, which did not and why", () => {
    const failed = { ttftMs: null, error: "needs-profile", message: "on-demand throughput is not supported" };
    const checks = checksOfProbes([probeOf(), probeOf({ region: "eu-west-1", ...failed })], around);
    assert.deepEqual(
      checks.map(({ name, status }) => [name, status]),
      [
        ["probe us-east-1", "ok"],
        ["probe eu-west-1", "missing"],
        ["clock skew", "ok"],
      ],
    );
    assert.match(checks[0]!.found, /connected in 30 ms, first token after 210 ms/);
    assert.match(checks[1]!.fix!, /us\.x/);
  });

  it("warns of a clock that is off, and fails one that AWS refuses", () => {
    const skewed = (ms: number) => checksOfProbes([probeOf({ clockSkewMs: ms })], around).at(-1)!;
    assert.equal(skewed(1500).status, "ok");
    assert.deepEqual([skewed(-60_000).status, skewed(301_000).status], ["warning", "missing"]);
    assert.match(skewed(301_000).found, /301 s behind/);
  });

  it("shows what the last probe found, and how old that is", async (test) => {
    const folder = await mkdtemp(join(tmpdir(), "meridian-doctor-"));
    test.after(() => rm(folder, { recursive: true }));
    const path = join(folder, "probe.json");
    const probes = [probeOf(), probeOf({ error: "throttled" }), probeOf()];
    await writeProbeFile(path, probeFileOf({ ended: "all", harness: null, probes }));
    const [line] = await checksOfProbeFile(path, Date.parse(probes[0]!.at) + 7_200_000);
    assert.equal(line!.status, "warning");
    assert.match(line!.found, /2\/3 answered \(1 throttled\), TTFT p50 210 ms, 2 h 0 min ago/);
  });
});
