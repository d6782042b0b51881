import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  canonicalPath,
  canonicalQuery,
  canonicalRequest,
  sameSecret,
  sha256,
  signatureOf,
} from "../../../emulator/http/signature.ts";

describe("canonicalPath", () => {
  it("encodes the received path once more, as every service but S3 requires", () => {
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
  it("trims values, folds runs of spaces and uses the authority as host", () => {
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

describe("secrets", () => {
  it("compare by their bytes", () => {
    assert.equal(sameSecret("abc", "abc"), true);
    for (const other of ["abd", "ab", "", "abcd"]) assert.equal(sameSecret(other, "abc"), false);
  });
});

it("signatureOf agrees with AWS's published example", () => {
  // AWS General Reference, the example of a signed request (GET ListUsers of IAM).
  const canonical = canonicalRequest({
    method: "GET",
    path: "/",
    query: "Action=ListUsers&Version=2010-05-08",
    headers: {
      "content-type": "application/x-www-form-urlencoded; charset=utf-8",
      host: "iam.amazonaws.com",
      "x-amz-date": "20150830T123600Z",
    },
    signedHeaders: ["content-type", "host", "x-amz-date"],
    payloadHash: sha256(""),
  });
  const at = { date: "20150830", region: "us-east-1", service: "iam", stamp: "20150830T123600Z" };
  assert.equal(
    signatureOf("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", at, canonical),
    "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7",
  );
});
