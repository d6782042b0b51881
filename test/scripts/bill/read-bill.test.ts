import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { gunzipSync, gzipSync } from "node:zlib";
import { readBillFile, readParquetTable } from "../../../scripts/bill/read-bill.ts";
import { type Database, openDatabase } from "../../../scripts/store/database.ts";
import { MeridianError } from "../../../simulator/base/errors.ts";
import { formatCents, formatDecimal } from "../../../simulator/bill/bill-line.ts";
import { createModelNames } from "../../../simulator/bill/classify.ts";
import { createBill, partsOf, spendBy } from "../../../simulator/bill/spend.ts";

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

  it("reads a console's download that a spreadsheet of another language has saved", async () => {
    const text =
      "Region;us-east-1($);eu-west-1($);Total costs($)\n01.09.2026;1.234,50;0,5;1.235\nRegion total;1234,5;0,5;1235\n";
    const saved = join(folder, "excel.csv");
    await writeFile(saved, Buffer.from(`\uFEFF${text}`, "utf16le"));
    const read = createBill(await readBillFile(saved), NAMES);
    assert.equal(formatDecimal(read.totalUsd), "1235");
  });

  it("reads pages of an API that were printed one after the other", async () => {
    const page = (day: number) => ({
      GroupDefinitions: [{ Type: "DIMENSION", Key: "SERVICE" }],
      ResultsByTime: [
        {
          TimePeriod: { Start: `2026-09-0${day}`, End: `2026-09-0${day + 1}` },
          Groups: [{ Keys: ["Amazon Bedrock"], Metrics: { UnblendedCost: { Amount: "0.1", Unit: "USD" } } }],
          Estimated: false,
        },
      ],
      ...(day === 1 ? { NextPageToken: "more" } : {}),
    });
    const text = [1, 2].map((day) => JSON.stringify(page(day), null, 4)).join("\n");
    const { lines, notes } = await reading("pages.json", text);
    assert.deepEqual([lines.length, notes], [2, []]);
  });

  it("reads costs that are binary doubles, as CUR has them in Parquet", async () => {
    const { DuckDBInstance } = await import("@duckdb/node-api");
    const instance = await DuckDBInstance.create(":memory:");
    const connection = await instance.connect();
    const path = join(folder, "cur.parquet");
    await connection.run(
      `copy (select timestamp '2026-09-03 01:00:00' as line_item_usage_start_date, timestamp '2026-09-03 02:00:00' as line_item_usage_end_date, 'Usage' as line_item_line_item_type, 1.2345678901234567e-7::double as line_item_unblended_cost, 2.5::double as line_item_usage_amount, 'USE1-NovaLite-input-tokens' as line_item_usage_type, map {'product_name': 'Amazon Bedrock', 'region': 'us-east-1'} as product, map {'user_team': 'search'} as resource_tags) to '${path}' (format parquet)`,
    );
    connection.closeSync();
    instance.closeSync();
    const [line] = (await readBillFile(path)).lines;
    assert.deepEqual(
      [line!.service, line!.tags, line!.startMs, formatDecimal(line!.costUsd)],
      ["Amazon Bedrock", { team: "search" }, Date.UTC(2026, 8, 3, 1), "0.000000123456789012"],
    );
  });

  it("refuses another currency in every table, and an export without lines", async () => {
    for (const file of ["cost-explorer.csv.gz", "cur-2.csv.gz", "focus-1.0.csv.gz"]) {
      const text = gunzipSync(await readFile(join(BILLS, file))).toString("utf8");
      const [head, first] = text.split("\n");
      const euro = reading("euro.csv", `${head}\n${first!.replace(",USD,", ",EUR,")}\n`);
      await assert.rejects(euro, (error) => /the currency is EUR/.test(problemsOf(error)), file);
      await assert.rejects(reading("none.csv", `${head}\n`), (error) => /BILL_EMPTY/.test(problemsOf(error)), file);
    }
  });

  it("reads what a spreadsheet saves in the encoding of Windows, and knows a workbook", async () => {
    const path = join(folder, "ansi.csv");
    const text =
      "date;service;usage_type;tag_team;cost\n2026-09-01;Amazon Bedrock;USE1-NovaLite-input-tokens;Müller;1,5\n";
    await writeFile(path, Buffer.from(text, "latin1"));
    const [line] = (await readBillFile(path)).lines;
    assert.deepEqual([line!.tags, formatDecimal(line!.costUsd)], [{ team: "Müller" }, "1.5"]);
    await assert.rejects(reading("bill.xlsx", "PK\u0003\u0004\u0014xl/workbook.xml"), (error) =>
      /BILL_FORMAT_UNKNOWN bill\.xlsx: this is a workbook/.test(problemsOf(error)),
    );
  });

  it("refuses versions of a month in one folder, which would count it as often", async () => {
    const text = "line_item_usage_start_date,line_item_line_item_type,line_item_unblended_cost\n2026-07-01,Usage,1\n";
    const write = async (...path: readonly string[]) => {
      await mkdir(join(folder, ...path.slice(0, -1)), { recursive: true });
      await writeFile(join(folder, ...path), text);
    };
    await write("kept", "data", "BILLING_PERIOD=2026-06", "20260626T000000Z-1", "a.csv");
    await write("kept", "data", "BILLING_PERIOD=2026-07", "20260726T000000Z-1", "a-1.csv");
    await write("kept", "data", "BILLING_PERIOD=2026-07", "20260726T000000Z-1", "a-2.csv");
    assert.equal((await readBillFile(join(folder, "kept"))).lines.length, 3);
    await write("kept", "data", "BILLING_PERIOD=2026-07", "20260727T000000Z-2", "a-1.csv");
    await assert.rejects(readBillFile(join(folder, "kept")), (error) =>
      /BILL_FOLDER .*BILLING_PERIOD=2026-07 is there in 2 versions \(20260726T000000Z-1, 20260727T000000Z-2\)/.test(
        problemsOf(error),
      ),
    );
    await write("older", "20260701-20260801", "uuid-1", "r-1.csv");
    await write("older", "20260701-20260801", "uuid-2", "r-1.csv");
    await assert.rejects(readBillFile(join(folder, "older")), (error) => /2 versions/.test(problemsOf(error)));
  });

  it("says which lines stand twice, in a file and in parts that overlap, and that an empty file is empty", async () => {
    const text = gunzipSync(await readFile(join(BILLS, "cur-2.csv.gz"))).toString("utf8");
    const [head, ...rows] = text.trimEnd().split("\n");
    const once = await reading("once.csv", [head, ...rows].join("\n"));
    assert.deepEqual(once.notes, []);
    const twice = await reading("twice.csv", [head, ...rows, ...rows.slice(0, 50)].join("\n"));
    assert.match(
      twice.notes.join(),
      /^50 lines stand there twice, word for word \(the first again in twice\.csv:\d+\)/,
    );
    assert.equal(twice.lines.length, once.lines.length + 50);
    const parts = join(folder, "overlap");
    await mkdir(parts);
    await writeFile(join(parts, "a.csv"), [head, ...rows.slice(0, 100)].join("\n"));
    await writeFile(join(parts, "b.csv"), [head, ...rows.slice(99)].join("\n"));
    assert.match((await readBillFile(parts)).notes.join(), /1 line stands there twice, .*b\.csv:2/);
    await assert.rejects(reading("empty.csv", "\n"), (error) =>
      /BILL_EMPTY .*the file is empty/.test(problemsOf(error)),
    );
  });

  it("adds the parts of one export up, and never two exports of the same spend", async () => {
    const text = gunzipSync(await readFile(join(BILLS, "cur-2.csv.gz"))).toString("utf8");
    const [head, ...rows] = text.trimEnd().split("\n");
    const parts = join(folder, "parts");
    await mkdir(join(parts, "BILLING_PERIOD=2026-09"), { recursive: true });
    const part = (some: readonly string[]) => `${[head, ...some].join("\n")}\n`;
    await writeFile(join(parts, "BILLING_PERIOD=2026-09", "cur-00001.csv"), part(rows.slice(0, 100)));
    await writeFile(join(parts, "cur-00002.csv.gz"), gzipSync(part(rows.slice(100))));
    await writeFile(join(parts, "cur-Manifest.json"), "{}");
    const whole = createBill(await readBillFile(parts), NAMES);
    assert.equal(formatDecimal(whole.totalUsd), "442.81651802");
    await writeFile(join(parts, "focus.csv"), gunzipSync(await readFile(join(BILLS, "focus-1.0.csv.gz"))));
    await assert.rejects(readBillFile(parts), (error) => /BILL_FOLDER .*twice/.test(problemsOf(error)));
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
    const doubled = JSON.stringify(page).replace("{", '{"ResultsByTime":[],');
    await assert.rejects(reading("a.json", doubled), /BILL_UNREADABLE.*key "ResultsByTime" twice/);
    assert.equal((await reading("a.jsonl", `${JSON.stringify(page)}\n${JSON.stringify(page)}\n`)).lines.length, 2);
  });

  it("refuses what unpacks to more bytes or cells than a file of its size can hold", async () => {
    const path = join(folder, "bomb.csv.gz");
    const bomb = async (text: string) => writeFile(path, gzipSync(text));
    const cost = "date,usage_type,cost_usd\n";
    await bomb(cost + "0".repeat(2e6));
    await assert.rejects(readBillFile(path, { bytes: 0, cells: 0 }), /BILL_TOO_LARGE .* bytes unpack to over/);
    await bomb(cost + ",,\n".repeat(2e4));
    await assert.rejects(readBillFile(path, { cells: 0 }), /BILL_TOO_LARGE {2}bomb\.csv\.gz: .* cells/);
    const fitting = await readBillFile(join(BILLS, "cost-explorer.csv.gz"), { bytes: 0, cells: 0 });
    assert.ok(fitting.lines.length > 0);
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
    for (const end of ["\n", "\r\n", "\r"])
      assert.match(
        problemsOf(await reading("q.csv", ["a,b", '1,"2', '"', "3,4,5", ""].join(end)).catch((caught) => caught)),
        /BILL_UNREADABLE q\.csv:4: .* on line 4$/,
      );
  });

  it("refuses files of no known format, with what is known", async () => {
    assert.match(
      problemsOf(await reading("x.csv", "a,b\n1,2\n").catch((caught) => caught)),
      /BILL_FORMAT_UNKNOWN x\.csv: the columns \(a, b\)/,
    );
    assert.match(
      problemsOf(await reading("x.json", '{"a":1}').catch((caught) => caught)),
      /not an answer of GetCostAndUsage/,
    );
    assert.match(
      problemsOf(await readBillFile(join(folder, "none")).catch((caught) => caught)),
      /there is no such file/,
    );
  });
});

