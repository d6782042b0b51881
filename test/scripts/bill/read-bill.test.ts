import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { readBillFile } from "../../../scripts/bill/read-bill.ts";
import { MeridianError } from "../../../simulator/base/errors.ts";
import { createModelNames } from "../../../simulator/bill/model-names.ts";
import { createBill, partsOf, spendBy } from "../../../simulator/bill/spend.ts";
import { formatCents, formatDecimal } from "../../../simulator/bill/usd.ts";

const BILLS = join(import.meta.dirname, "..", "..", "..", "scenarios", "bills");
const NAMES = createModelNames([
  { id: "amazon.nova-lite-v1:0", name: "Nova Lite" },
  { id: "anthropic.claude-haiku-4-5-20251001-v1:0", name: "Claude Haiku 4.5" },
]);
const bill = async (file: string) => createBill(await readBillFile(join(BILLS, file)), NAMES);

let folder = "";
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "meridian-bill-"));
});
after(() => rm(folder, { recursive: true }));

async function reading(name: string, text: string) {
  const path = join(folder, name);
  await writeFile(path, text);
  return readBillFile(path);
}

function problemsOf(error: unknown): string {
  assert.ok(error instanceof MeridianError && error.kind === "data");
  return error.problems.map(({ code, where, what }) => `${code} ${where}: ${what}`).join("\n");
}

