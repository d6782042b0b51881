import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { claimsPage } from "../../../scripts/docs/claims-page.ts";
import { ASSUMPTIONS } from "../../../simulator/claims/claim.ts";
import { CLAIMS } from "../../../simulator/claims/index.ts";

describe("the page of claims", () => {
  it("has a section for every claim and a row for every assumption", async () => {
    const page = await claimsPage();
    for (const { id, says } of CLAIMS) assert.ok(page.includes(`## ${id}\n`) && page.includes(says), id);
    for (const name of Object.keys(ASSUMPTIONS)) assert.ok(page.includes(`| \`${name}\` |`), name);
  });
});
