import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { guardEndpoint } from "../../../../scripts/io/k6/endpoint-guard.ts";

const NAMES: Readonly<Record<string, readonly string[]>> = {
  localhost: ["127.0.0.1", "::1"],
  "gateway.example.com": ["10.1.2.3"],
  "rebound.example.com": ["10.1.2.3", "169.254.169.254"],
  "half.example.com": ["127.0.0.1", "10.0.0.1"],
  "metadata.google.internal": ["169.254.169.254"],
};
const resolve = async (host: string) => NAMES[host] ?? Promise.reject(new Error("ENOTFOUND"));

async function outcome(url: string, allowed: readonly string[] = []): Promise<string> {
  const found = await guardEndpoint(url, "endpoints.us-east-1", allowed, resolve);
  if ("code" in found) {
    assert.ok(found.fix, "every refusal says what to do");
    return found.code;
  }
  return `${found.url} at ${found.address}`;
}

describe("an endpoint", () => {
  it("on this machine may be called", async () => {
    assert.equal(await outcome("http://127.0.0.1:7400"), "http://127.0.0.1:7400 at 127.0.0.1");
    assert.equal(await outcome("http://localhost:7400/"), "http://localhost:7400 at 127.0.0.1");
    assert.equal(await outcome("http://[::1]:7400"), "http://[::1]:7400 at ::1");
  });

  it("elsewhere only if its host was allowed, by its very name", async () => {
    const url = "https://gateway.example.com";
    assert.equal(await outcome(url), "ENDPOINT_NOT_ALLOWED");
    assert.equal(await outcome(url, ["example.com"]), "ENDPOINT_NOT_ALLOWED");
    assert.equal(await outcome(url, ["gateway.example.com"]), "https://gateway.example.com at 10.1.2.3");
    assert.equal(await outcome("http://half.example.com"), "ENDPOINT_NOT_ALLOWED", "loopback in part is not loopback");
  });

  it("at a metadata service or a link-local address never, allowed or not", async () => {
    for (const url of [
      "http://169.254.169.254",
      "http://169.254.1.2:80",
      "http://[fe80::1]",
      "http://[fd00:ec2::254]",
      "http://[::ffff:169.254.169.254]",
      "http://2852039166",
      "http://0xa9fea9fe",
      "http://0.0.0.0:7400",
      "http://[::]:7400",
      "http://100.100.100.200",
      "http://255.255.255.255",
      "http://metadata.google.internal",
      "http://rebound.example.com",
    ]) {
      const host = new URL(url).hostname.replace(/^\[|\]$/g, "");
      assert.equal(await outcome(url, [host]), "ENDPOINT_FORBIDDEN", url);
    }
  });

  it("is scheme, host and port, and exists", async () => {
    for (const url of [
      "ftp://127.0.0.1",
      "file:///etc/passwd",
      "127.0.0.1:7400",
      "",
      "http://user:secret@127.0.0.1",
      "http://127.0.0.1/path",
      "http://127.0.0.1/?q",
      "http://127.0.0.1/#f",
    ]) {
      assert.equal(await outcome(url), "ENDPOINT_URL", url);
    }
    assert.equal(await outcome("http://nowhere.example.com"), "ENDPOINT_UNKNOWN_HOST");
  });
});
