/** What the outputs of a validation have in common: their sentences and tables. */
import type {
  GroupValidation,
  HarnessError,
  QuantityResult,
  StrategyValidation,
  ValidationResult,
} from "../../simulator/validate/result.ts";
import { intervalText, marginText, outcomeText, signedDifference, valueText } from "../../simulator/validate/text.ts";
import { formatCount, formatDuration, formatInstant, formatList } from "../base/text.ts";
import { type Cell, type Column, leftColumn, type Row, rightColumn, type Table, textCell } from "../tables/table.ts";

/** A strategy's totals, which must be equivalent on both sides. */
export function totalTable(strategy: StrategyValidation, index: number): Table {
  const { blockRequests, quantities } = strategy.total;
  return {
    id: `totals-${index + 1}`,
    caption: `${strategy.name}: simulated against measured, with 90 % intervals from blocks of ${formatCount(blockRequests)} neighbouring requests`,
    columns: [leftColumn("Quantity", "quantity"), ...COLUMNS],
    rows: quantities.map((quantity) => ({ cells: [textCell(quantity.name), ...quantityCells(quantity)] })),
  };
}

/** The same quantities by class and by region; they fail only where a difference is certain. */
export function groupTable(strategy: StrategyValidation, index: number): Table {
  const rows = [...groupRows(strategy.byClass, "class"), ...groupRows(strategy.byRegion, "region")];
  return {
    id: `groups-${index + 1}`,
    caption: `${strategy.name}: by class and by region that ran the request (429 and 503: that was called)`,
    columns: [leftColumn("Group", "group"), leftColumn("Quantity", "quantity"), ...COLUMNS],
    rows,
  };
}

/** What the harness measured of endpoints whose latency is known exactly. */
export function harnessTable(harness: HarnessError): Table {
  return {
    id: "harness",
    caption: `The harness against a known answer: ${formatCount(harness.requests)} requests to ${harness.law}`,
    columns: [
      leftColumn("Latency", "latency"),
      rightColumn("Exact", "exact_ms"),
      rightColumn("Measured", "measured_ms"),
      rightColumn("The harness errs by", "error_ms"),
      rightColumn("of the exact value", "error_share"),
      rightColumn("of the smallest margin", "margin_share"),
    ],
    rows: harness.rows.map((row) => ({
      cells: [
        textCell(`${row.percentile} ${row.metric.toUpperCase()}`),
        { text: valueText(row.exactMs, "ms"), value: row.exactMs },
        { text: valueText(row.measuredMs, "ms"), value: row.measuredMs },
        { text: `${row.errorMs < 0 ? "−" : ""}${Math.abs(row.errorMs).toFixed(2)} ms`, value: row.errorMs },
        {
          text: `${row.errorShare < 0 ? "−" : ""}${Math.abs(100 * row.errorShare).toFixed(2)} %`,
          value: row.errorShare,
        },
        {
          text: row.shareOfMargin === null ? "n/a" : `${(100 * row.shareOfMargin).toFixed(0)} %`,
          value: row.shareOfMargin,
        },
      ],
    })),
  };
}

const COLUMNS: readonly Column[] = [
  rightColumn("Simulated", "simulated"),
  rightColumn("Measured", "measured"),
  rightColumn("Difference", "difference"),
  rightColumn("Margin", "margin"),
  leftColumn("Shown", "outcome"),
];

function groupRows(groups: readonly GroupValidation[], what: string): Row[] {
  return groups.flatMap(({ name, quantities }) =>
    quantities
      .filter(({ simulated, measured }) => simulated !== null || measured !== null)
      .map((quantity) => ({
        cells: [textCell(`${what} ${name}`), textCell(quantity.name), ...quantityCells(quantity)],
      })),
  );
}

function quantityCells(quantity: QuantityResult): Cell[] {
  const { simulated, measured, difference, margin, unit, outcome } = quantity;
  const interval = intervalText(quantity);
  const tone = { equivalent: "better", different: "worse", undecided: "warning", "too few": "neutral" } as const;
  return [
    { text: valueText(simulated, unit), value: simulated },
    { text: valueText(measured, unit), value: measured },
    { text: signedDifference(quantity), value: difference, ...(interval === "" ? {} : { detail: interval }) },
    { text: marginText(quantity), value: margin },
    { text: "", value: outcome, change: { text: outcomeText(quantity), tone: tone[outcome] } },
  ];
}

/** The measurement error of the harness itself, which is said before anything else. */
export function harnessText({ harness }: ValidationResult): string {
  if (harness === null) return "The harness itself was not measured.";
  const e2e = harness.rows.filter(({ metric }) => metric === "e2e");
  const errors = e2e.map(({ percentile, errorMs }) => `${errorMs.toFixed(1)} ms at ${percentile}`);
  const shares = harness.rows.flatMap(({ shareOfMargin }) => (shareOfMargin === null ? [] : [shareOfMargin]));
  const most = shares.length === 0 ? "" : `, ${(100 * Math.max(...shares)).toFixed(0)} % of a margin at most`;
  const late =
    harness.serverLateMsP99 === null ? "" : ` and the endpoint woke ${harness.serverLateMsP99.toFixed(1)} ms late`;
  return `The harness itself errs by ${formatList(errors)} (E2E against exact answers to ${formatCount(harness.requests)} of the same arrivals)${most}; requests left ${harness.lagMsP99.toFixed(1)} ms${late} at the 99th percentile.`;
}

/** Length and start of the window, requests, seed, place. */
export function windowText(result: ValidationResult): string {
  const { window, requests, place, seed } = result;
  return `${formatCount(requests)} requests in ${formatDuration(window.lengthMs)} from ${formatInstant(window.startsAt)} of the scenario's clock, seed ${seed}, measured at ${place}, each strategy from an empty system.`;
}

/** The statistical method: what is compared, and when two sides count as equivalent. */
export function methodText({ resamples }: ValidationResult): string {
  return `Differences are simulated against measured, of the same requests. Equivalent: the 90 % interval lies within the margin (two one-sided tests at 5 %), intervals from ${formatCount(resamples)} resamples of blocks of neighbouring pairs. All totals must be equivalent; classes and regions fail only where a difference is certain.`;
}
