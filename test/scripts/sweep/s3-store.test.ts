import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { createS3Store } from "../../../scripts/sweep/s3-store.ts";

/** A server that speaks S3, built by `go install github.com/versity/versitygw/cmd/versitygw@v1.8.0`. */
const SERVER = process.env.MERIDIAN_S3_SERVER ?? "versitygw";

function hasServer(): boolean {
  try {
    execFileSync(SERVER, ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}

describe("addresses of buckets", () => {
  it("are s3://bucket/prefix", () => {
    for (const wrong of ["s3://", "s3://A/b", "s3:/bucket", "s3://b"])
      assert.throws(() => createS3Store(wrong), /STORE_ADDRESS/);
    assert.equal(createS3Store("s3://bucket/a/b").place, "s3://bucket/a/b");
  });
});

/** On each test, not on their group: one that is skipped as a whole is not counted. */
const skip = hasServer() ? false : `no ${SERVER} on PATH`;

describe("a store of results in a bucket", () => {
  let folder = "";
  let server: ChildProcess;
  const before_ = { ...process.env };
  before(async () => {
    if (skip !== false) return;
    folder = await mkdtemp(join(tmpdir(), "meridian-s3-"));
    await mkdir(join(folder, "data", "bucket"), { recursive: true });
    const port = await freePort();
    const keys = { ROOT_ACCESS_KEY: "test", ROOT_SECRET_KEY: "testsecret" };
    const args = ["--port", `127.0.0.1:${port}`, "posix", join(folder, "data")];
    server = spawn(SERVER, args, { env: { ...process.env, ...keys }, stdio: "ignore" });
    Object.assign(process.env, {
      AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${port}`,
      AWS_ACCESS_KEY_ID: "test",
      AWS_SECRET_ACCESS_KEY: "testsecret",
      AWS_REGION: "us-east-1",
    });
    for (let i = 0; i < 100; i++) {
      if (
        await fetch(`http://127.0.0.1:${port}/`).then(
          () => true,
          () => false,
        )
      )
        break;
      await pause(50);
    }
  });
  after(async () => {
    if (skip !== false) return;
    server.kill();
    for (const name of Object.keys(process.env)) if (!Object.hasOwn(before_, name)) delete process.env[name];
    Object.assign(process.env, before_);
    await rm(folder, { recursive: true });
  });

  it("keeps a result once, whoever publishes it at the same time", { skip }, async () => {
    const store = createS3Store("s3://bucket/sweeps");
    const key = "ab".padEnd(64, "0");
    assert.deepEqual([await store.isDone(key), await store.read(key)], [false, undefined]);
    const published = await Promise.all(Array.from({ length: 8 }, () => store.publish(key, '{"a":1}')));
    assert.equal(published.filter(Boolean).length, 1);
    assert.equal(await store.publish(key, '{"a":1}'), false);
    assert.equal(await store.read(key), '{"a":1}');
    await store.writeSweep("s", "{}");
    assert.deepEqual([await store.readSweep("s"), await store.readSweep("t")], ["{}", undefined]);
  });

  it("says when the bucket is not there", { skip }, async () => {
    await assert.rejects(
      createS3Store("s3://nobucket/x").publish("cd".padEnd(64, "0"), "x"),
      /STORE_UNREACHABLE.*NoSuchBucket/s,
    );
  });
});
