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
  const [svg] = await draw(spec, options);
  return finished(svg!, spec, options);
}

/**
 * The same picture in several themes, each with its own options. It is drawn once where the specs differ in plain
 * colours alone, which is twice as fast; the bytes are those of `renderSvg`.
 *
 * @throws as `renderSvg`
 */
export async function renderThemes(
  pictures: readonly { readonly spec: TopLevelSpec; readonly options: SvgOptions }[],
): Promise<readonly string[]> {
  const [first] = pictures;
  const colours: (readonly string[])[] = [];
  const shared = withMarks(
    pictures.map(({ spec }) => spec),
    colours,
  );
  if (first === undefined || shared === undefined) {
    return Promise.all(pictures.map(({ spec, options }) => renderSvg(spec, options)));
  }
  const drawn = await draw(shared as TopLevelSpec, first.options, { colours, count: pictures.length });
  return pictures.map(({ spec, options }, theme) => {
    const svg = drawn[theme]!.replace(MARKS, (mark) => colours[indexOf(mark)]![theme]!);
    return finished(svg, spec, options);
  });
}

/** Colours that stand for those of the themes while a picture is drawn; no theme has one of them. */
const MARKS = /#fed[0-9a-f]{3}\b/g;
const COLOUR = /^#[0-9a-fA-F]{6}$/;

function indexOf(mark: string): number {
  return Number.parseInt(mark.slice(-3), 16);
}

/**
 * One value for several of the same shape: where they differ in a colour, a mark stands for it.
 *
 * @param colours takes the colours of each mark, by theme
 * @returns undefined where they differ in anything else
 */
function withMarks(values: readonly unknown[], colours: (readonly string[])[]): unknown {
  const [first] = values;
  if (typeof first === "object" && first !== null) return objectWithMarks(values, colours);
  if (values.every((value) => value === first)) return first;
  const themed = values.filter((value): value is string => typeof value === "string" && COLOUR.test(value));
  if (themed.length < values.length || colours.length > 0xfff) return undefined;
  const known = colours.findIndex((each) => each.every((colour, theme) => colour === themed[theme]));
  const index = known === -1 ? colours.push(themed) - 1 : known;
  return `#fed${index.toString(16).padStart(3, "0")}`;
}

function objectWithMarks(values: readonly unknown[], colours: (readonly string[])[]): unknown {
  if (!values.every((value) => typeof value === "object" && value !== null)) return undefined;
  const parts = values as readonly Readonly<Record<string, unknown>>[];
  const keys = Object.keys(parts[0]!);
  if (parts.some((part) => Object.keys(part).join() !== keys.join())) return undefined;
  const entries: (readonly [string, unknown])[] = [];
  for (const key of keys) {
    const marked = withMarks(
      parts.map((part) => part[key]),
      colours,
    );
    if (marked === undefined && parts[0]![key] !== undefined) return undefined;
    entries.push([key, marked]);
  }
  return Array.isArray(parts[0]) ? entries.map(([, value]) => value) : Object.fromEntries(entries);
}

function finished(svg: string, { description }: TopLevelSpec, { idPrefix }: SvgOptions): string {
  return labelled(normalise(svg, idPrefix), description ?? "");
}

/** Themes of a picture whose colours are marks. */
interface Themes {
  /** Colours of each mark, by theme. */
  readonly colours: readonly (readonly string[])[];
  readonly count: number;
}

/** The picture as Vega writes it, once for each theme: only what Vega computes from colours is drawn anew. */
async function draw(
  spec: TopLevelSpec,
  options: SvgOptions,
  { colours, count }: Themes = { colours: [], count: 1 },
): Promise<readonly string[]> {
  const warnings: string[] = [];
  const logger = collectingLogger(warnings);
  const drawn = options.withoutHeading === true ? withoutHeading(spec) : spec;
  const ramps = new Map<string, readonly string[]>();
  const compiled = withRamps(compile(drawn, { logger }).spec, colours, ramps);
  const view = new vega.View(vega.parse(compiled, undefined, { ast: false }), { renderer: "none", logger });
  try {
    const svgs: string[] = [];
    for (let theme = 0; theme < count; theme++) {
      if (theme > 0 && ramps.size === 0) svgs.push(svgs[0]!);
      else {
        for (const [name, ramp] of ramps) view.signal(name, ramp[theme]!);
        svgs.push(await view.toSVG());
      }
    }
    if (warnings.length > 0) {
      throw new MeridianError("internal", {
        code: "CHART_WARNING",
        what: [...new Set(warnings)].join("; "),
        where: options.idPrefix,
      });
    }
    return svgs;
  } finally {
    view.finalize();
  }
}

/**
 * Between the colours of a scale Vega computes others, so that no mark can stand for them: each becomes a signal, whose
 * value is that of the theme.
 *
 * @param ramps takes the signals with their colours, by theme
 */
function withRamps(spec: vega.Spec, colours: Themes["colours"], ramps: Map<string, readonly string[]>): vega.Spec {
  const signalOf = (colour: unknown) => {
    if (typeof colour !== "string" || colour.replace(MARKS, "") !== "") return colour;
    const name = `theme_${colour.slice(1)}`;
    ramps.set(name, colours[indexOf(colour)]!);
    return { signal: name };
  };
  const inScales = (value: unknown, key?: string): unknown => {
    if (Array.isArray(value)) return value.map((each) => (key === "range" ? signalOf(each) : inScales(each)));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, inScales(each, name)]));
  };
  if (colours.length === 0) return spec;
  const scaled = inScales(spec) as vega.Spec;
  const signals = [...ramps].map(([name, [value]]) => ({ name, value: value! }));
  return signals.length === 0 ? spec : { ...scaled, signals: [...(scaled.signals ?? []), ...signals] };
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
