import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { CATALOGUES } from "../../../scripts/commands/list.ts";
import { meridianHere } from "../run-meridian.ts";

describe("meridian list", () => {
  it("says what can be listed", async () => {
    const { code, stdout } = await meridianHere(["list"]);
    assert.equal(code, 0);
    for (const kind of Object.keys(CATALOGUES)) assert.match(stdout, new RegExp(`^${kind} `, "m"));
  });

  it("lists for people and for programs", async () => {
    const text = await meridianHere(["list", "regions"]);
    assert.match(text.stdout, /^eu-west-1 .*Dublin|^eu-west-1 .*Ireland/m);
    const json = JSON.parse((await meridianHere(["list", "strategies", "--json"])).stdout) as Record<string, unknown>;
    assert.equal(json.schemaVersion, 1);
    assert.equal(json.kind, "list");
    assert.ok((json.entries as { name: string }[]).some((entry) => entry.name === "cheapest-within"));
  });

  it("refuses an unknown kind with the nearest", async () => {
    const { code, stderr, stdout } = await meridianHere(["list", "strategy", "--json"]);
    assert.equal(code, 2);
    assert.match(stderr, /did you mean "strategies"\? known here: strategies, regions/);
    assert.equal((JSON.parse(stdout) as { kind: string }).kind, "problems");
  });
});

describe("catalogues", () => {
  for (const [kind, load] of Object.entries(CATALOGUES)) {
    it(`${kind}: every entry has a name of its own and one line`, async () => {
      const entries = await load();
      assert.ok(entries.length > 1);
      assert.equal(new Set(entries.map((entry) => entry.name)).size, entries.length);
      for (const { name, summary } of entries) {
        assert.match(name, /^[a-z0-9][a-z0-9.-]*$/i);
        assert.ok(summary.length > 5 && !summary.includes("\n"), `${name}: ${summary}`);
      }
    });
  }

  it("knows the eight strategies and the five flagship regions", async () => {
    const names = async (kind: string) => (await CATALOGUES[kind]!()).map((entry) => entry.name);
    const strategies = await names("strategies");
    for (const name of "single round-robin weighted priority least-outstanding power-of-two cheapest cheapest-within".split(
      " ",
    )) {
      assert.ok(strategies.includes(name), name);
    }
    const regions = await names("regions");
    for (const name of "us-east-1 us-west-2 eu-west-1 ap-southeast-1 ap-northeast-1".split(" ")) {
      assert.ok(regions.includes(name), name);
    }
  });

  it("shows a region's clock", async () => {
    const mumbai = (await CATALOGUES.regions!()).find((entry) => entry.name === "ap-south-1");
    assert.match(mumbai?.summary ?? "", /Mumbai, IN, UTC\+05:30/);
  });
});
