import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { refuseForeignHost, refuseOpenHost } from "../../../emulator/http/host.ts";

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
  it("may be beyond loopback only with a long token and authentication", () => {
    refuseOpenHost("127.0.0.1", undefined, "off");
    refuseOpenHost("0.0.0.0", "a-long-operator-token", "verify");
    for (const [token, auth] of [
      [undefined, "verify"],
      ["short", "verify"],
      ["a-long-operator-token", "off"],
    ] as const) {
      assert.throws(() => refuseOpenHost("0.0.0.0", token, auth), { message: /^EMULATOR_HOST_NEEDS_TOKEN/ });
    }
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
