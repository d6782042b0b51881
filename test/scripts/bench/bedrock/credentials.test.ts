import assert from "node:assert/strict";
import { createHash, createHmac } from "node:crypto";
import { describe, it } from "node:test";
import { SignatureV4 } from "@smithy/signature-v4";
import {
  apiKeyExpiryMs,
  bedrockCredentials,
  hideSecrets,
  refuseExpiring,
} from "../../../../scripts/bench/bedrock/credentials.ts";
import { MeridianError } from "../../../../simulator/base/errors.ts";
import { withAwsEnv } from "./with-env.ts";

class Sha256 {
  private readonly hash;
  constructor(secret?: Uint8Array) {
    this.hash = secret === undefined ? createHash("sha256") : createHmac("sha256", secret);
  }
  update(data: Uint8Array): void {
    this.hash.update(data);
  }
  async digest(): Promise<Uint8Array> {
    return this.hash.digest();
  }
}

/** A key as AWS's generator makes it: a presigned call, without its scheme, in base64. */
async function shortTermKey(signedAtMs: number, expiresIn: number): Promise<string> {
  const signer = new SignatureV4({
    service: "bedrock",
    region: "us-east-1",
    sha256: Sha256 as never,
    credentials: { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "secret", sessionToken: "a+b/c=" },
  });
  const { hostname, path, query } = await signer.presign(
    {
      method: "POST",
      protocol: "https:",
      hostname: "bedrock.amazonaws.com",
      path: "/",
      query: { Action: "CallWithBearerToken" },
      headers: { host: "bedrock.amazonaws.com" },
    },
    { expiresIn, signingDate: new Date(signedAtMs) },
  );
  const text = new URLSearchParams(query as Record<string, string>).toString();
  return `bedrock-api-key-${Buffer.from(`${hostname}${path}?${text}&Version=1`).toString("base64")}`;
}

it("a short-term key says when it ends", async () => {
  const signedAtMs = Date.UTC(2026, 10, 21, 8, 30, 15);
  assert.equal(apiKeyExpiryMs(await shortTermKey(signedAtMs, 43_200)), signedAtMs + 43_200_000);
});

it("a long-term key does not, and neither does what is no key", () => {
  for (const key of ["ABSKabc", "bedrock-api-key-", "bedrock-api-key-!!!", "bedrock-api-key-aGVsbG8/eA==", ""]) {
    assert.equal(apiKeyExpiryMs(key), null, key);
  }
});

const KEYS = { AWS_ACCESS_KEY_ID: "AKIAIOSFODNN7EXAMPLE", AWS_SECRET_ACCESS_KEY: "of-the-environment" };
const PROFILE = "[lab]\naws_access_key_id = AKIAIOSFODNN7PROFILE\naws_secret_access_key = of-the-profile\n";

describe("credentials for Bedrock", () => {
  it("are an API key first, as in the AWS SDKs", async () => {
    const key = "ABSKlongterm";
    const found = await withAwsEnv({ ...KEYS, AWS_BEARER_TOKEN_BEDROCK: key }, () => bedrockCredentials());
    assert.deepEqual(found, {
      kind: "API key",
      source: "AWS_BEARER_TOKEN_BEDROCK",
      expiresAtMs: null,
      variables: { AWS_BEARER_TOKEN_BEDROCK: key },
    });
  });

  it("come from the environment, with the session token if there is one", async () => {
    const found = await withAwsEnv(KEYS, () => bedrockCredentials());
    assert.deepEqual([found.kind, found.source, found.variables], ["access key", "environment variables", KEYS]);
    const session = { ...KEYS, AWS_SESSION_TOKEN: "token" };
    const temporary = await withAwsEnv(session, () => bedrockCredentials());
    assert.deepEqual([temporary.kind, temporary.variables], ["session", session]);
  });

  it("come from a profile that is named, here or in the environment", async () => {
    const named = await withAwsEnv({}, () => bedrockCredentials({ profile: "lab" }), { credentials: PROFILE });
    assert.equal(named.source, "a profile file (lab)");
    assert.equal(named.variables.AWS_SECRET_ACCESS_KEY, "of-the-profile");
    const set = await withAwsEnv({ AWS_PROFILE: "lab" }, () => bedrockCredentials(), { credentials: PROFILE });
    assert.equal(set.variables.AWS_SECRET_ACCESS_KEY, "of-the-profile");
  });

  it("of a process say when they end", async () => {
    const document = `{"Version":1,"AccessKeyId":"A","SecretAccessKey":"S","SessionToken":"T","Expiration":"2036-01-01T00:00:00Z"}`;
    const config = `[profile lab]\ncredential_process = echo '${document}'\n`;
    const found = await withAwsEnv({}, () => bedrockCredentials({ profile: "lab" }), { config });
    assert.deepEqual([found.kind, found.expiresAtMs], ["session", Date.UTC(2036, 0, 1)]);
  });

  it("that are missing are a problem that quotes no secret", async () => {
    const config = "[profile lab]\ncredential_process = echo broken AKIAIOSFODNN7CANARY >&2; exit 1\n";
    for (const profile of [undefined, "lab", "nowhere"]) {
      await assert.rejects(
        withAwsEnv({}, () => bedrockCredentials(profile === undefined ? {} : { profile }), { config }),
        (error) => {
          assert.ok(error instanceof MeridianError);
          assert.deepEqual([error.kind, error.problems[0]!.code], ["environment", "CREDENTIALS_MISSING"]);
          assert.ok(error.problems[0]!.fix);
          assert.ok(!error.message.includes("CANARY"), error.message);
          return true;
        },
      );
    }
  });
});

it("credentials must outlive the run", () => {
  const credentials = { kind: "session", source: "test", variables: {} } as const;
  refuseExpiring({ ...credentials, expiresAtMs: null }, 1e15);
  refuseExpiring({ ...credentials, expiresAtMs: 2000 }, 1999);
  assert.throws(() => refuseExpiring({ ...credentials, expiresAtMs: 60_000 }, 150_000), {
    message: /CREDENTIALS_EXPIRE {2}test: the credentials end at 1970-01-01T00:01:00.000Z, 2 min before the run would/,
  });
});

it("hides values in use, those of the environment, and what looks like a key", () => {
  const env = { AWS_SECRET_ACCESS_KEY: "environment/secret", AWS_SESSION_TOKEN: "" };
  assert.equal(hideSecrets("in use-value and environment/secret", ["use-value"], env), "in [hidden] and [hidden]");
  assert.equal(hideSecrets("key AKIAIOSFODNN7EXAMPLE, ASIAIOSFODNN7EXAMPLE.", [], {}), "key [hidden], [hidden].");
  const long = "ABSKQmVkcm9ja0FQSUtleS1leGFtcGxl+/=";
  const short = "bedrock-api-key-YmVkcm9jay5hbWF6b25hd3MuY29t";
  assert.equal(hideSecrets(`Bearer ${long} ${short}`, [], {}), "Bearer [hidden] [hidden]");
});

it("hides a value before another that is part of it, and leaves short values alone", () => {
  assert.equal(hideSecrets("abcdefghij abcdefgh", ["abcdefgh", "abcdefghij"], {}), "[hidden] [hidden]");
  assert.equal(hideSecrets("region us-east-1", ["region"], {}), "region us-east-1");
});
