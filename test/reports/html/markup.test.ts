import assert from "node:assert/strict";
import { test } from "node:test";
import { markup, raw } from "../../../reports/html/markup.ts";

test("values are escaped, markup and lists of markup are not", () => {
  const inner = markup`<i>${'"<>&'}</i>`;
  assert.equal(String(markup`<p>${[inner, inner]}${raw("<hr>")}</p>`), `<p>${inner}${inner}<hr></p>`);
  assert.equal(String(inner), "<i>&quot;&lt;&gt;&amp;</i>");
});
