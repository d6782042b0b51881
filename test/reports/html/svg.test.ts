import assert from "node:assert/strict";
import { test } from "node:test";
import type { TopLevelSpec } from "vega-lite";
import { renderSvg, renderThemes } from "../../../reports/html/svg.ts";

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

test("pictures of several themes are those that are drawn one by one, however the themes differ", async () => {
  const inTheme = (colour: string, more: object) => ({ ...spec, background: colour, ...more }) as TopLevelSpec;
  const scaled = (colour: string) => ({
    encoding: { ...spec.encoding, color: { field: "y", type: "quantitative", scale: { range: ["#000000", colour] } } },
  });
  const tested = (value: number) => ({
    encoding: {
      ...spec.encoding,
      color: { condition: { test: `datum.y > ${value}`, value: "#00ff00" }, value: "#0000ff" },
    },
  });
  for (const specs of [
    [inTheme("#102030", {}), inTheme("#FFEEDD", {})],
    [inTheme("#102030", scaled("#ff0000")), inTheme("#FFEEDD", scaled("#00ff00"))],
    [inTheme("#102030", tested(2)), inTheme("#FFEEDD", tested(3))],
    [inTheme("#102030", {}), inTheme("white", {})],
  ]) {
    const pictures = specs.map((one, at) => ({
      spec: one,
      options: { idPrefix: `theme-${at}`, withoutHeading: true },
    }));
    const alone = await Promise.all(pictures.map(({ spec: one, options }) => renderSvg(one, options)));
    assert.notEqual(alone[0], alone[1]);
    assert.deepEqual(await renderThemes(pictures), alone);
  }
});
