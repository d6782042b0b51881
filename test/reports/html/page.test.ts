import assert from "node:assert/strict";
import { test } from "node:test";
import { runInNewContext } from "node:vm";
import { SCRIPT, STYLE } from "../../../reports/html/page.ts";

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

test("a foreign fragment or theme changes nothing", () => {
  const page = openPage("#theme=%22%3E&assertions");
  assert.equal(page.root.dataset.theme, undefined);
  assert.deepEqual(
    page.marks.map((mark) => mark.away),
    [false, false],
  );
});

test("the style sheet is balanced, knows both schemes and print, and loads nothing", () => {
  assert.equal(STYLE.match(/\{/g)!.length, STYLE.match(/\}/g)!.length);
  for (const part of ["prefers-color-scheme:dark", "@media print", "focus-visible"])
    assert.ok(STYLE.includes(part), part);
  assert.doesNotMatch(STYLE, /url\(|@import|@font-face|<\/style/);
});
