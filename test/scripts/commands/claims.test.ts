import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { meridianHere } from "../run-meridian.ts";

describe("meridian claims", () => {
  it("lists every claim with the ceiling of price routing", async () => {
    const { code, stdout } = await meridianHere(["claims"]);
    assert.equal(code, 0);
    assert.match(stdout, /^six-figures/m);
    assert.match(stdout, /trough below peak +0\.1834 +11\.7 % +15\.2 % +17\.2 %/);
  });

  it("shows one, with an assumption of one's own, as JSON", async () => {
    const { stdout } = await meridianHere(["claims", "saving", "--set", "swing=52%", "--json"]);
    const { assumptions, claims } = JSON.parse(stdout);
    assert.deepEqual([assumptions.swing, claims.length], [0.52, 1]);
    const verdicts = claims[0].cases.map(({ verdict }: { verdict: string }) => verdict);
    assert.equal(verdicts.filter((verdict: string) => verdict === "holds").length, 15);
  });

  it("refuses what there is none of", async () => {
    const { code, stderr } = await meridianHere(["claims", "savings"]);
    assert.deepEqual([code, /saving/.test(stderr)], [2, true]);
  });
});
