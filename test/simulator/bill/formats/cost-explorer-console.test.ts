import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { formatDecimal } from "../../../../simulator/bill/bill-line.ts";
import {
  isCostExplorerConsole,
  readCostExplorerConsole,
} from "../../../../simulator/bill/formats/cost-explorer-console.ts";
import { problemsOf, table } from "./tables.ts";

const TEAMS = "team,search($),No tag key: team($),Total costs($)\nteam total,3,1,4\n2026-07-01,1,,1\n2026-07-02,2,1,3";

describe("downloads of the Cost Explorer console", () => {
  it("give a line for each filled cell; empty cells are no cost", () => {
    const read = readCostExplorerConsole(table(TEAMS), "a.csv");
    assert.ok(isCostExplorerConsole(table(TEAMS).columns) && !isCostExplorerConsole(["a", "b"]));
    assert.deepEqual([read.view, formatDecimal(read.statedTotalUsd!)], ["cost-explorer by team", "4"]);
    assert.deepEqual(
      read.lines.map(({ startMs, endMs, costUsd, tags, line }) => [
        startMs,
        endMs - startMs,
        formatDecimal(costUsd),
        tags,
        line,
      ]),
      [
        [Date.UTC(2026, 6, 1), 86_400_000, "1", { team: "search" }, 3],
        [Date.UTC(2026, 6, 2), 86_400_000, "2", { team: "search" }, 4],
        [Date.UTC(2026, 6, 2), 86_400_000, "1", { team: "" }, 4],
      ],
    );
  });

  it("know the console's dimensions by their names", () => {
    const by = (dimension: string, group: string) =>
      readCostExplorerConsole(table(`${dimension},${group}($),Total costs($)\n2026-07-01,1,1`), "a.csv").lines[0]!;
    assert.equal(by("Service", "Amazon Bedrock").service, "Amazon Bedrock");
    assert.equal(by("Region", "eu-west-1").region, "eu-west-1");
    assert.equal(by("Region", "NoRegion").region, undefined);
    assert.equal(by("Usage type", "USE1-NovaLite-input-tokens").usageType, "USE1-NovaLite-input-tokens");
    assert.equal(by("Linked account", "prod").account, "prod");
    assert.equal(by("Charge type", "Tax").kind, "tax");
  });

  it("may have gone through a spreadsheet: other dates, dollar signs, empty rows, totals below", () => {
    const text = [
      "Region,US East (N. Virginia)($),eu-west-1($),Total costs($)",
      "8/31/2026,$1.50,,$1.50",
      "9/1/2026,($0.25),2,1.75",
      ",,,",
      "Region total,1.25,2,3.25",
    ].join("\n");
    const { lines } = readCostExplorerConsole(table(text), "a.csv");
    assert.deepEqual(
      lines.map(({ startMs, region, costUsd }) => [startMs, region, formatDecimal(costUsd)]),
      [
        [Date.UTC(2026, 7, 31), "us-east-1", "1.5"],
        [Date.UTC(2026, 8, 1), "us-east-1", "-0.25"],
        [Date.UTC(2026, 8, 1), "eu-west-1", "2"],
      ],
    );
    const unsure = () => readCostExplorerConsole(table("Service,A($)\n9/1/2026,1\n9/2/2026,1"), "a.csv");
    assert.match(problemsOf(unsure), /"9\/1\/2026" is neither a date nor the row of totals/);
    const euro = () => readCostExplorerConsole(table("Service,A(€)\n2026-09-01,1"), "a.csv");
    assert.match(problemsOf(euro), /the currency is €/);
  });

  it("by a tag name it in newer consoles too, and cost categories alike", () => {
    const tagsOf = (dimension: string, group: string) =>
      readCostExplorerConsole(table(`${dimension},${group}($)\n2026-07-01,1`), "a.csv").lines[0]!.tags;
    assert.deepEqual(tagsOf("Tag: team", "search"), { team: "search" });
    assert.deepEqual(tagsOf("team", "team$search"), { team: "search" });
    assert.deepEqual(tagsOf("Cost category: unit", "No cost category: unit"), { unit: "" });
  });

  it("have totals in the console's other languages: what is the sum of the rest is not counted again", () => {
    const german = TEAMS.replace("Total costs", "Gesamtkosten").replace("team total", "team Gesamt");
    const [head, , ...days] = german.split("\n");
    for (const text of [german, [head, ...days].join("\n")]) {
      const { lines } = readCostExplorerConsole(table(text), "a.csv");
      assert.deepEqual(
        lines.map(({ costUsd }) => formatDecimal(costUsd)),
        ["1", "2", "1"],
      );
    }
    const groups = readCostExplorerConsole(table("team,a($),b($)\n2026-07-01,1,1\n2026-07-02,2,1"), "a.csv");
    assert.equal(groups.lines.length, 4, "of one day alone it may be chance");
    const off = () => readCostExplorerConsole(table(german.replace("Gesamt,3,1,4", "Gesamt,3,1,5")), "a.csv");
    assert.match(problemsOf(off), /"team Gesamt" is neither a date nor the row of totals/);
  });

  it("must add up to their own totals, for each day and each group", () => {
    const off = (from: string, to: string) =>
      problemsOf(() => readCostExplorerConsole(table(TEAMS.replace(from, to)), "a.csv"));
    assert.match(
      off("team total,3,1,4", "team total,5,1,4"),
      /a\.csv:2: the days of "search" add up to 3, the file says 5/,
    );
    assert.match(
      off("2026-07-02,2,1,3", "2026-07-02,2,1,9"),
      /a\.csv:4: the groups of the day add up to 3, the file says 9/,
    );
    assert.match(off("2026-07-01,", "yesterday,"), /a\.csv:3: "yesterday" is neither a date nor the row of totals/);
    assert.match(off("2026-07-01,1,", "2026-07-01,x,"), /a\.csv:3: "x" is not an amount/);
  });
});
