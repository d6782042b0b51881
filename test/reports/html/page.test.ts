import assert from "node:assert/strict";
import { test } from "node:test";
import { runInNewContext } from "node:vm";
import { DARK, LIGHT } from "../../../reports/base/theme.ts";
import { picturesHtml, raw } from "../../../reports/html/elements.ts";
import { SCRIPT, STYLE } from "../../../reports/html/page.ts";
import { renderHtml } from "../../../reports/html/report.ts";
import { renderValidationHtml } from "../../../reports/validation/report.ts";
import { fixture } from "../fixture.ts";
import { validation } from "../validation/results.ts";

/** The few parts of a page that the script touches. */
function openPage(hash: string) {
  const names = ["a", "b"];
  const marks = names.map((_, index) => ({ index, away: false }));
  const listeners: (() => void)[] = [];
  const boxes = names.map(() => ({
    checked: true,
    addEventListener: (_: string, act: () => void) => listeners.push(act),
  }));
  const click: Record<string, () => void> = {};
  const root = { dataset: {} as Record<string, string> };
  const context = {
    URLSearchParams,
    location: { hash },
    history: {
      replaceState: (_: unknown, __: string, url: string) => {
        context.location.hash = url;
      },
    },
    matchMedia: () => ({ matches: false }),
    addEventListener: () => {},
    document: {
      documentElement: root,
      getElementById: (id: string) =>
        id === "strategy-names"
          ? { textContent: JSON.stringify(names) }
          : {
              addEventListener: (_: string, act: () => void) => {
                click[id] = act;
              },
            },
      querySelectorAll: (selector: string) => {
        if (selector === "input[data-filter]") return boxes;
        const index = /data-strategy="(\d+)"/.exec(selector)?.[1];
        return marks
          .filter((mark) => String(mark.index) === index)
          .map((mark) => ({
            classList: {
              toggle: (_: string, away: boolean) => {
                mark.away = away;
              },
            },
          }));
      },
    },
  };
  runInNewContext(SCRIPT, context);
  return { boxes, marks, listeners, click, root, hash: () => context.location.hash };
}

test("a link restores the view: strategies and theme", () => {
  const page = openPage("#strategies=b&theme=dark");
  assert.deepEqual(
    page.marks.map((mark) => mark.away),
    [true, false],
  );
  assert.deepEqual(
    page.boxes.map((box) => box.checked),
    [false, true],
  );
  assert.equal(page.root.dataset.theme, "dark");
});

test("unticking a strategy hides it and writes the fragment; All brings it back", () => {
  const page = openPage("");
  page.boxes[0]!.checked = false;
  page.listeners[0]!();
  assert.equal(page.hash(), "#strategies=b");
  assert.deepEqual(
    page.marks.map((mark) => mark.away),
    [true, false],
  );
  page.click.all!();
  assert.deepEqual(
    page.marks.map((mark) => mark.away),
    [false, false],
  );
});

test("the toggle goes to the other theme than the one shown", () => {
  const page = openPage("");
  page.click.theme!();
  assert.equal(page.root.dataset.theme, "dark");
  page.click.theme!();
  assert.equal(page.root.dataset.theme, "light");
});

test("an unknown fragment or theme changes nothing", () => {
  const page = openPage("#theme=%22%3E&assertions");
  assert.equal(page.root.dataset.theme, undefined);
  assert.deepEqual(
    page.marks.map((mark) => mark.away),
    [false, false],
  );
});

interface CssRule {
  /** Conditions of the media rules around it, joined; "" outside any. */
  readonly media: string;
  readonly selector: string;
  readonly declarations: ReadonlyMap<string, string>;
}

