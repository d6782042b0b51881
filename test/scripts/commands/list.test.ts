import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { CATALOGUES } from "../../../scripts/io/catalogues.ts";
import { meridian } from "../run-meridian.ts";

describe("meridian list", () => {
  it("says what can be listed", async () => {
    const { code, stdout } = await meridian(["list"]);
    assert.equal(code, 0);
    for (const kind of Object.keys(CATALOGUES)) assert.match(stdout, new RegExp(`^${kind} `, "m"));
  });

  it("lists for people and for programs", async () => {
    const text = await meridian(["list", "regions"]);
    assert.match(text.stdout, /^eu-west-1 .*Dublin|^eu-west-1 .*Ireland/m);
    const json = JSON.parse((await meridian(["list", "strategies", "--json"])).stdout) as Record<string, unknown>;
    assert.equal(json.schemaVersion, 1);
    assert.equal(json.kind, "list");
    assert.ok((json.entries as { name: string }[]).some((entry) => entry.name === "cheapest-within"));
  });

  it("refuses an unknown kind with the nearest", async () => {
    const { code, stderr, stdout } = await meridian(["list", "strategie", "--json"]);
    assert.equal(code, 2);
    assert.match(stderr, /did you mean "strategies"\?/);
    assert.equal((JSON.parse(stdout) as { kind: string }).kind, "problems");
  });
});
