import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { canonicalPath, canonicalQuery, canonicalRequest } from "../../../emulator/auth/canonical.ts";

describe("canonicalPath", () => {
  it("encodes the received path once more, as every service but S3 wants", () => {
    const cases = [
      ["/model/a.b-v1%3A0/converse", "/model/a.b-v1%253A0/converse"],
      ["/model/a.b-v1:0/invoke", "/model/a.b-v1%3A0/invoke"],
      ["/model/arn%3Aaws%2Fx/converse", "/model/arn%253Aaws%252Fx/converse"],
      ["/", "/"],
      ["/a/./b/../c//d/", "/a/c/d/"],
      ["/a'b(c)*!", "/a%27b%28c%29%2A%21"],
    ] as const;
    for (const [path, expected] of cases) assert.equal(canonicalPath(path), expected);
  });
});

describe("canonicalQuery", () => {
  it("sorts by name, then value, encoded; names without a value get one", () => {
    assert.equal(canonicalQuery("b=2&a=x%20y&a=1&c"), "a=1&a=x%20y&b=2&c=");
    assert.equal(canonicalQuery(""), "");
    assert.equal(canonicalQuery("a=%ZZ"), "a=%25ZZ");
  });
});

describe("canonicalRequest", () => {
  // "get-vanilla" of AWS's published SigV4 test suite.
  it("agrees with AWS's test suite", () => {
    const empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    const canonical = canonicalRequest({
      method: "GET",
      path: "/",
      query: "",
      headers: { host: "example.amazonaws.com", "x-amz-date": "20150830T123600Z" },
      signedHeaders: ["host", "x-amz-date"],
      payloadHash: empty,
    });
    assert.equal(
      canonical,
      `GET\n/\n\nhost:example.amazonaws.com\nx-amz-date:20150830T123600Z\n\nhost;x-amz-date\n${empty}`,
    );
  });
  it("trims values, folds runs of spaces and takes the authority for the host", () => {
    const canonical = canonicalRequest({
      method: "POST",
      path: "/",
      query: "",
      headers: { ":authority": "h:1", a: "  x   y " },
      signedHeaders: ["a", "host"],
      payloadHash: "p",
    });
    assert.equal(canonical, "POST\n/\n\na:x y\nhost:h:1\n\na;host\np");
  });
});
