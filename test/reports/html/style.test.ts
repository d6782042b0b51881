import assert from "node:assert/strict";
import { test } from "node:test";
import { STYLE } from "../../../reports/html/style.ts";

test("the style sheet is balanced, knows both schemes and print, and loads nothing", () => {
  assert.equal(STYLE.match(/\{/g)!.length, STYLE.match(/\}/g)!.length);
  for (const part of ["prefers-color-scheme:dark", "@media print", "focus-visible"])
    assert.ok(STYLE.includes(part), part);
  assert.doesNotMatch(STYLE, /url\(|@import|@font-face|<\/style/);
});
