import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { readBillFile } from "../../../scripts/bill/read-bill.ts";
import { MeridianError } from "../../../simulator/base/errors.ts";
import { createModelNames } from "../../../simulator/bill/classify.ts";
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

  it("reads the API's answers, a document or one on each line", async () => {
    const page = {
      ResultsByTime: [
        {
          TimePeriod: { Start: "2026-07-01", End: "2026-07-02" },
          Total: { UnblendedCost: { Amount: "1", Unit: "USD" } },
        },
      ],
    };
    assert.equal((await reading("a.json", JSON.stringify(page, null, 2))).lines.length, 1);
    assert.equal((await reading("a.jsonl", `${JSON.stringify(page)}\n${JSON.stringify(page)}\n`)).lines.length, 2);
  });

  it("refuses Parquet that is none", async () => {
    assert.match(
      problemsOf(await reading("p.parquet", "PAR1, but no more").catch((caught) => caught)),
      /the Parquet file cannot be read/,
    );
  });

  it("names the line of a broken CSV file", async () => {
    assert.match(
      problemsOf(await reading("q.csv", 'a,b\n1,2\n"3,4\n').catch((caught) => caught)),
      /BILL_UNREADABLE q\.csv:\d/,
    );
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
