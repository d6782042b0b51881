import assert from "node:assert/strict";
import { test } from "node:test";
import type { TopLevelSpec } from "vega-lite";
import { renderSvg } from "../../../reports/html/svg.ts";

const spec: TopLevelSpec = {
  title: "Heading",
  width: 100,
  height: 50,
  data: {
    values: [
      { x: 1, y: 2 },
      { x: 2, y: 3 },
    ],
  },
  mark: { type: "line", clip: true },
  encoding: {
    x: { field: "x", type: "quantitative" },
    y: { field: "y", type: "quantitative" },
    color: { field: "y", type: "quantitative" },
  },
};

test("same spec, same bytes, whatever was drawn before", async () => {
  const first = await renderSvg(spec, { idPrefix: "one" });
  await renderSvg(spec, { idPrefix: "two" });
  assert.equal(await renderSvg(spec, { idPrefix: "one" }), first);
});

test("ids carry the prefix, and references follow", async () => {
  const svg = await renderSvg(spec, { idPrefix: "mine" });
  const ids = [...svg.matchAll(/ id="([^"]*)"/g)].map((match) => match[1]!);
  assert.ok(ids.length > 0);
  for (const id of ids) assert.match(id, /^mine-\d+$/);
  for (const [, reference] of svg.matchAll(/url\(#([^)]*)\)/g)) assert.ok(ids.includes(reference!));
});

test("the heading can be left to the page", async () => {
  assert.ok((await renderSvg(spec, { idPrefix: "a" })).includes("Heading"));
  assert.ok(!(await renderSvg(spec, { idPrefix: "a", withoutHeading: true })).includes("Heading"));
});

test("the picture carries its alt text, escaped", async () => {
  const svg = await renderSvg({ ...spec, description: 'A "<b>" & c' }, { idPrefix: "alt" });
  assert.match(svg, /^<svg role="img" aria-label="A &quot;&lt;b&gt;&quot; &amp; c" /);
});

test("a warning of Vega-Lite is an error", async () => {
  const wrong = {
    ...spec,
    encoding: { ...spec.encoding, shape: { field: "x", type: "quantitative" } },
  } as TopLevelSpec;
  await assert.rejects(renderSvg(wrong, { idPrefix: "wrong" }), { name: "MeridianError", kind: "internal" });
});