const FOCUS = join(import.meta.dirname, "..", "..", "..", "scenarios", "bills", "focus-1.0.parquet");

describe("Parquet that stands for more than its size", () => {
  let folder: string;
  let database: Database;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "meridian-parquet-"));
    database = await openDatabase();
  });
  after(async () => {
    database.close();
    await rm(folder, { recursive: true });
  });
  const made = async (name: string, select: string) => {
    const path = join(folder, name);
    await database.connection.run(`copy (${select}) to '${path}' (format parquet, compression zstd)`);
    return path;
  };

  it("is refused for its cells before they are looked at, and for those that are not empty", async () => {
    const rows = await made("rows.parquet", "select 1.0 as cost, 'x' as usage_type from range(200000)");
    await assert.rejects(readBillFile(rows, { cells: 0 }), /BILL_TOO_LARGE .*rows\.parquet: it holds 400,000 cells/);
    await assert.rejects(readBillFile(rows, { cells: 1e5 }), /it holds 400,000 cells; a file of its size has no more/);
  });

  it("is refused for the length of its texts", async () => {
    const texts = await made("texts.parquet", "select repeat('x', 1000) as a, 1.0 as cost from range(9000)");
    await assert.rejects(
      readBillFile(texts, { bytes: 1000, cells: 1e5 }),
      /BILL_TOO_LARGE .*: it holds 9,027,000 characters; a file of its size/,
    );
  });

  it("is read where its columns are empty", async () => {
    const columns = Array.from({ length: 9 }, (_, i) => `null::VARCHAR as c${i}`).join(", ");
    const path = await made("empty.parquet", `select 1.0 as cost, ${columns} from range(2000)`);
    const read = (cells: number) =>
      readParquetTable(path, { cells, characters: 1e6 }, (what) => new MeridianError("data", { code: "LARGE", what }));
    assert.deepEqual((await read(2000)).rows[1999], ["1.0", ...Array(9).fill("")]);
    await assert.rejects(read(1999), /LARGE {2}it holds 20,000 cells/);
  });

  it("is none of the usual exports", async () => {
    assert.ok((await readBillFile(FOCUS, { bytes: 0, cells: 0 })).lines.length > 0);
  });
});
