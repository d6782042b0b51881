import { createHash } from "node:crypto";
import { type Markup, markup, raw } from "./markup.ts";
import { SCRIPT } from "./script.ts";
import { STYLE } from "./style.ts";

export interface Page {
  readonly title: string;
  readonly heading: string;
  readonly description: string;
  /** Strategies that the reader may show or hide, in the order of their indices. */
  readonly strategies: readonly string[];
  readonly main: Markup;
  readonly footer: string;
}

/** A whole page that loads nothing, with its own style and script and a policy that allows nothing else. */
export function pageHtml(page: Page): Markup {
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy()}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${page.title}</title>
<style>${raw(STYLE)}</style>
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
<script>${raw(SCRIPT)}</script>
</body>
</html>`;
}

/** Check boxes to show and hide strategies; with one strategy only what the script needs. */
export function filters(strategies: readonly string[]): Markup {
  if (strategies.length < 2) {
    return markup`<button type="button" id="all" hidden>All</button>`;
  }
  return markup`<form class="filters" data-needs-script hidden aria-label="Strategies to show"><strong>Show</strong>
${strategies.map(
  (name, index) =>
    markup`<label><input type="checkbox" data-filter="${index}" checked autocomplete="off"> ${name}</label>`,
)}
<button type="button" id="all">All</button></form>`;
}

function policy(): string {
  return [
    "default-src 'none'",
    `style-src '${digest(STYLE)}'`,
    `script-src '${digest(SCRIPT)}'`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
}

function digest(text: string): string {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}

/** JSON that cannot end a script element or break a line of one. */
function jsonForScript(value: unknown): string {
  return JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
