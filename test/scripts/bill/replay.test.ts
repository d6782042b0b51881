import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { parse } from "yaml";
import { writeReplay } from "../../../scripts/bill/replay.ts";
import { prepareExperiment } from "../../../scripts/io/experiment.ts";
import { MeridianError } from "../../../simulator/base/errors.ts";
import { createBill } from "../../../simulator/bill/spend.ts";
import { createPriceBook } from "../../../simulator/service/pricing/price-book.ts";
import { meridianHere } from "../run-meridian.ts";

const folder = mkdtempSync(join(tmpdir(), "meridian-"));
after(() => rmSync(folder, { recursive: true }));

describe("meridian bill --scenario", () => {
  it("writes a scenario that checks, with sizes of calls from a log", async () => {
    const path = join(folder, "replay.yaml");
    const log = join(folder, "log.csv");
    const rows = [
      "time_s,input_tokens,output_tokens,model",
      "0,100,300,amazon.nova-lite-v1:0",
      "1,300,500,amazon.nova-lite-v1:0",
    ];
    writeFileSync(log, `${rows.join("\n")}\n`);
    const { code, stderr } = await meridianHere([
      "bill",
      "scenarios/bills/cur-2.csv.gz",
      "--scenario",
      path,
      "--logs",
      log,
    ]);
    assert.equal(code, 0, stderr);
    assert.match(
      stderr,
      /19 classes, one average of 1 days; its cost as billed x \d+(\.\d+)? is USD 443\.87, not replayed: USD 0\.00/,
    );
    const { traffic } = parse(readFileSync(path, "utf8"));
    const nova = traffic.find((each: { class: string }) => each.class.startsWith("search-nova"));
    assert.ok(Math.abs(nova.tokens.output.lognormal.mean - 400) < 1e-9);
    const { inputs } = await prepareExperiment(path, { overrides: [], strategies: [] });
    assert.deepEqual(
      inputs.plan.strategies.map(({ name }) => name),
      ["as billed", "global profile", "cheapest"],
    );
  });

  it("refuses logs without a scenario, and a bill that says nothing of tokens", async () => {
    const alone = await meridianHere(["bill", "scenarios/bills/cur-2.csv.gz", "--logs", "x.jsonl"]);
    assert.equal(alone.code, 2);
    const path = join(folder, "none.yaml");
    const teams = await meridianHere(["bill", "scenarios/bills/cost-explorer-console-by-team.csv", "--scenario", path]);
    assert.deepEqual([teams.code, /BILL_NO_REPLAY/.test(teams.stderr)], [3, true]);
  });

  it("refuses a bill without lines, and writes nothing", async () => {
    const names = { idOf: () => undefined };
    const exported = { format: "none", view: "none", lines: [], statedTotalUsd: 0n, costBasis: "unblended", notes: [] };
    const input = {
      bill: createBill(exported, names),
      dimension: "account",
      book: createPriceBook({ data: null }),
      names,
    } as const;
    await assert.rejects(writeReplay(join(folder, "empty.yaml"), undefined, input), MeridianError);
    assert.equal(existsSync(join(folder, "empty.yaml")), false);
  });
});