describe("bill exports", () => {
  // Totals were added up with Python's decimal module over the files' cost columns.
  it("reads every example to the last digit", async () => {
    const totals: Record<string, string> = {};
    for (const file of [
      "cost-explorer.csv.gz",
      "cost-explorer-console-by-region.csv",
      "cost-explorer-console-by-service.csv",
      "cost-explorer-console-by-team.csv",
      "cost-explorer-console-by-usage-type.csv",
      "cur-2.csv.gz",
      "focus-1.0.csv.gz",
      "focus-1.0.parquet",
    ])
      totals[file] = formatDecimal((await bill(file)).totalUsd);
    assert.deepEqual(totals, {
      "cost-explorer.csv.gz": "32166.927926712",
      "cost-explorer-console-by-region.csv": "32166.927926712",
      "cost-explorer-console-by-service.csv": "32166.927926712",
      "cost-explorer-console-by-team.csv": "32166.927926712",
      "cost-explorer-console-by-usage-type.csv": "32166.927926712",
      "cur-2.csv.gz": "442.81651802",
      "focus-1.0.csv.gz": "2654.08313879",
      "focus-1.0.parquet": "2654.08313879",
    });
  });

  it("agrees between the long form and the console's four views, group by group", async () => {
    const long = await bill("cost-explorer.csv.gz");
    const costs = (groups: readonly { key: string | undefined; costUsd: bigint }[]) =>
      Object.fromEntries(groups.map(({ key, costUsd }) => [key ?? "", formatDecimal(costUsd)]));
    const sums = async (
      file: string,
      keyOf: (line: {
        region?: string | undefined;
        service?: string | undefined;
        tags: Readonly<Record<string, string>>;
        usageType?: string | undefined;
      }) => string,
    ) => {
      const groups = new Map<string, bigint>();
      for (const { line } of (await bill(file)).lines)
        groups.set(keyOf(line), (groups.get(keyOf(line)) ?? 0n) + line.costUsd);
      return Object.fromEntries([...groups].map(([key, cost]) => [key, formatDecimal(cost)]));
    };
    assert.deepEqual(
      await sums("cost-explorer-console-by-region.csv", ({ region }) => region ?? ""),
      costs(spendBy(long, "region")),
    );
    assert.deepEqual(
      await sums("cost-explorer-console-by-team.csv", ({ tags }) => tags.team ?? "?"),
      costs(spendBy(long, "tag:team")),
    );
    assert.deepEqual(
      await sums("cost-explorer-console-by-service.csv", ({ service }) => service ?? ""),
      costs(spendBy(long, "service")),
    );
  });

  it("keeps credits, tax, corrections and other services apart", async () => {
    const parts = partsOf(await bill("focus-1.0.parquet")).map(
      ({ kind, spend, costUsd }) => `${kind} ${spend} ${formatCents(costUsd)}`,
    );
    assert.deepEqual(parts, [
      "usage tokens 2661.13",
      "tax bedrock 17.50",
      "usage other 3.75",
      "correction tokens -3.30",
      "credit bedrock -25.00",
    ]);
  });

  it("reads Parquet as it reads CSV, cell by cell", async () => {
    const [csv, parquet] = await Promise.all(
      ["focus-1.0.csv.gz", "focus-1.0.parquet"].map((file) => readBillFile(join(BILLS, file))),
    );
    const plain = ({ lines }: NonNullable<typeof csv>) => lines.map(({ line: _, ...rest }) => rest);
    assert.deepEqual(plain(parquet!), plain(csv!));
  });

  it("reads the API's answers: groups, tags, pages", async () => {
    const page = (start: string, end: string, amount: string, token?: string) => ({
      GroupDefinitions: [
        { Type: "DIMENSION", Key: "USAGE_TYPE" },
        { Type: "TAG", Key: "team" },
      ],
      ResultsByTime: [
        {
          TimePeriod: { Start: start, End: end },
          Total: {},
          Groups: [
            {
              Keys: ["USE1-NovaLite-input-tokens", "team$search"],
              Metrics: {
                UnblendedCost: { Amount: amount, Unit: "USD" },
                UsageQuantity: { Amount: "10", Unit: "1K tokens" },
              },
            },
          ],
          Estimated: true,
        },
      ],
      ...(token === undefined ? {} : { NextPageToken: token }),
    });
    const read = await reading(
      "pages.json",
      JSON.stringify([
        page("2026-07-01", "2026-07-02", "0.6", "next"),
        page("2026-07-02T05:00:00Z", "2026-07-02T06:00:00Z", "0.0000000123"),
      ]),
    );
    assert.deepEqual(read.notes, []);
    assert.deepEqual(
      read.lines.map(({ startMs, endMs, costUsd, tags, unit, estimated }) => [
        startMs,
        endMs - startMs,
        formatDecimal(costUsd),
        tags.team,
        unit,
        estimated,
      ]),
      [
        [Date.UTC(2026, 6, 1), 86_400_000, "0.6", "search", "1K tokens", true],
        [Date.UTC(2026, 6, 2, 5), 3_600_000, "0.0000000123", "search", "1K tokens", true],
      ],
    );
    const cut = await reading("cut.json", JSON.stringify(page("2026-07-01", "2026-07-02", "1", "next")));
    assert.match(cut.notes.join(), /not complete/);
  });

  it("reads the older report's columns and its tags by column", async () => {
    const { lines } = await reading(
      "cur1.csv",
      "lineItem/UsageStartDate,lineItem/UsageEndDate,lineItem/LineItemType,lineItem/UnblendedCost,lineItem/UsageAmount,lineItem/UsageType,lineItem/ProductCode,pricing/unit,product/region,resourceTags/user:team\n" +
        "2026-09-03T00:00:00Z,2026-09-03T01:00:00Z,Usage,1.5E-2,250,USE1-NovaLite-input-tokens,AmazonBedrock,1K tokens,us-east-1,search\n",
    );
    assert.deepEqual(
      lines.map(({ costUsd, unit, region, tags }) => [formatDecimal(costUsd), unit, region, tags]),
      [["0.015", "1K tokens", "us-east-1", { team: "search" }]],
    );
  });

  it("names every bad row of a file at once", async () => {
    const header =
      "TimePeriodStart,TimePeriodEnd,Region,Service,UsageType,Tag,UnblendedCost,UsageQuantity,UsageUnit,Currency,Estimated";
    const row =
      "2026-07-01,2026-07-02,us-east-1,Amazon Bedrock,USE1-NovaLite-input-tokens,team$a,1,1,1K tokens,USD,false";
    const error = await reading(
      "bad.csv",
      [
        header,
        row,
        row.replace("2026-07-01", "2026-02-30"),
        row.replace(",1,1,", ",x,1,"),
        row.replace("USD", "EUR"),
        row.replace(",1,1,", ",,1,"),
        "",
      ].join("\n"),
    ).catch((caught) => caught);
    const problems = problemsOf(error);
    assert.match(problems, /bad\.csv:3: TimePeriodStart|bad\.csv:3: timeperiodstart is no date: "2026-02-30"/i);
    assert.match(problems, /bad\.csv:4: unblendedcost is no number: "x"/);
    assert.match(problems, /bad\.csv:5: the currency is EUR/);
    assert.match(problems, /bad\.csv:6: unblendedcost is empty/);
  });

  it("says when the console's file does not add up to its own totals", async () => {
    const error = await reading(
      "console.csv",
      '"Service","A($)","Total costs($)"\n"Service total","3","3"\n"2026-07-01","1","1"\n"2026-07-02","1","1"\n',
    ).catch((caught) => caught);
    assert.match(problemsOf(error), /BILL_TOTAL_DIFFERS console\.csv:2: the days of "A" add up to 2, the file says 3/);
  });

  it("refuses files of no known format, with what is known", async () => {
    assert.match(
      problemsOf(await reading("x.csv", "a,b\n1,2\n").catch((caught) => caught)),
      /BILL_FORMAT_UNKNOWN x\.csv: the columns \(a, b\)/,
    );
    assert.match(
      problemsOf(await reading("x.json", '{"a":1}').catch((caught) => caught)),
      /no answer of GetCostAndUsage/,
    );
    assert.match(
      problemsOf(await readBillFile(join(folder, "none")).catch((caught) => caught)),
      /there is no such file/,
    );
  });
});
