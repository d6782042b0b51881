/** The registry of the store's tables and views. Adding one = its file and its line here. */
import type { StoreTable, StoreView } from "../database.ts";
import { BILL_LINES, BILL_TOTALS, LIST_PRICES } from "./bills.ts";
import { COMPARISONS_VIEW, RUN_COMPARISONS, STRATEGY_COMPARISONS } from "./comparisons.ts";
import { REQUESTS } from "./requests.ts";
import { CLASSES, HOURS, REGIONS, RUN_RECORDS, RUNS_VIEW, STRATEGIES, TAGS_VIEW } from "./runs.ts";
import { SWEEP_POINTS, SWEEP_VALUES } from "./sweeps.ts";

/** Tables with files in the store. */
export const STORE_TABLES: readonly StoreTable[] = [
  RUN_RECORDS,
  STRATEGIES,
  CLASSES,
  REGIONS,
  HOURS,
  STRATEGY_COMPARISONS,
  RUN_COMPARISONS,
  REQUESTS,
  BILL_LINES,
  LIST_PRICES,
  SWEEP_POINTS,
  SWEEP_VALUES,
];

/** Views over them, in the order in which they are created. */
export const STORE_VIEWS: readonly StoreView[] = [RUNS_VIEW, TAGS_VIEW, COMPARISONS_VIEW, BILL_TOTALS];
