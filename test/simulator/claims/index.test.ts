import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { loadReference } from "../../../scripts/io/reference.ts";
import { assumptionsFrom } from "../../../simulator/claims/claim.ts";
import { CLAIMS, judgeClaims } from "../../../simulator/claims/index.ts";

const reference = await loadReference();

describe("claims", () => {
  it("have a name each, and a case at least", () => {
    assert.equal(new Set(CLAIMS.map(({ id }) => id)).size, CLAIMS.length);
    for (const { id, cases } of judgeClaims({ assumptions: assumptionsFrom(), ...reference }))
      assert.ok(cases.length > 0, id);
  });
});
