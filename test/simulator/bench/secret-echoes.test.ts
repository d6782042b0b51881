import assert from "node:assert/strict";
import { it } from "node:test";
import { secretEchoes } from "../../../simulator/bench/secret-echoes.ts";

const SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const isFound = (text: string) => secretEchoes(SECRET).some((echo) => text.includes(echo));

it("a secret is found in whatever text a server wraps it, in base64 too", () => {
  for (const before of ["", "a", "ab", "Bearer ", "x:", "user:"]) {
    for (const after of ["", "!", "!!", " and more"]) {
      const text = before + SECRET + after;
      assert.ok(isFound(`said ${text}`));
      assert.ok(isFound(encodeURIComponent(text)), text);
      for (const encoding of ["base64", "base64url"] as const)
        assert.ok(isFound(Buffer.from(text).toString(encoding)), `${encoding} of ${text}`);
    }
  }
});

it("other texts are left alone", () => {
  assert.ok(!isFound("a longer answer about nothing in particular, in plain words"));
  assert.ok(!isFound(Buffer.from("a longer answer about nothing in particular").toString("base64")));
  assert.deepEqual(secretEchoes("short"), ["short"]);
});
