import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { DARK, LIGHT } from "../../../reports/base/theme.ts";
import { linear, logarithmic } from "../../../reports/charts/parts/frame.ts";
import { renderHtml } from "../../../reports/html/report.ts";
import { liveAnswer } from "../../../reports/live/answer.ts";
import { picture, symbol, text, ticks } from "../../../reports/live/drawing.ts";
import {
  type Explorable,
  explorableExtension,
  explorableLink,
  explorableSection,
  PANEL_STYLE,
  playgroundPanel,
} from "../../../reports/live/panel.ts";
import { classPicture, frontierPicture } from "../../../reports/live/pictures.ts";
import { fixture } from "../fixture.ts";

const RESULT = fixture({ strategies: ["single", 'cheap & "near" <b>'], classes: ["chat", "batch"], hours: 2 });

describe("a live answer", () => {
  it("is the verdict's own sentences, pictures and the main tables", async () => {
    const verdictSentences = ["First.", "Second.", "Third."];
    const answer = await liveAnswer({ ...RESULT, verdictSentences }, null, LIGHT);
    assert.deepEqual([answer.headline, answer.reasons], ["First.", ["Second.", "Third."]]);
    assert.match(answer.tablesHtml, /id="table-live-strategies"[\s\S]*id="table-live-classes"/);
    const { verdictSentences: _none, ...older } = RESULT;
    assert.equal((await liveAnswer(older, null, LIGHT)).headline, RESULT.verdict);
  });

  it("names are escaped, colours are those of the theme", () => {
    for (const draw of [frontierPicture, classPicture]) {
      const svg = draw(RESULT, null, LIGHT);
      assert.ok(svg.includes("cheap &amp; &quot;near&quot; &lt;b&gt;"));
      assert.doesNotMatch(svg, /<b>|style=|NaN|Infinity/);
      assert.notEqual(draw(RESULT, null, DARK), svg);
    }
  });

  it("shows where a strategy was before", () => {
    const slower = structuredClone(RESULT) as unknown as {
      strategies: { total: { e2eMs: { p95: { value: number } } } }[];
    };
    slower.strategies[0]!.total.e2eMs.p95.value *= 2;
    const faint = (svg: string) => svg.split('opacity="0.55"').length - 1;
    assert.equal(faint(frontierPicture(RESULT, null, LIGHT)), 0);
    assert.equal(faint(frontierPicture(RESULT, RESULT, LIGHT)), 0);
    assert.equal(faint(frontierPicture(RESULT, slower as never, LIGHT)), 2 * RESULT.strategies.length);
    assert.ok(faint(classPicture(RESULT, slower as never, LIGHT)) > 0);
  });

  it("says so where no request was served", () => {
    const strategies = RESULT.strategies.map((one) => ({
      ...one,
      total: { ...one.total, e2eMs: { ...one.total.e2eMs, p95: { ...one.total.e2eMs.p95, value: null } } },
      byClass: one.byClass.map((group) => ({
        ...group,
        counts: { ...group.counts, served: 0 },
        e2eMs: { ...group.e2eMs, count: 0, p95: { ...group.e2eMs.p95, value: null } },
      })),
    }));
    const result = { ...RESULT, strategies, classes: RESULT.classes.map((one) => ({ ...one, sloE2eMs: null })) };
    assert.match(frontierPicture(result, null, LIGHT), /No request was served/);
    assert.match(classPicture(result, null, LIGHT), /none: too many fail/);
    const waiting = strategies.map((one) => ({
      ...one,
      byClass: one.byClass.map((group) => ({ ...group, counts: { ...group.counts, sent: 0 } })),
    }));
    assert.match(classPicture({ ...result, strategies: waiting }, null, LIGHT), /no request yet/);
  });
});

describe("the marks of a picture", () => {
  it("ticks are round and within the scale", () => {
    assert.deepEqual(ticks(linear(0, 21)), [0, 5, 10, 15, 20]);
    assert.deepEqual(ticks(linear(6.62, 6.66)), [6.62, 6.63, 6.64, 6.65, 6.66]);
    assert.deepEqual(ticks(logarithmic(0.9, 110)), [1, 2, 5, 10, 20, 50, 100]);
  });

  it("every shape is drawn", () => {
    const shapes = [
      "circle",
      "square",
      "triangle-up",
      "diamond",
      "triangle-down",
      "cross",
      "triangle-right",
      "triangle-left",
    ];
    const drawn = shapes.map((shape) =>
      symbol({ x: 1, y: 2 }, { colour: "#000", dash: [], shape, role: "other", width: 1 }, { size: 5, ground: "#fff" }),
    );
    assert.equal(new Set(drawn).size, shapes.length);
    assert.match(
      picture('a "b"', { width: 1, height: 1 }, [text({ x: 0, y: 0 }, "<", { colour: "#000" })]),
      /aria-label="a &quot;b&quot;".*&lt;/,
    );
  });
});

describe("the playground in a report", () => {
  const one: Explorable = {
    ...{ scenario: "name: </script>", file: "s.yaml", meridianVersion: "0", pageScript: "start()" },
    ...{ worker: "d29yaw==", inputs: "ZGF0YQ==" },
  };

  it("is a section with the scenario as text, its data, and a policy for what it runs", async () => {
    const html = await renderHtml(RESULT, one);
    assert.match(html, /<pre class="scenario">name: &lt;\/script&gt;/);
    assert.match(html, /"scenario":"name: \\u003c\/script/);
    assert.match(html, /href="#playground"/);
    const policy = /Content-Security-Policy" content="([^"]*)"/.exec(html)![1]!.replaceAll("&#39;", "'");
    assert.match(policy, /script-src 'sha256-[^']+' 'sha256-[^']+'; worker-src blob:/);
    assert.doesNotMatch(policy, /unsafe/);
    assert.ok(html.includes("<script>start()</script>") && html.includes(PANEL_STYLE));
  });

  it("a report without one is as it was; one that cannot have one says why", async () => {
    assert.equal(await renderHtml(RESULT, undefined), await renderHtml(RESULT));
    const html = await renderHtml(RESULT, { absence: "too large." });
    assert.match(html, /Not in this page: too large\./);
    assert.doesNotMatch(html, /play-setup|worker-src/);
    assert.equal(`${explorableSection(undefined)}${explorableLink({ absence: "" })}`, "");
    assert.equal(explorableExtension({ absence: "" }), undefined);
    assert.match(String(playgroundPanel({ scenario: "x", remark: "A remark." })), /A remark\./);
  });
});
