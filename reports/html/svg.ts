/** From a Vega-Lite spec to an SVG string: the only file that runs Vega. */
import * as vega from "vega";
import { compile, type TopLevelSpec } from "vega-lite";
import { MeridianError } from "../../simulator/base/errors.ts";

/** Mean advance width of Arial's glyphs by class, in units of the font size; generous, so that text fits in other fonts too. */
const NARROW = /[iljtfrI.,:;|'!()[\]\- ]/;
const WIDE = /[mwMWGOQ%@—…]/;
(vega as unknown as { textMetrics: TextMetrics }).textMetrics.width = textWidthPx;

interface TextMetrics {
  width: (item: { readonly fontSize?: number }, text: unknown) => number;
}

/** How a picture is drawn. */
export interface SvgOptions {
  /** Prefix of every id in the picture, so that several can live in one page. */
  readonly idPrefix: string;
  /** Leave out title and subtitle, for pages that print them as text. */
  readonly withoutHeading?: boolean;
}

/**
 * Draws a Vega-Lite spec as an SVG string. Same spec, same bytes: ids are renumbered, nothing depends on fonts, time
 * zone or locale (text widths are estimated, times are UTC).
 *
 * @param spec     a whole Vega-Lite spec, as a chart's `spec` returns it; its `description` becomes the alt text
 * @param options  prefix of ids, and whether to leave the heading to the page
 * @returns        one `<svg>` element, sizes in px
 * @throws         CHART_WARNING (internal) when Vega-Lite or Vega warns: a chart must compile without warnings
 * @example
 * const svg = await renderSvg({ data: { values: [{ x: 1 }] }, mark: "point" }, { idPrefix: "one" });
 * svg.startsWith("<svg ") // => true
 */
export async function renderSvg(spec: TopLevelSpec, options: SvgOptions): Promise<string> {
  const warnings: string[] = [];
  const logger = collectingLogger(warnings);
  const drawn = options.withoutHeading === true ? withoutHeading(spec) : spec;
  const compiled = compile(drawn, { logger }).spec;
  const view = new vega.View(vega.parse(compiled, undefined, { ast: false }), { renderer: "none", logger });
  try {
    const svg = await view.toSVG();
    if (warnings.length > 0) {
      throw new MeridianError("internal", {
        code: "CHART_WARNING",
        what: [...new Set(warnings)].join("; "),
        where: options.idPrefix,
      });
    }
    return labelled(normalise(svg, options.idPrefix), spec.description ?? "");
  } finally {
    view.finalize();
  }
}

/**
 * Vega measures text with a canvas where one is installed and guesses 0.8 of the font size per character elsewhere.
 * Both make the picture depend on the machine or leave wide gaps; this depends on the text alone.
 */
function textWidthPx(item: { readonly fontSize?: number }, text: unknown): number {
  let ems = 0;
  for (const character of String(text ?? "")) ems += NARROW.test(character) ? 0.34 : WIDE.test(character) ? 0.88 : 0.59;
  return ems * (item.fontSize ?? 11);
}

function withoutHeading(spec: TopLevelSpec): TopLevelSpec {
  const { title: _title, ...rest } = spec as TopLevelSpec & { title?: unknown };
  return rest as TopLevelSpec;
}

/** Vega leaves the alt text to the page element around the picture; here the picture carries it itself. */
function labelled(svg: string, altText: string): string {
  const escaped = altText
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
  return svg.replace(/^<svg /, () => `<svg role="img" aria-label="${escaped}" `);
}

/** Vega numbers clip paths and gradients from a counter that lives as long as the process. */
function normalise(svg: string, idPrefix: string): string {
  const names = new Map<string, string>();
  return svg
    .replace(/\b(id="|url\(#|href="#)((?:clip|gradient|pattern)[\w-]*)/g, (_all, before: string, id: string) => {
      const known = names.get(id) ?? `${idPrefix}-${names.size}`;
      names.set(id, known);
      return `${before}${known}`;
    })
    .replace(/ xmlns(:xlink)?="[^"]*"/g, (all, link: string | undefined) => (link === undefined ? all : ""));
}

function collectingLogger(warnings: string[]): vega.LoggerInterface {
  const collect = (...parts: readonly unknown[]) => {
    warnings.push(parts.join(" "));
    return logger;
  };
  const ignore = () => logger;
  const logger = {
    level: (_level?: number) => 2,
    error: collect,
    warn: collect,
    info: ignore,
    debug: ignore,
  } as unknown as vega.LoggerInterface;
  return logger;
}
