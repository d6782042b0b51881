import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, describe, it } from "node:test";
import { createRedactor, findIdentity, identityOf } from "../../../scripts/probe/identity.ts";
import type { MeridianError } from "../../../simulator/base/errors.ts";

const NAMES = [
  "AWS_ACCESS_KEY_ID",
  "AWS_SECRET_ACCESS_KEY",
  "AWS_SESSION_TOKEN",
  "AWS_PROFILE",
  "AWS_BEARER_TOKEN_BEDROCK",
  "AWS_SHARED_CREDENTIALS_FILE",
  "AWS_CONFIG_FILE",
  "AWS_EC2_METADATA_DISABLED",
] as const;
const saved = Object.fromEntries(NAMES.map((name) => [name, process.env[name]]));
const KEY = "AKIACANARYCANARY0000";
const SECRET = "CANARYsecretCANARYsecretCANARYsecret0000";
let folder = "";

/** The chain of the SDK reads the process's own environment. */
function withEnvironment(env: Partial<Record<(typeof NAMES)[number], string>>): void {
  const files = { AWS_SHARED_CREDENTIALS_FILE: join(folder, "credentials"), AWS_CONFIG_FILE: join(folder, "config") };
  for (const name of NAMES) delete process.env[name];
  Object.assign(process.env, files, env);
}

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "meridian-probe-"));
  await writeFile(
    join(folder, "credentials"),
    `[dev]\naws_access_key_id = ${KEY}\naws_secret_access_key = ${SECRET}\n[slow]\ncredential_process = sleep 5\n`,
  );
  await writeFile(join(folder, "config"), "");
});
afterEach(() => {
  for (const name of NAMES) {
    if (saved[name] === undefined) delete process.env[name];
    else process.env[name] = saved[name];
  }
});
after(() => rm(folder, { recursive: true }));

const find = (profile: string | undefined, limitMs = 10_000) =>
  findIdentity({ env: process.env, profile, instanceMetadata: false, limitMs });

describe("who probes", () => {
  it("is found in the environment, and its source is named without its values", async () => {
    withEnvironment({ AWS_ACCESS_KEY_ID: KEY, AWS_SECRET_ACCESS_KEY: SECRET, AWS_SESSION_TOKEN: `${SECRET}token` });
    const identity = await find(undefined);
    assert.equal(identity.source, "session from environment variables");
    assert.equal(identity.redact(`${KEY} ${SECRET} ${SECRET}token`), "[hidden] [hidden] [hidden]");
  });

  it("is found in a profile", async () => {
    withEnvironment({});
    const identity = await find("dev");
    assert.match(identity.source, /^access key from .*profile.*dev/);
    assert.ok(!identity.source.includes("CANARY"));
    assert.equal(identity.redact(SECRET), "[hidden]");
  });

  it("is an API key before anything else", async () => {
    withEnvironment({
      AWS_BEARER_TOKEN_BEDROCK: `ABSK${SECRET}`,
      AWS_ACCESS_KEY_ID: KEY,
      AWS_SECRET_ACCESS_KEY: SECRET,
    });
    const identity = await find(undefined);
    assert.deepEqual([identity.isApiKey, identity.config.authSchemePreference], [true, ["httpBearerAuth"]]);
  });

  it("that is missing is a problem with its fix, found without asking a machine's metadata service, and the environment stays as it was", async () => {
    withEnvironment({});
    // The fastest of three: a busy machine can delay one, the service would delay all.
    let fastestMs = Number.POSITIVE_INFINITY;
    for (let i = 0; i < 3; i++) {
      const started = performance.now();
      await assert.rejects(
        find(undefined),
        (error: MeridianError) => error.problems[0]!.code === "CREDENTIALS_MISSING",
      );
      fastestMs = Math.min(fastestMs, performance.now() - started);
    }
    assert.ok(fastestMs < 900, "the metadata service would have been waited for a second");
    assert.equal(process.env.AWS_EC2_METADATA_DISABLED, undefined);
  });

  it("is not waited for longer than the limit", async () => {
    withEnvironment({});
    await assert.rejects(find("slow", 300), (error: MeridianError) => error.problems[0]!.code === "CREDENTIALS_SLOW");
  });

  it("signs even where that is not required", () => {
    assert.deepEqual(identityOf({}).config, {
      credentials: { accessKeyId: "none", secretAccessKey: "none" },
      authSchemePreference: ["sigv4"],
    });
  });
});

describe("redaction of error texts", () => {
  it("hides secrets by value, as sent and percent-encoded", () => {
    const secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCY=";
    const redact = createRedactor([secret]);
    const clean = redact(`a ${secret} b ${encodeURIComponent(secret)} c`);
    assert.equal(clean, "a [hidden] b [hidden] c");
  });

  it("hides what was signed, of any account", () => {
    const canonical =
      "The Canonical String for this request should have been 'POST\n/model/x/converse-stream\n\nhost:a\nx-amz-security-token:IQoJb3JpZ2luX2VjCANARY==\n' Credential=AKIACANARYCANARY0000/20260504/us-east-1, Signature=cafecafe, Bearer ABSKCANARYCANARYCANARY";
    const clean = createRedactor([])(canonical);
    for (const canary of ["CANARY", "cafecafe", "IQoJ"]) assert.ok(!clean.includes(canary), clean);
    assert.ok(!clean.includes("\n"));
  });

  it("keeps to one line of 400 characters and leaves ordinary text alone", () => {
    assert.equal(createRedactor([])("Too many tokens, please wait."), "Too many tokens, please wait.");
    assert.equal(createRedactor([])("x y ".repeat(500)).length, 400);
  });
});
