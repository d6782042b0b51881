import assert from "node:assert/strict";
import { test } from "node:test";
import { SECONDS, USD } from "../../../reports/base/text.ts";
import { fitted, fittedShare, hundredthsOf, sizeInThreeCharacters } from "../../../reports/text/narrow.ts";
import { renderTerminal } from "../../../reports/text/terminal.ts";
import { fixture } from "../fixture.ts";

const exact = (value: number) => ({ value, low: value, high: value, n: 5 });

test("a number gets shorter by whole steps until it fits", () => {
  assert.deepEqual(
    [6, 4, 3].map((width) => fitted(exact(11_114), SECONDS, width)),
    ["11.1", "11.1", "11"],
  );
  assert.deepEqual(
    [7, 6, 5, 4].map((width) => fitted(exact(97_312), USD, width)),
    ["97,312", "97,312", "97k", "97k"],
  );
});

test("a share keeps to its side of the target and of 100 % however narrow its column is", () => {
  assert.deepEqual(
    [5, 4, 2].map((width) => fittedShare(exact(0.9496), width, 0.95)),
    ["94.96", "94.9", "94"],
  );
  assert.deepEqual(
    [5, 4, 2].map((width) => fittedShare(exact(0.99962), width)),
    ["99.96", "99.9", "99"],
  );
  assert.equal(hundredthsOf(exact(0.9496), 0.95), "94.96");
});

test("sizes are hundredths of three characters at most", () => {
  const sizes = [0.00042, 0.0042, 0.0654, 0.0996, 0.28, 9.99, 20].map(sizeInThreeCharacters);
  assert.deepEqual(sizes, ["<.1", "0.4", "6.5", "10", "28", "999", ">9x"]);
});

test("columns of shares take the verdict's digits where the names leave room", () => {
  const shareIn = (name: string) => {
    const result = fixture({ strategies: [name, "b"], classes: ["all"] });
    const within = { value: 0.99643, low: 0.996, high: 0.99686, n: 10 };
    const strategies = result.strategies.map((one) => ({ ...one, total: { ...one.total, goodputShare: within } }));
    const lines = renderTerminal({ ...result, strategies }, { colour: false, width: 80 }).split("\n");
    assert.ok(lines.every((line) => line.length <= 80));
    return lines.find((line) => line.startsWith("b "))!.split(/ +/)[1];
  };
  assert.equal(shareIn("a"), "99.64");
  assert.equal(shareIn("least-outstanding"), "99.6");
});
