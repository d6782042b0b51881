import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { readParquetTable } from "../../../scripts/bill/parquet-bill.ts";
import { readBillFile } from "../../../scripts/bill/read-bill.ts";
import { type Database, openDatabase } from "../../../scripts/store/database.ts";
import { MeridianError } from "../../../simulator/base/errors.ts";

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
