import type { Chart } from "../charts/chart.ts";
import { renderSvg } from "../render-svg.ts";
import { THEMES } from "../theme.ts";
import { type Markup, markup, raw } from "./markup.ts";
import { tableHtml } from "./table-html.ts";

/** One chart: finding and conditions as text, the picture in both themes, its numbers folded below. */
export async function figureHtml<R>(chart: Chart<R>, result: R): Promise<Markup> {
  const absence = chart.absence(result);
  if (absence !== undefined) {
    return markup`<section class="chart" id="chart-${chart.id}"><h2>${chart.question}</h2><p class="subtitle">${absence}</p></section>`;
  }
  const { title, subtitle } = chart.heading(result);
  const pictures: Markup[] = [];
  for (const theme of THEMES) {
    const svg = await renderSvg(chart.spec(result, theme), {
      idPrefix: `${chart.id}-${theme.name}`,
      withoutHeading: true,
    });
    pictures.push(
      markup`<div class="picture only-${theme.name}${isWide(svg) ? " wide" : ""}">${raw(inlined(svg))}</div>`,
    );
  }
  return markup`<section class="chart" id="chart-${chart.id}">
<p class="question">${chart.question}</p><h2>${title}</h2><p class="subtitle">${subtitle}</p>
<div class="scroll" role="region" tabindex="0" aria-label="${chart.question}">${pictures}</div>
<details><summary>Numbers behind this chart</summary>${tableHtml(chart.table(result))}</details>
</section>`;
}

/** A picture of this width would shrink to unreadable labels on a telephone: it scrolls instead. */
const WIDE_PX = 720;

function isWide(svg: string): boolean {
  return Number(/ width="([\d.]+)"/.exec(svg)?.[1] ?? 0) > WIDE_PX;
}

/** Inside HTML an SVG needs no namespace, and the page's policy refuses style attributes. */
function inlined(svg: string): string {
  return svg.replace(/ xmlns="[^"]*"/g, "").replace(/ style="[^"]*"/g, "");
}
