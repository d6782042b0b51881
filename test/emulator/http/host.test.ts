import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { refuseForeignHost } from "../../../emulator/http/host.ts";

describe("host of a request", () => {
  it("may be any name of loopback, with any port, and the names that are allowed", () => {
    for (const host of [
      "127.0.0.1",
      "127.0.0.1:7400",
      "localhost:80",
      "LOCALHOST",
      "a.localhost:1",
      "[::1]:7400",
      "127.9.9.9",
    ]) {
      refuseForeignHost({ host }, []);
      refuseForeignHost({ ":authority": host }, []);
    }
    refuseForeignHost({ host: "host.docker.internal:7400" }, ["host.docker.internal"]);
    refuseForeignHost({ host: "anything" }, undefined);
  });
  it("may not be a name that a web page could point at loopback", () => {
    for (const host of [
      "evil.example",
      "127.0.0.1.evil.example:7400",
      "localhost.evil.example",
      "",
      "10.0.0.1",
      "[::2]",
    ]) {
      assert.throws(() => refuseForeignHost({ host }, ["127.0.0.1"]), { name: "AccessDeniedException" }, host);
    }
    assert.throws(() => refuseForeignHost({}, []), { name: "AccessDeniedException" });
  });
});
