/** Tables of bills and price lists: each line once by source, account and day, with what it bought. */

import { formatDecimal } from "../../../simulator/bill/bill-line.ts";
import type { ClassifiedLine } from "../../../simulator/bill/classify.ts";
import type { PriceRow } from "../../../simulator/service/pricing/price-book-data.ts";
import type { ColumnType, StoreColumn, StoreRow, StoreTable, StoreView } from "../database.ts";

const column = (name: string, type: ColumnType, doc: string): StoreColumn => ({ name, type, doc });

/** Lines of bills. Two sources describe the same spend: a sum is over one of them. */
export const BILL_LINES: StoreTable = {
  name: "bill_lines",
  version: 1,
  keyColumn: "bill_key",
  doc: "Lines of imported bills; sources (cur, focus, cost-explorer ...) describe the same spend, so sum over one",
  columns: [
    column("source", "text", "which export: cur, focus, cost-explorer ..."),
    column("account", "text", "account; unknown where the export does not say"),
    column("starts_at", "instant", "beginning of the charge period, UTC"),
    column("ends_at", "instant", "its end"),
    column("kind", "text", "usage, correction, commitment, discount, credit, refund, tax or fee"),
    column("spend", "text", "tokens, bedrock (other than tokens), other, or unattributed"),
    column("cost_usd", "decimal", "exact; sums are exact too"),
    column("quantity", "decimal", "in its unit"),
    column("unit", "text", "1K tokens, Units (millions of tokens), hours ..."),
    column("tokens", "decimal", "quantity in tokens; null where the unit counts none"),
    column("token_kind", "text", "input, output, cacheRead, cacheWrite or cacheWrite1h"),
    column("model", "text", "name of the model, as the bill has it"),
    column("model_id", "text", "its Bedrock id; null where the name fits none"),
    column("region", "text", "region that is billed"),
    column("tier", "text", "standard, batch, flex, priority ..."),
    column("routing", "text", "regional or global"),
    column("service", "text", "as billed"),
    column("usage_type", "text", "as billed"),
    column("operation", "text", "as billed"),
    column("identity", "text", "ARN of the caller, where the export has it"),
    column("tags", "json", "cost allocation tags, with those of rules"),
    column("team", "text", "the tag that import was told to be the team's, or team; empty for untagged"),
    column("estimated", "boolean", "the amount may still change"),
    column("remark", "text", "why it is not attributed, or what is odd"),
    column("cost_basis", "text", "which cost column: unblended, billed ..."),
  ],
};

/** What each source says of each account and month. */
export const BILL_TOTALS: StoreView = {
  name: "bill_totals",
  doc: "USD by source, account and month: tokens, other spend, and the total, which is the bill's",
  sql: `SELECT source, account, strftime(starts_at, '%Y-%m') AS month,
    sum(CASE WHEN spend = 'tokens' AND kind = 'usage' THEN cost_usd ELSE 0 END) AS tokens_usd,
    sum(CASE WHEN spend = 'tokens' AND kind = 'usage' THEN 0 ELSE cost_usd END) AS other_usd,
    sum(cost_usd) AS total_usd, count(*) AS lines
    FROM bill_lines GROUP BY ALL ORDER BY ALL`,
};

/** List prices of imported price lists. */
export const LIST_PRICES: StoreTable = {
  name: "list_prices",
  version: 1,
  keyColumn: "price_key",
  doc: "Rows of imported price lists, USD per million tokens; a publication of an offer stands once",
  columns: [
    column("offer", "text", "offer of the price list"),
    column("as_of", "text", "day of publication"),
    column("model", "text", "Bedrock id, or the list's name"),
    column("region", "text", "region"),
    column("tier", "text", "standard, global, batch, flex ..."),
    column("routing", "text", "in-region-or-geo or global"),
    column("input_usd", "decimal", "USD per million tokens"),
    column("output_usd", "decimal", "USD per million tokens"),
    column("cache_read_usd", "decimal", "USD per million tokens"),
    column("cache_write_usd", "decimal", "USD per million tokens"),
  ],
};

export interface BillRowFacts {
  readonly source: string;
  readonly costBasis: string;
  /** Tag whose value is the team. */
  readonly teamTag: string;
}

export function billRow(classified: ClassifiedLine, { source, costBasis, teamTag }: BillRowFacts): StoreRow {
  const { line, tokens } = classified;
  return {
    source,
    account: line.account ?? UNKNOWN_ACCOUNT,
    starts_at: new Date(line.startMs).toISOString(),
    ends_at: new Date(line.endMs).toISOString(),
    kind: line.kind,
    spend: classified.spend,
    cost_usd: formatDecimal(line.costUsd),
    quantity: line.quantity === undefined ? null : formatDecimal(line.quantity),
    unit: line.unit,
    tokens: tokens === undefined ? null : formatDecimal(tokens),
    token_kind: classified.tokenKind,
    model: classified.model,
    model_id: classified.modelId,
    region: classified.region,
    tier: classified.tier,
    routing: classified.routing,
    service: line.service,
    usage_type: line.usageType,
    operation: line.operation,
    identity: line.identity,
    tags: line.tags,
    team: line.tags[teamTag] ?? null,
    estimated: line.estimated,
    remark: classified.remark,
    cost_basis: costBasis,
  };
}

export const UNKNOWN_ACCOUNT = "unknown";

export function priceRow(row: PriceRow, offer: string): StoreRow {
  const { model, region, tier, routing, asOf } = row;
  const exact = (price: number | null | undefined) => (price === null || price === undefined ? null : String(price));
  return {
    offer,
    as_of: asOf,
    model,
    region,
    tier,
    routing,
    input_usd: exact(row.input),
    output_usd: exact(row.output),
    cache_read_usd: exact(row.cacheRead),
    cache_write_usd: exact(row.cacheWrite),
  };
}
