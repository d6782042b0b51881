/** What `meridian probe` prints: the table, the progress line and the problems. */
import { formatMs } from "../../reports/base/text.ts";
import type { Problem } from "../../simulator/base/errors.ts";
import { printable } from "../../simulator/base/errors.ts";
import type { SampleQuantile } from "../../simulator/base/statistics.ts";
import type { ProbeHarness, ProbeRecord, ProbeSummary } from "../../simulator/probe/summary.ts";
import { type FailureKind, failureProblem } from "./failure.ts";
import type { PreparedProbe } from "./prepare.ts";
import { SKEW_TOLD_MS, skewWords, worstSkewMs } from "./run-probe.ts";

const HEADINGS: readonly (readonly [string, string])[] = [
  ["", "Region"],
  ["", "Calls"],
  ["Conn.", "p50"],
  ["TTFT", "p50"],
  ["", "95 % int."],
  ["TTFT", "p95"],
  ["Gap", "p50"],
  ["Gap", "p95"],
  ["Gap", "max"],
  ["Tok.", "/s"],
  ["Net.", "p50"],
];
const NOTHING = "-";

/** A table by model and region, all times in ms; a dash where there are too few calls to say. */
export function probeText(summaries: readonly ProbeSummary[], harness: ProbeHarness | null): string {
  const models = [...new Set(summaries.map(({ model }) => model))];
  const rows = summaries.map(cellsOf);
  const widths = HEADINGS.map((pair, column) =>
    Math.max(...pair.map((word) => word.length), ...rows.map((row) => row[column]!.length)),
  );
  const line = (cells: readonly string[]): string =>
    `  ${cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join(" ")}`.trimEnd();
  return [
    line(HEADINGS.map(([top]) => top)),
    line(HEADINGS.map(([, bottom]) => bottom)),
    ...models.flatMap((model) => [
      printable(model),
      ...summaries.flatMap((summary, i) => (summary.model === model ? [line(rows[i]!)] : [])),
    ]),
    "",
    ...notesOf(summaries, harness),
  ].join("\n");
}

function cellsOf(summary: ProbeSummary): readonly string[] {
  const { gaps, ttftMsP50 } = summary;
  return [
    printable(summary.region),
    `${summary.answered}/${summary.calls}`,
    ms(summary.connectMsP50.value),
    ms(ttftMsP50.value),
    intervalOf(ttftMsP50),
    ms(summary.ttftMsP95.value),
    ms(gaps.p50Ms),
    ms(gaps.p95Ms),
    ms(gaps.maxMs),
    ms(summary.tokensPerSP50.value),
    ms(summary.overheadMsP50.value),
  ];
}

function notesOf(summaries: readonly ProbeSummary[], harness: ProbeHarness | null): readonly string[] {
  const several = summaries.filter(({ tokensPerPiece }) => (tokensPerPiece ?? 1) > 1.05);
  const skew = worstSkewMs(summaries);
  return [
    "ms; Calls = answered/made; times but Conn. count from the ready connection;",
    "Net. = E2E minus the service's own latency; a dash: too few calls to say",
    "(p95 from 20 on, an interval of the median from 6)",
    ...several.map(
      ({ region, model, tokensPerPiece }) =>
        `${region} ${printable(model)} sends ${tokensPerPiece!.toFixed(1)} tokens at a time: its gaps are between those`,
    ),
    ...(harness === null
      ? ["what this machine adds could not be measured"]
      : [
          `this machine adds ${harness.ttftErrorMsP50.toFixed(1)} ms to TTFT (median) and is within ${harness.gapErrorMsP95.toFixed(1)} ms on a`,
          "gap (p95), as measured on known answers",
        ]),
    ...(Math.abs(skew) > SKEW_TOLD_MS ? [skewWords(skew)] : []),
  ];
}

function ms(value: number | null): string {
  if (value === null) return NOTHING;
  return value < 100 ? value.toFixed(1) : value.toFixed(0);
}

function intervalOf({ low, high }: SampleQuantile): string {
  return low === null || high === null ? NOTHING : `${low.toFixed(0)}..${high.toFixed(0)}`;
}

/** `14/40 calls  3 failed  eu-west-1 TTFT 812 ms  0.0120 USD`; unknown parts are left out. */
export function formatProbeProgress(moment: {
  readonly done: number;
  readonly planned: number;
  readonly failed: number;
  readonly region: string;
  readonly ttftMs: number | null;
  readonly spentUsd: number;
}): string {
  return [
    `${moment.done}/${moment.planned} calls`,
    moment.failed === 0 ? "" : `${moment.failed} failed`,
    moment.ttftMs === null ? `${moment.region} failed` : `${moment.region} TTFT ${formatMs(moment.ttftMs)}`,
    moment.spentUsd === 0 ? "" : `${moment.spentUsd.toFixed(4)} USD`,
  ]
    .filter((part) => part !== "")
    .join("  ");
}

/** One problem for each kind of failure of a region and model, with how often it happened. */
export function failureProblems(
  probes: readonly ProbeRecord[],
  { profilesOf, placeOf }: Pick<PreparedProbe, "profilesOf" | "placeOf">,
): readonly Problem[] {
  const first = new Map<string, { readonly probe: ProbeRecord; times: number }>();
  for (const probe of probes) {
    if (probe.error === null) continue;
    const key = `${probe.region}\n${probe.model}\n${probe.error}`;
    const known = first.get(key);
    if (known === undefined) first.set(key, { probe, times: 1 });
    else known.times++;
  }
  return [...first.values()].map(({ probe, times }) => {
    const { region, model } = probe;
    const problem = failureProblem({
      kind: probe.error as FailureKind,
      message: probe.message ?? "",
      region,
      model,
      profiles: profilesOf(model, region),
      host: placeOf.get(region)?.host ?? region,
      isLoopback: placeOf.get(region)?.isLoopback === true,
    });
    return times === 1 ? problem : { ...problem, what: `${problem.what} (${times} times)` };
  });
}
