/** A whole HTML page that loads nothing: its content security policy, style sheet, script and strategy filter. */
import { createHash } from "node:crypto";
import { type ChartTheme, DARK, LIGHT } from "../base/theme.ts";
import { type Markup, markup, raw } from "./elements.ts";

export interface Page {
  readonly title: string;
  readonly heading: string;
  readonly description: string;
  /** Strategies that the reader may show or hide, in the order of their indices. */
  readonly strategies: readonly string[];
  readonly main: Markup;
  readonly footer: string;
  readonly extension?: PageExtension | undefined;
}

/** More than the filters: style, script, and what the page's policy has to allow for them. */
export interface PageExtension {
  readonly style: string;
  readonly script: string;
  readonly policy: readonly string[];
}

/** A whole page that loads nothing, with its own style and script and a policy that allows nothing else. */
export function pageHtml(page: Page): Markup {
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy(page.extension)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${page.title}</title>
<style>${raw(STYLE)}</style>${extended("style", page.extension?.style)}
</head>
<body>
<header>
<h1>${page.heading}</h1>
<p class="description">${page.description}</p>
<button type="button" id="theme" data-needs-script hidden>Light or dark</button>
</header>
<main>
${page.main}
</main>
<footer>${page.footer}</footer>
<script type="application/json" id="strategy-names">${raw(jsonForScript(page.strategies))}</script>
<script>${raw(SCRIPT)}</script>${extended("script", page.extension?.script)}
</body>
</html>`;
}

/**
 * Check boxes to show and hide strategies, and the place where the script puts its filters of table rows; with one
 * strategy only the latter.
 */
export function filters(strategies: readonly string[]): Markup {
  const rows = markup`<span class="facets" id="facets" hidden><strong>Only</strong> <small id="reach"></small></span>`;
  if (strategies.length < 2) {
    return markup`<form class="filters" hidden aria-label="What to show">${rows} <button type="button" id="all" hidden>All</button></form>`;
  }
  return markup`<form class="filters" data-needs-script hidden aria-label="What to show"><strong>Show</strong>
${strategies.map(
  (name, index) =>
    markup`<label><input type="checkbox" data-filter="${index}" checked autocomplete="off"> ${name}</label>`,
)}
<button type="button" id="all">All</button>${rows}</form>`;
}

function policy(extension: PageExtension | undefined): string {
  const texts = (own: string, more: string | undefined) =>
    [own, ...(more === undefined ? [] : [more])].map((text) => `'${digest(text)}'`).join(" ");
  return [
    "default-src 'none'",
    `style-src ${texts(STYLE, extension?.style)}`,
    `script-src ${texts(SCRIPT, extension?.script)}`,
    ...(extension?.policy ?? []),
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
}

/** An element of the extension. Its text is our own; that nothing in it ends the element is for its maker to see to. */
function extended(name: "style" | "script", text: string | undefined): Markup | "" {
  return text === undefined ? "" : markup`<${raw(name)}>${raw(text)}</${raw(name)}>`;
}

function digest(text: string): string {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}

/** JSON that cannot end a script element or break a line of one. */
export function jsonForScript(value: unknown): string {
  return JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/**
 * The page's only script: theme toggle, filter by strategy, and filters of table rows by class, region and hour, built
 * from the rows themselves. Pictures follow where they can: of a class only its own panel stays, and in a map, whose
 * cells stand in the order of the rows of its table, only the cells of rows that stay. The page is whole without it. The state lives in the URL fragment
 * (`#strategies=a&strategies=b&class=chat&theme=dark`), so a link restores the view; names from it are only ever
 * compared, never written into the page. What is folded is opened for printing.
 */
export const SCRIPT = `
(() => {
  const names = JSON.parse(document.getElementById("strategy-names").textContent);
  const boxes = Array.from(document.querySelectorAll("input[data-filter]"));
  const button = document.getElementById("theme");
  const root = document.documentElement;
  const read = () => {
    try { return new URLSearchParams(location.hash.slice(1)); } catch { return new URLSearchParams(); }
  };
  const write = (change) => {
    const state = read();
    for (const key of [...state.keys()]) if (!["strategies", "theme", "class", "region", "hour"].includes(key)) state.delete(key);
    change(state);
    history.replaceState(null, "", "#" + state);
    apply();
  };
  const facets = ["class", "region", "hour"].flatMap((name) => {
    const rows = Array.from(document.querySelectorAll("tr[data-" + name + "]"));
    const values = [...new Set(rows.map((row) => row.dataset[name]))];
    if (values.length < 2) return [];
    const select = document.createElement("select");
    for (const value of ["", ...values]) select.append(new Option(value || "all", value));
    const label = document.createElement("label");
    label.append(name + " ", select);
    select.setAttribute("aria-label", name);
    select.autocomplete = "off";
    select.addEventListener("change", () => write((state) => { if (select.value) state.set(name, select.value); else state.delete(name); }));
    return [{ name, values, select, label }];
  });
  if (facets.length) {
    const place = document.getElementById("facets");
    place.append(...facets.map((facet) => facet.label));
    place.hidden = place.parentElement.hidden = false;
  }
  const applyFacets = (state) => {
    for (const { name, values, select } of facets) select.value = values.includes(state.get(name)) ? state.get(name) : "";
    const chosen = facets.filter(({ select }) => select.value);
    const classFacet = facets.find(({ name }) => name === "class");
    const wantedClass = classFacet ? classFacet.select.value : "";
    if (classFacet) classFacet.values.forEach((name, index) => {
      for (const panel of document.querySelectorAll('[class*=" class_' + index + '_panel"]'))
        panel.classList.toggle("faint", wantedClass !== "" && wantedClass !== name);
    });
    for (const row of document.querySelectorAll("tr[data-class],tr[data-region],tr[data-hour]"))
      row.classList.toggle("filtered", chosen.some(({ name, select }) => name in row.dataset && row.dataset[name] !== select.value));
    let maps = false;
    for (const cells of document.querySelectorAll('section [class*="cell_marks"],section [class*="number_marks"]')) {
      const strategy = / strategy_(\\d+)_/.exec(cells.getAttribute("class"));
      const rows = cells.closest("section").querySelectorAll(strategy ? 'tr[data-strategy="' + strategy[1] + '"]' : "tbody tr");
      if (rows.length === 0 || rows.length !== cells.children.length) continue;
      rows.forEach((row, at) => cells.children[at].classList.toggle("faint", row.classList.contains("filtered")));
      maps = maps || chosen.some(({ name }) => name in rows[0].dataset);
    }
    const reach = document.getElementById("reach");
    const followed = ["rows", ...(maps ? ["cells of maps"] : []), ...(wantedClass ? ["panels of classes"] : [])];
    if (reach) reach.textContent = chosen.length === 0 ? "" : "Filters " + followed.join(", ") + "; the other pictures show the whole run.";
  };
  const apply = () => {
    const state = read();
    applyFacets(state);
    const theme = state.get("theme");
    if (theme === "light" || theme === "dark") root.dataset.theme = theme; else delete root.dataset.theme;
    const wanted = state.has("strategies") ? new Set(state.getAll("strategies")) : new Set(names);
    names.forEach((name, index) => {
      const away = !wanted.has(name);
      if (boxes[index]) boxes[index].checked = !away;
      for (const element of document.querySelectorAll('[data-strategy="' + index + '"],[class*=" strategy_' + index + '_"]'))
        element.classList.toggle("away", away);
    });
  };
  for (const box of boxes) box.addEventListener("change", () => write((state) => {
    state.delete("strategies");
    if (boxes.some((one) => !one.checked)) {
      const chosen = boxes.flatMap((one, index) => (one.checked ? [names[index]] : []));
      for (const name of chosen.length ? chosen : [""]) state.append("strategies", name);
    }
  }));
  document.getElementById("all").addEventListener("click", () => write((state) => { for (const key of ["strategies", "class", "region", "hour"]) state.delete(key); }));
  button.addEventListener("click", () => {
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    write((state) => state.set("theme", dark ? "light" : "dark"));
  });
  addEventListener("hashchange", apply);
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = Array.from(document.querySelectorAll("details:not([open])"));
    for (const one of opened) one.open = true;
  });
  addEventListener("afterprint", () => { for (const one of opened) one.open = false; });
  for (const element of document.querySelectorAll("[data-needs-script]")) element.hidden = false;
  apply();
})();
`;

/** The page's whole style sheet. Colours are the charts'; both themes, print and narrow screens included. */
export const STYLE = `
:root{${variables(LIGHT)}}
@media (prefers-color-scheme:dark){:root:not([data-theme=light]){${variables(DARK)}}}
:root[data-theme=dark]{${variables(DARK)}}
.only-dark{display:none}
@media (prefers-color-scheme:dark){:root:not([data-theme=light]) .only-dark{display:block}:root:not([data-theme=light]) .only-light{display:none}}
:root[data-theme=dark] .only-dark{display:block}
:root[data-theme=dark] .only-light{display:none}
*{box-sizing:border-box}
body{margin:0;background:var(--background);color:var(--text);font:15px/1.5 "Helvetica Neue",Arial,"Liberation Sans",sans-serif}
main,header,footer{max-width:1180px;margin:0 auto;padding:0 20px}
header{padding-top:28px;display:flex;flex-wrap:wrap;gap:4px 16px;align-items:baseline}
header h1{font-size:20px;margin:0;overflow-wrap:anywhere}
header .description{color:var(--muted);flex:1 1 240px;margin:0}
button{font:inherit;font-size:13px;color:var(--text);background:none;border:1px solid var(--grid);border-radius:6px;padding:3px 10px;cursor:pointer}
a{color:var(--link)}
a:focus-visible,button:focus-visible,input:focus-visible,select:focus-visible,summary:focus-visible,[tabindex]:focus-visible{outline:2px solid var(--link);outline-offset:2px}
.verdict{font-size:22px;line-height:1.35;font-weight:600;margin:14px 0 16px;max-width:60em;overflow-wrap:anywhere}
.reasons{font-size:16px;margin:-6px 0 16px;max-width:70em;overflow-wrap:anywhere}
.alarm,.alarm dt,.alarm dd{color:var(--alarm)}
p.alarm{margin:0 0 10px;overflow-wrap:anywhere}
.conditions{display:grid;grid-template-columns:repeat(auto-fill,minmax(250px,1fr));gap:10px 24px;margin:0 0 8px;padding:14px 16px;border:1px solid var(--grid);border-radius:8px}
.conditions.wide{grid-template-columns:1fr}
.conditions dt{font-size:12px;color:var(--muted)}
.conditions dd{margin:0;font-size:14px;overflow-wrap:anywhere}
.filters{display:flex;flex-wrap:wrap;gap:4px 16px;align-items:center;margin:16px 0 0;padding:8px 16px;border:1px solid var(--grid);border-radius:8px;font-size:13px;position:sticky;top:0;background:var(--background);z-index:2}
.filters label{overflow-wrap:anywhere;cursor:pointer}
.facets{display:flex;flex-wrap:wrap;gap:4px 16px;align-items:center}
select{font:inherit;max-width:16em;color:var(--text);background:var(--background);border:1px solid var(--grid);border-radius:6px}
section{margin:44px 0 0}
h2{font-size:18px;line-height:1.35;margin:0 0 2px;max-width:56em;overflow-wrap:anywhere}
.question{margin:0 0 2px;font-size:13px;color:var(--muted)}
.subtitle{margin:0 0 10px;color:var(--muted);font-size:13px;max-width:80em;overflow-wrap:anywhere}
.scroll,.table{overflow-x:auto}
.picture svg{display:block;max-width:100%;height:auto}
.picture.wide svg{min-width:720px}
.only-narrow{display:none}
@media (min-width:760px){.picture:not(.wide) svg{width:min(100%,920px)}}
.fold{margin:10px 0 0}
.fold>.csv{float:right;font-size:13px}
summary{cursor:pointer;color:var(--muted);font-size:14px}
.table{margin:10px 0 0}
.table.tall{max-height:32em;overflow-y:auto}
table{border-collapse:separate;border-spacing:0;font-size:13px;font-variant-numeric:tabular-nums;width:100%}
.caption{color:var(--muted);font-size:13px;margin:0;overflow-wrap:anywhere}
.csv{white-space:nowrap;margin-left:8px}
th,td{padding:5px 8px;border-bottom:1px solid var(--grid);vertical-align:top;text-align:left;font-weight:400}
thead th{position:sticky;top:0;background:var(--background);font-weight:600;font-size:12px;line-height:1.3;vertical-align:bottom}
th.right,td.right{text-align:right}
tbody th{font-weight:600;position:sticky;left:0;background:var(--background);min-width:11em;max-width:16em;overflow-wrap:anywhere}
td{white-space:nowrap}
td.left{white-space:normal;overflow-wrap:break-word;min-width:5em}
small{display:block;font-size:11px;line-height:1.35;font-weight:400;color:var(--muted)}
small.better{color:var(--better);font-weight:600}
small.worse,small.warning{color:var(--alarm);font-weight:600}
.assertions{padding:0;list-style:none}
.assertions li{margin:0 0 4px;overflow-wrap:anywhere}
.assertions .worse strong{color:var(--alarm)}
.assertions .better strong{color:var(--better)}
code{font-size:13px}
footer{color:var(--muted);font-size:13px;padding-top:36px;padding-bottom:36px}
[hidden],.away,.filtered{display:none!important}
.faint{opacity:.15}
#reach{display:inline}
@media (max-width:640px){.only-broad{display:none}.only-narrow{display:block}main,header,footer{padding-left:14px;padding-right:14px}.verdict{font-size:18px}h2{font-size:16px}tbody th{min-width:7em;max-width:9em}.filters{position:static}.scroll:has(>.wide)::before{content:"scroll sideways →";display:block;position:sticky;left:0;width:max-content;font-size:12px;color:var(--muted)}}
@media print{.only-broad{display:block}.only-narrow{display:none}:root,:root:not([data-theme=light]),:root[data-theme=dark]{${variables(LIGHT)}}:root .only-dark,:root[data-theme=dark] .only-dark,:root:not([data-theme=light]) .only-dark{display:none}:root .only-light,:root[data-theme=dark] .only-light,:root:not([data-theme=light]) .only-light{display:block}button,.filters,.csv{display:none}details:not([open])::details-content{content-visibility:visible;block-size:auto}h2,.question,.caption,summary,thead{break-after:avoid}.whole,.scroll,tr,.conditions{break-inside:avoid}.scroll:has(>.wide)::before{content:none}section{margin-top:24px}.picture.wide svg{min-width:0}.scroll,.table,.table.tall{overflow:visible;max-height:none}table{font-size:9px}small{font-size:8px}.fold small{display:inline;margin-left:6px}th,td{padding:2px 3px}td,td.left{white-space:normal;overflow-wrap:anywhere;min-width:0}thead th,tbody th{position:static;font-size:9px}tbody th{min-width:6em}summary{list-style:none}body,.reasons,.conditions dd,summary,h2{font-size:12px}.verdict{font-size:16px}h2{font-weight:700}.subtitle,.caption,.question,.conditions dt{font-size:10px}main,header,footer{padding-left:0;padding-right:0}}
`;

function variables(theme: ChartTheme): string {
  const dark = theme.name === "dark";
  return [
    `color-scheme:${theme.name}`,
    `--background:${theme.background}`,
    `--text:${theme.text}`,
    `--muted:${theme.muted}`,
    `--grid:${theme.grid}`,
    `--alarm:${theme.alarm}`,
    `--link:${dark ? "#7cc4f0" : "#005a8d"}`,
    `--better:${dark ? "#3ecf9e" : "#00704f"}`,
  ].join(";");
}
