/** The same store in a bucket of S3 or of a server that speaks it: "done" is a conditional write that only the first wins. */
import { gunzipSync, gzipSync } from "node:zlib";
import type { S3Client } from "@aws-sdk/client-s3";
import { MeridianError } from "../../simulator/base/errors.ts";
import { checked, type JobManifest, type JobStore, manifestFor } from "./job-store.ts";

/**
 * @param address `s3://bucket/prefix`; region, credentials and an endpoint of one's own come from the environment as
 * the AWS SDK reads them (AWS_REGION, AWS_PROFILE, AWS_ENDPOINT_URL_S3, ...)
 * @throws MeridianError usage, STORE_ADDRESS
 */
export function createS3Store(address: string): JobStore {
  const [, bucket, prefix = ""] = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*?))?\/?$/.exec(address) ?? [];
  if (bucket === undefined)
    throw new MeridianError("usage", {
      code: "STORE_ADDRESS",
      what: `"${address}" is not an address of a bucket`,
      fix: "write s3://bucket/prefix",
    });
  const objects = createObjects(bucket, prefix === "" ? "" : `${prefix}/`, address);
  const manifestOf = async (key: string): Promise<JobManifest | undefined> => {
    const bytes = await objects.get(nameOf(key, MANIFEST));
    return bytes === undefined ? undefined : (JSON.parse(Buffer.from(bytes).toString("utf8")) as JobManifest);
  };
  return {
    place: address,
    isDone: async (key) => (await manifestOf(key)) !== undefined,
    publish: async (key, result) => {
      await objects.put(nameOf(key, RESULT), gzipSync(result, { level: 6 }));
      return objects.put(nameOf(key, MANIFEST), Buffer.from(`${JSON.stringify(manifestFor(key, result))}\n`), {
        once: true,
      });
    },
    read: async (key) => {
      const manifest = await manifestOf(key);
      if (manifest === undefined) return undefined;
      return checked(manifest, await objects.get(nameOf(key, RESULT)), `${address}/${nameOf(key, RESULT)}`);
    },
    writeSweep: async (id, text) => void (await objects.put(`sweep-${id}.json.gz`, gzipSync(text))),
    readSweep: async (id) => {
      const bytes = await objects.get(`sweep-${id}.json.gz`);
      return bytes === undefined ? undefined : gunzipSync(bytes).toString("utf8");
    },
  };
}

const RESULT = ".json.gz";
const MANIFEST = ".manifest.json";

function nameOf(key: string, suffix: string): string {
  return `${key.slice(0, 2)}/${key}${suffix}`;
}

interface Objects {
  /** Undefined where there is none. */
  get(name: string): Promise<Uint8Array | undefined>;
  /** @returns false where `once` was asked for and the object was there */
  put(name: string, body: Uint8Array, how?: { readonly once: boolean }): Promise<boolean>;
}

function createObjects(bucket: string, prefix: string, place: string): Objects {
  // Only sweeps that use a bucket load the client.
  const client = import("@aws-sdk/client-s3").then((s3) => ({
    s3,
    client: new s3.S3Client(clientOptions()) as S3Client,
  }));
  const failed = (error: unknown): MeridianError => {
    const what = `the bucket cannot be used: ${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}`;
    const fix = "check its name, region and credentials, and AWS_ENDPOINT_URL_S3 for a server of your own";
    return new MeridianError("environment", { code: "STORE_UNREACHABLE", where: place, what, fix }, { cause: error });
  };
  return {
    get: async (name) => {
      const { s3, client: sender } = await client;
      try {
        const { Body } = await sender.send(new s3.GetObjectCommand({ Bucket: bucket, Key: prefix + name }));
        return await Body?.transformToByteArray();
      } catch (error) {
        if (statusOf(error) === 404 && (error as Error).name !== "NoSuchBucket") return undefined;
        throw failed(error);
      }
    },
    put: async (name, body, how) => {
      const { s3, client: sender } = await client;
      const condition = how?.once === true ? { IfNoneMatch: "*" } : {};
      try {
        await sender.send(new s3.PutObjectCommand({ Bucket: bucket, Key: prefix + name, Body: body, ...condition }));
        return true;
      } catch (error) {
        // 412: it was there. 409: another conditional write of the same object won at the same moment.
        if (how?.once === true && [409, 412].includes(statusOf(error) ?? 0)) return false;
        if (how?.once === true && [400, 501].includes(statusOf(error) ?? 0)) throw noConditions(place, error);
        throw failed(error);
      }
    },
  };
}

/** Such a server could not say which of two machines was first. */
function noConditions(where: string, cause: unknown): MeridianError {
  const what = "the server refuses writes under a condition (If-None-Match: *), by which a result is kept once";
  const fix =
    "use one that knows them, such as Amazon S3 or MinIO of 2024-09 or newer, or a folder that machines share";
  return new MeridianError("environment", { code: "STORE_WITHOUT_CONDITIONS", where, what, fix }, { cause });
}

/** A server of one's own has no names of buckets in its domain. */
function clientOptions() {
  return process.env.AWS_ENDPOINT_URL_S3 === undefined && process.env.AWS_ENDPOINT_URL === undefined
    ? {}
    : { forcePathStyle: true };
}

function statusOf(error: unknown): number | undefined {
  return (error as { readonly $metadata?: { readonly httpStatusCode?: number } }).$metadata?.httpStatusCode;
}
