import type {
  GroupValidation,
  HarnessError,
  QuantityResult,
  StrategyValidation,
} from "../../simulator/validation/result.ts";
import {
  intervalWords,
  marginWords,
  outcomeWords,
  signedDifference,
  valueWords,
} from "../../simulator/validation/words.ts";
import { formatCount } from "../format.ts";
import { type Cell, type Column, leftColumn, type Row, rightColumn, type Table, textCell } from "../tables/table.ts";

/** What must be equivalent: a strategy's totals. */
export function totalTable(strategy: StrategyValidation, index: number): Table {
  const { blockRequests, quantities } = strategy.total;
  return {
    id: `totals-${index + 1}`,
    caption: `${strategy.name}: simulated against measured, with 90 % intervals from blocks of ${formatCount(blockRequests)} neighbouring requests`,
    columns: [leftColumn("Quantity", "quantity"), ...COLUMNS],
    rows: quantities.map((quantity) => ({ cells: [textCell(quantity.name), ...cellsOf(quantity)] })),
  };
}

/** The same by class and by region: shown, and a failure only where a difference is certain. */
export function groupTable(strategy: StrategyValidation, index: number): Table {
  const rows = [...groupRows(strategy.byClass, "class"), ...groupRows(strategy.byRegion, "region")];
  return {
    id: `groups-${index + 1}`,
    caption: `${strategy.name}: by class and by region that ran the request (429 and 503: that was called)`,
    columns: [leftColumn("Group", "group"), leftColumn("Quantity", "quantity"), ...COLUMNS],
    rows,
  };
}

/** What the harness measured of known answers. */
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
        { text: valueWords(row.exactMs, "ms"), value: row.exactMs },
        { text: valueWords(row.measuredMs, "ms"), value: row.measuredMs },
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
      .map((quantity) => ({ cells: [textCell(`${what} ${name}`), textCell(quantity.name), ...cellsOf(quantity)] })),
  );
}

function cellsOf(quantity: QuantityResult): Cell[] {
  const { simulated, measured, difference, margin, unit, outcome } = quantity;
  const interval = intervalWords(quantity);
  const tone = { equivalent: "better", different: "worse", undecided: "warning", "too few": "neutral" } as const;
  return [
    { text: valueWords(simulated, unit), value: simulated },
    { text: valueWords(measured, unit), value: measured },
    { text: signedDifference(quantity), value: difference, ...(interval === "" ? {} : { detail: interval }) },
    { text: marginWords(quantity), value: margin },
    { text: "", value: outcome, change: { text: outcomeWords(quantity), tone: tone[outcome] } },
  ];
}
