/** What `meridian traffic describe` shows: lines for the terminal, and a page with a picture of each statistic. */
import { printable } from "../../simulator/base/errors.ts";
import type { LengthSummary, TrafficDescription, WindowRates } from "../../simulator/traffic/describe.ts";
import type { Share } from "../../simulator/traffic/describe-parts.ts";
import { formatCount, formatDuration, formatInstant, formatShare } from "../base/text.ts";
import { figureHtml, item, type Markup, markup } from "../html/elements.ts";
import { filters, pageHtml } from "../html/page.ts";
import { TRAFFIC_CHARTS } from "./charts.ts";

/** Where a description comes from. */
export interface TrafficOrigin {
  readonly name: string;
  readonly format: string;
  readonly files: number;
  readonly sha256: string;
}

/**
 * The description as text for a terminal: one fact a line.
 *
 * @param traffic what `meridian traffic describe --json` prints
 * @param origin  name, format and files of the recording
 * @returns lines without control characters
 */
export function trafficText(traffic: TrafficDescription, { name, format, files }: TrafficOrigin): string {
  const lines = factsOf(traffic).map(([label, value]) => `  ${label.padEnd(22)} ${value}`);
  const from = files === 1 ? format : `${format}, ${formatCount(files)} files`;
  const warnings = traffic.warnings.map((warning) => `  warning: ${warning}`);
  return [`${name} (${from})`, ...lines, ...warnings].map(printable).join("\n");
}

/**
 * A page of recorded traffic that loads nothing. Same description, same bytes.
 *
 * @param traffic what `meridian traffic describe --json` prints
 * @param origin  name, format and files of the recording
 * @returns HTML
 * @throws CHART_WARNING (internal) when a chart does not compile without warnings
 */
export async function renderTrafficHtml(traffic: TrafficDescription, origin: TrafficOrigin): Promise<string> {
  const figures: Markup[] = [];
  for (const chart of TRAFFIC_CHARTS) figures.push(await figureHtml(chart, traffic));
  return `${pageHtml({
    title: `${origin.name}: recorded traffic`,
    heading: origin.name,
    description: `Recorded requests, ${origin.format}`,
    strategies: [],
    main: markup`<p class="verdict">${verdictOf(traffic)}</p>
${traffic.warnings.map((warning) => markup`<p class="alarm"><strong>Note</strong>: ${warning}.</p>`)}
<dl class="conditions">${factsOf(traffic).map(([label, value]) => item(label, value))}
${item("Data", `${origin.files} ${origin.files === 1 ? "file" : "files"}, sha256 ${origin.sha256.slice(0, 12)}`)}</dl>
${filters([])}
${figures}`,
    footer: "Token counts hold those read from and written to caches. No text of prompts or answers is kept.",
  })}\n`;
}

function verdictOf({ rows, spanMs, windows, input, output }: TrafficDescription): string {
  const rate = `${formatCount(rows)} requests in ${formatDuration(spanMs)}`;
  // A window says something about bursts where there are some dozens of it.
  const [most] = windows.filter((each) => each.windows >= 30).sort((a, b) => b.dispersion - a.dispersion);
  const kind = most === undefined ? "" : burstText(most);
  const sizes =
    input.known === 0
      ? "without token counts"
      : `${round(input.mean)} tokens in and ${round(output.mean)} out on average`;
  return `${rate}${kind}; ${sizes}.`;
}

function burstText({ dispersion, windowS }: WindowRates): string {
  if (dispersion < 0.67) return ", paced";
  if (dispersion <= 1.5) return ", close to a Poisson process";
  return `, bursty (counts in ${formatDuration(windowS * 1000)} vary ${short(dispersion)} times as much as of a Poisson process)`;
}

/** Facts, each a label and its value. */
function factsOf(traffic: TrafficDescription): readonly (readonly [label: string, value: string])[] {
  const { rows, start, spanMs, interarrival, input, output, correlation, sessions, prefixes, outcomes } = traffic;
  const cached = traffic.cacheReadTokens + traffic.cacheWriteTokens;
  return [
    ["Requests", formatCount(rows)],
    ["Span", `${formatDuration(spanMs)}${start === null ? ", times from a start" : `, from ${formatInstant(start)}`}`],
    ...traffic.windows.map((window) => [`Rate in ${formatDuration(window.windowS * 1000)}`, rateText(window)] as const),
    ...(interarrival === null
      ? []
      : ([["Time between", `mean ${ms(interarrival.meanMs)}, CV ${short(interarrival.cv)}`]] as const)),
    ["Input tokens", lengthText(input)],
    ["Output tokens", lengthText(output)],
    ...(cached === 0
      ? []
      : ([
          [
            "Cached input",
            `${formatCount(traffic.cacheReadTokens)} read, ${formatCount(traffic.cacheWriteTokens)} written`,
          ],
        ] as const)),
    ["Input and output", `rank correlation ${short(correlation.rank)}`],
    ...shareLines("Tenants", traffic.tenants),
    ...shareLines("Models", traffic.models),
    ...shareLines("Origins", traffic.origins),
    ...(sessions === null
      ? []
      : ([["Sessions", `${formatCount(sessions.count)}, ${short(sessions.turnsMean)} turns on average`]] as const)),
    ...(prefixes === null
      ? []
      : ([
          [
            "Prefixes",
            `${formatShare(prefixes.requestShare)} of the requests, ${formatShare(prefixes.reusedTokenShare)} of the input tokens could come from a cache`,
          ],
        ] as const)),
    ...(outcomes === null
      ? []
      : ([
          [
            "Ends",
            Object.entries(outcomes)
              .map(([name, count]) => `${formatCount(count)} ${name}`)
              .join(", "),
          ],
        ] as const)),
  ];
}

function rateText({ windows, perSMean, requestsMax, emptyShare, dispersion, windowS }: WindowRates): string {
  if (windows < 2) return `${short(perSMean)}/s`;
  const most = `at most ${formatCount(requestsMax)} (${short(requestsMax / windowS)}/s)`;
  return `${short(perSMean)}/s, ${most}, ${formatShare(emptyShare)} empty, dispersion ${short(dispersion)}`;
}

function lengthText({ known, sum, mean, p50, p95, p99, max }: LengthSummary): string {
  if (known === 0) return "not told";
  const at = [p50, p95, p99, max].map(round);
  return `${formatCount(sum)} in all, mean ${short(mean)}, p50 ${at[0]}, p95 ${at[1]}, p99 ${at[2]}, max ${at[3]}`;
}

const SHOWN = 6;

function shareLines(label: string, shares: readonly Share[]): readonly (readonly [string, string])[] {
  if (shares.length === 0) return [];
  const shown = shares.slice(0, SHOWN).map(({ name, share }) => `${name} ${formatShare(share)}`);
  const more = shares.length > SHOWN ? `, and ${shares.length - SHOWN} more` : "";
  return [[label, `${shown.join(", ")}${more}`]];
}

function ms(value: number): string {
  return value < 1000 ? `${short(value)} ms` : `${short(value / 1000)} s`;
}

function short(value: number): string {
  return Number.isNaN(value) ? "n/a" : String(Number(value.toPrecision(3)));
}

function round(value: number): string {
  return formatCount(Math.round(value));
}
