import assert from "node:assert/strict";
import { test } from "node:test";
import { differenceForest } from "../../../reports/charts/difference-forest.ts";
import { figureHtml } from "../../../reports/html/figure.ts";
import { fixture } from "../fixture.ts";

test("a chart without data says why instead of an empty frame", async () => {
  const text = String(await figureHtml(differenceForest, fixture({ strategies: ["only"] })));
  assert.match(text, /nothing to compare/);
  assert.doesNotMatch(text, /<svg/);
});

test("the finding is text on the page and not repeated in the picture", async () => {
  const result = fixture();
  const text = String(await figureHtml(differenceForest, result));
  const { title } = differenceForest.heading(result);
  assert.equal(text.split(title).length - 1, 1 + 2, "once as heading, once as alt text of each picture");
  assert.equal([...text.matchAll(/<text[^>]*>Against/g)].length, 0);
});
