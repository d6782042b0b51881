import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { formatDecimal } from "../../../../simulator/bill/bill-line.ts";
import { isCostExplorerApi, readCostExplorerApi } from "../../../../simulator/bill/formats/cost-explorer-api.ts";
import { problemsOf } from "./tables.ts";

const page = (start: string, end: string, amount: string, more: object = {}, unit = "USD") => ({
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
            UnblendedCost: { Amount: amount, Unit: unit },
            UsageQuantity: { Amount: "10", Unit: "1K tokens" },
          },
        },
      ],
      Estimated: true,
    },
  ],
  ...more,
});

describe("answers of GetCostAndUsage", () => {
  it("are read over pages, days and hours, with tags", () => {
    const pages = [
      page("2026-07-01", "2026-07-02", "0.6", { NextPageToken: "next" }),
      page("2026-07-02T05:00:00Z", "2026-07-02T06:00:00Z", "0.0000000123"),
    ];
    assert.ok(isCostExplorerApi(pages) && isCostExplorerApi(pages[0]) && !isCostExplorerApi({ a: 1 }));
    const { lines, notes, costBasis, view } = readCostExplorerApi(pages, "a.json");
    assert.deepEqual([notes, costBasis, view], [[], "unblended", "cost-explorer by usage_type, team"]);
    assert.deepEqual(
      lines.map((line) => [
        line.startMs,
        line.endMs - line.startMs,
        formatDecimal(line.costUsd),
        line.tags.team,
        line.unit,
        line.estimated,
      ]),
      [
        [Date.UTC(2026, 6, 1), 86_400_000, "0.6", "search", "1K tokens", true],
        [Date.UTC(2026, 6, 2, 5), 3_600_000, "0.0000000123", "search", "1K tokens", true],
      ],
    );
  });

  it("may be grouped by two tags, or by a cost category", () => {
    const answer = page("2026-07-01", "2026-07-02", "1");
    answer.GroupDefinitions = [
      { Type: "TAG", Key: "team" },
      { Type: "COST_CATEGORY", Key: "unit" },
    ];
    answer.ResultsByTime[0]!.Groups[0]!.Keys = ["team$search", "unit$"];
    assert.deepEqual(readCostExplorerApi(answer, "a.json").lines[0]!.tags, { team: "search", unit: "" });
  });

  it("show by their keys what they are grouped by where their definitions are left out", () => {
    const { ResultsByTime } = page("2026-07-01", "2026-07-02", "1");
    const keysOf = (...keys: string[]) => {
      ResultsByTime[0]!.Groups[0]!.Keys = keys;
      const { service, usageType, region, account, tags } = readCostExplorerApi({ ResultsByTime }, "a.json").lines[0]!;
      return { service, usageType, region, account, tags };
    };
    const none = { service: undefined, usageType: undefined, region: undefined, account: undefined, tags: {} };
    assert.deepEqual(keysOf("USE1-NovaLite-input-tokens", "team$"), {
      ...none,
      usageType: "USE1-NovaLite-input-tokens",
      tags: { team: "" },
    });
    assert.deepEqual(keysOf("Claude Haiku 4.5 (Amazon Bedrock Edition)", "eu-west-1"), {
      ...none,
      service: "Claude Haiku 4.5 (Amazon Bedrock Edition)",
      region: "eu-west-1",
    });
    assert.deepEqual(keysOf("111122223333", "NoRegion"), { ...none, account: "111122223333" });
  });

  it("are refused where they would count spend twice", () => {
    const one = page("2026-07-01", "2026-07-02", "1");
    const other = { ...one, GroupDefinitions: [{ Type: "DIMENSION", Key: "REGION" }] };
    assert.match(
      problemsOf(() => readCostExplorerApi([one, other], "a.json")),
      /BILL_COUNTED_TWICE .*by USAGE_TYPE and team; by REGION/,
    );
    assert.match(
      problemsOf(() => readCostExplorerApi([one, one], "a.json")),
      /2026-07-01 has USE1-NovaLite-input-tokens, team\$search twice/,
    );
  });

  it("without groups give the day's total", () => {
    const answer = {
      ResultsByTime: [
        {
          TimePeriod: { Start: "2026-07-01", End: "2026-07-02" },
          Total: { AmortizedCost: { Amount: "3", Unit: "USD" } },
        },
      ],
    };
    const { lines, costBasis } = readCostExplorerApi(answer, "a.json");
    assert.deepEqual([lines.length, formatDecimal(lines[0]!.costUsd), costBasis], [1, "3", "amortized"]);
  });

  it("with what is left of sums of doubles are rounded at the eighteenth digit, and say so", () => {
    const { lines, notes } = readCostExplorerApi(page("2026-07-01", "2026-07-02", "5.551115123125783E-17"), "a.json");
    assert.equal(formatDecimal(lines[0]!.costUsd), "0.000000000000000056");
    assert.match(notes.join(), /rounded there: 1$/);
    assert.deepEqual(readCostExplorerApi(page("2026-07-01", "2026-07-02", "1.5E-7"), "a.json").notes, []);
  });

  it("that are cut say so, and what cannot be read is named", () => {
    const cut = readCostExplorerApi(page("2026-07-01", "2026-07-02", "1", { NextPageToken: "next" }), "a.json");
    assert.match(cut.notes.join(), /not complete/);
    assert.match(
      problemsOf(() => readCostExplorerApi(page("2026-07-01", "2026-07-02", "1", {}, "EUR"), "a.json")),
      /currency is EUR/,
    );
    assert.match(
      problemsOf(() => readCostExplorerApi(page("July", "2026-07-02", "1"), "a.json")),
      /TimePeriod is unreadable/,
    );
    assert.match(
      problemsOf(() => readCostExplorerApi(page("2026-07-01", "2026-07-02", "one"), "a.json")),
      /UnblendedCost is not a number/,
    );
    assert.match(
      problemsOf(() =>
        readCostExplorerApi({ ResultsByTime: [{ TimePeriod: { Start: "2026-07-01", End: "2026-07-02" } }] }, "a.json"),
      ),
      /BILL_NO_COST/,
    );
    assert.deepEqual(readCostExplorerApi({ ResultsByTime: [] }, "a.json").lines, []);
    assert.match(
      problemsOf(() => readCostExplorerApi({ ResultsByTime: [1] }, "a.json")),
      /BILL_UNREADABLE/,
    );
  });
});
