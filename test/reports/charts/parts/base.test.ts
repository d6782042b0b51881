import assert from "node:assert/strict";
import { test } from "node:test";
import { frame } from "../../../../reports/charts/parts/base.ts";
import { DARK } from "../../../../reports/theme.ts";

test("title and subtitle are broken into lines that fit, and all of it is in the alt text", () => {
  const heading = { title: "word ".repeat(60).trim(), subtitle: "short" };
  const { title, description, background } = frame({ question: "Why?" }, heading, DARK);
  assert.ok(title.text.length > 1 && title.text.every((line) => line.length <= 110));
  assert.equal(title.text.join(" "), heading.title);
  assert.equal(description, `Why? ${heading.title}. short`);
  assert.equal(background, DARK.ground);
});