/** The rules of a style sheet; throws where braces do not match. */
function rulesOf(css: string, media = ""): CssRule[] {
  const rules: CssRule[] = [];
  let rest = css.trim();
  while (rest !== "") {
    const open = rest.indexOf("{");
    assert.ok(open > 0, `a rule begins here: ${rest.slice(0, 40)}`);
    const prelude = rest.slice(0, open).trim();
    let depth = 1;
    let at = open + 1;
    for (; depth > 0; at += 1) {
      assert.ok(at < rest.length, `${prelude} has no end`);
      depth += { "{": 1, "}": -1 }[rest[at]!] ?? 0;
    }
    const body = rest.slice(open + 1, at - 1);
    if (prelude.startsWith("@media")) rules.push(...rulesOf(body, prelude));
    else {
      const pairs = body.split(";").filter((pair) => pair !== "");
      const declarations = new Map(pairs.map((pair) => [pair.split(":", 1)[0]!, pair.slice(pair.indexOf(":") + 1)]));
      for (const selector of prelude.split(",")) rules.push({ media, selector, declarations });
    }
    rest = rest.slice(at).trim();
  }
  return rules;
}

const RULES = rulesOf(STYLE);
const DARK_MEDIA = "@media (prefers-color-scheme:dark)";
const declared = (media: string, selector: string, name: string) =>
  RULES.findLast(
    (rule) => rule.media === media && rule.selector === selector && rule.declarations.has(name),
  )?.declarations.get(name);

test("the colours of the page are those of the charts, in each scheme and in print", () => {
  for (const [media, selector, theme] of [
    ["", ":root", LIGHT],
    [DARK_MEDIA, ":root:not([data-theme=light])", DARK],
    ["", ":root[data-theme=dark]", DARK],
    ["@media print", ":root[data-theme=dark]", LIGHT],
  ] as const) {
    assert.equal(declared(media, selector, "--background"), theme.background, `${media} ${selector}`);
    assert.equal(declared(media, selector, "--text"), theme.text, `${media} ${selector}`);
    assert.equal(declared(media, selector, "color-scheme"), theme.name);
    const used = new Set([...STYLE.matchAll(/var\((--[a-z]+)\)/g)].map((match) => match[1]!));
    assert.ok(used.size > 0);
    for (const name of used) assert.notEqual(declared(media, selector, name), undefined, `${selector} lacks ${name}`);
  }
});

test("one picture of the two is shown: the light one unless the scheme or the reader says dark, and in print", () => {
  const shown = (media: string, root: string) => [
    declared(media, `${root}.only-light`, "display"),
    declared(media, `${root}.only-dark`, "display"),
  ];
  assert.deepEqual(shown("", ""), [undefined, "none"]);
  assert.deepEqual(shown(DARK_MEDIA, ":root:not([data-theme=light]) "), ["none", "block"]);
  assert.deepEqual(shown("", ":root[data-theme=dark] "), ["none", "block"]);
  for (const root of [":root ", ":root[data-theme=dark] ", ":root:not([data-theme=light]) "])
    assert.deepEqual(shown("@media print", root), ["block", "none"], root);
});

test("whatever takes the focus shows it", () => {
  const focusable = ["a", "button", "input", "select", "summary", "[tabindex]"];
  for (const element of focusable) {
    assert.match(declared("", `${element}:focus-visible`, "outline") ?? "", /^2px solid/, element);
  }
});

test("the style sheet styles nothing that no page has, and loads nothing", async () => {
  const unstable = fixture({ unstable: ["cheapest"] });
  const violated = unstable.strategies.map((one) => ({
    ...one,
    byClass: one.byClass.map((group) => ({ ...group, counts: { ...group.counts, residencyViolations: 1 } })),
  }));
  const pages = [
    await renderHtml({ ...unstable, strategies: violated, verdictSentences: ["The headline.", "What it assumes."] }),
    await renderValidationHtml(validation()),
    // As bills and projections have them.
    picturesHtml(() => raw("<svg></svg>")),
  ].join();
  const present = new Set([...pages.matchAll(/ class="([^"]*)"/g)].flatMap((match) => match[1]!.split(" ")));
  const styled = new Set(
    RULES.flatMap(({ selector }) => [...selector.matchAll(/\.([a-z][\w-]*)/g)].map((one) => one[1]!)),
  );
  assert.deepEqual(
    [...styled].filter((name) => !present.has(name) && !SCRIPT.includes(`"${name}"`)),
    [],
  );
  assert.doesNotMatch(STYLE, /url\(|@import|@font-face|<\/style/);
});
