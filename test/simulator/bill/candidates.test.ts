import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { loadReference } from "../../../scripts/io/reference.ts";
import { type BillLine, formatDecimal, parseDecimal } from "../../../simulator/bill/bill-line.ts";
import { candidatesOf, reasonAgainst, workloadOf, workloadsSchema } from "../../../simulator/bill/candidates.ts";
import { createModelNames } from "../../../simulator/bill/classify.ts";
import { createBill } from "../../../simulator/bill/spend.ts";
import { createPriceBook } from "../../../simulator/service/pricing/price-book.ts";

const HAIKU = "anthropic.claude-haiku-4-5-20251001-v1:0";
const NAMES = createModelNames([{ id: HAIKU, name: "Claude Haiku 4.5" }]);
/** Geographic 1.10 / 5.50, global 1.00 / 5.00, as published; eu-west-1 is made cheaper here to have a cheapest region. */
const BOOK = createPriceBook({
  data: null,
  overrides: [
    { model: HAIKU, family: "global", input: 1, output: 5 },
    { model: HAIKU, region: "eu-west-1", family: "regional", input: 0.5, output: 2.5 },
    { model: HAIKU, region: "us-east-1", family: "regional", input: 1.1, output: 5.5 },
    { model: HAIKU, region: "us-east-1", family: "geographic", input: 1.1, output: 5.5 },
  ],
});

function line(usageType: string, cost: string, quantity: string, team = "search"): BillLine {
  return {
    startMs: Date.UTC(2026, 6, 1),
    endMs: Date.UTC(2026, 6, 2),
    kind: "usage",
    costUsd: parseDecimal(cost)!,
    quantity: parseDecimal(quantity)!,
    unit: "Units",
    service: "Claude Haiku 4.5 (Amazon Bedrock Edition)",
    usageType,
    operation: undefined,
    region: "us-east-1",
    account: undefined,
    identity: undefined,
    tags: { team },
    estimated: false,
    line: 1,
  };
}

function billOf(...lines: BillLine[]) {
  const exported = {
    format: "test",
    view: "test",
    lines,
    statedTotalUsd: undefined,
    costBasis: "unblended",
    notes: [],
  };
  return createBill(exported, NAMES);
}

it("batch is a way only where the list has a price of it", async () => {
  const { prices } = await loadReference();
  const optionsOf = (id: string, name: string) => {
    const names = createModelNames([{ id, name }]);
    const { export: exported } = billOf({
      ...line("USE1-MP:USE1_InputTokenCount-Units", "11", "10"),
      service: `${name} (Amazon Bedrock Edition)`,
    });
    const [found] = candidatesOf(createBill(exported, names), "tag:team", createPriceBook({ data: prices }), []);
    return found!.options.map((option) => option.name);
  };
  assert.ok(optionsOf(HAIKU, "Claude Haiku 4.5").includes("batch"));
  assert.ok(!optionsOf("anthropic.claude-sonnet-5", "Claude Sonnet 5").includes("batch"));
  // What was bought as batch may still go elsewhere, at the usual ratio.
  const names = createModelNames([{ id: "anthropic.claude-sonnet-5", name: "Claude Sonnet 5" }]);
  const { export: exported } = billOf({
    ...line("USE1-MP:USE1_input_tokens_batch-Units", "11", "10"),
    service: "Claude Sonnet 5 (Amazon Bedrock Edition)",
  });
  const [found] = candidatesOf(createBill(exported, names), "tag:team", createPriceBook({ data: prices }), []);
  assert.deepEqual(
    found!.options.map((option) => option.name),
    ["global profile"],
  );
});

describe("candidates whose teams are known", () => {
  const bill = billOf(line("USE1-MP:USE1_InputTokenCount-Units", "11", "10"));
  const optionsOf = (workload: object) =>
    candidatesOf(
      bill,
      "tag:team",
      BOOK,
      ["us-east-1", "eu-west-1"],
      workloadsSchema.parse({ search: workload }),
    )[0]!.options.map(({ name, savingUsd }) => [name, formatDecimal(savingUsd)]);

  it("go only where their callers and their data may", () => {
    assert.deepEqual(
      optionsOf({}).map(([name]) => name),
      ["eu-west-1", "batch", "global profile"],
    );
    assert.deepEqual(optionsOf({ sla: "6s", residency: "us" }), []);
    assert.deepEqual(
      optionsOf({ sla: "6s", residency: "eu" }).map(([name]) => name),
      ["eu-west-1"],
    );
    assert.deepEqual(optionsOf({ sla: "2s" }), []);
  });

  it("save of the share that may move", () => {
    // 10 M tokens at 1.10 through the global profile at 1.00 save USD 1.
    assert.deepEqual(optionsOf({ mayMove: "40%" })[2], ["global profile", "0.4"]);
    assert.deepEqual(optionsOf({ mayMove: 0 }), []);
  });

  it("have their volume in tokens", () => {
    assert.equal(formatDecimal(candidatesOf(bill, "tag:team", BOOK, [])[0]!.tokens), "10000000");
  });
});

describe("candidates", () => {
  it("scales what was billed by the ratio of list prices, so that a discount stays", () => {
    // 10 M input at 20 % off 1.10, 1 M output at 20 % off 5.50.
    const bill = billOf(
      line("USE1-MP:USE1_InputTokenCount-Units", "8.8", "10"),
      line("USE1-MP:USE1_OutputTokenCount-Units", "4.4", "1"),
    );
    const [candidate] = candidatesOf(bill, "tag:team", BOOK, ["us-east-1", "eu-west-1"]);
    assert.equal(formatDecimal(candidate!.costUsd), "13.2");
    assert.deepEqual(
      candidate!.options.map(({ name, costUsd, savingUsd }) => [
        name,
        formatDecimal(costUsd),
        formatDecimal(savingUsd),
      ]),
      [
        // 8.8 × 0.5 / 1.1 + 4.4 × 2.5 / 5.5
        ["eu-west-1", "6", "7.2"],
        ["batch", "6.6", "6.6"],
        ["global profile", "12", "1.2"],
      ],
    );
  });

  it("offers nothing that costs as much or more, and groups by team", () => {
    const bill = billOf(
      line("USE1-MP:USE1_InputTokenCount_Global-Units", "10", "10", "a"),
      line("USE1-MP:USE1_InputTokenCount_Global-Units", "30", "30", "b"),
    );
    const candidates = candidatesOf(bill, "tag:team", BOOK, ["us-east-1"]);
    assert.deepEqual(
      candidates.map(({ group, options }) => [group, options.map(({ name }) => name)]),
      [
        ["b", ["batch"]],
        ["a", ["batch"]],
      ],
    );
  });
});

const WORKLOADS = workloadsSchema.parse({
  search: { sla: "1500ms" },
  support: { sla: "6s", residency: "eu" },
  archive: { sla: "24h", mayMove: "50%" },
  "*": { mayMove: 0 },
});

describe("what teams can live with", () => {
  it("is by name, or what is said for all others", () => {
    assert.equal(workloadOf(WORKLOADS, "search")?.sla, 1500);
    assert.equal(workloadOf(WORKLOADS, "other")?.mayMove, 0);
    assert.equal(workloadOf(WORKLOADS, "")?.mayMove, 0);
    assert.equal(workloadOf(workloadsSchema.parse({ untagged: { sla: "3s" } }), undefined)?.sla, 3000);
    assert.equal(workloadOf(undefined, "search"), undefined);
  });

  it("says why a way is none", () => {
    const against = (team: string, way: string) => reasonAgainst(workloadOf(WORKLOADS, team), way);
    assert.match(against("search", "us-east-2")!, /2 s at most/);
    assert.match(against("support", "us-east-2")!, /may not be there/);
    assert.match(against("support", "global profile")!, /anywhere/);
    assert.match(against("support", "batch")!, /do not wait a day/);
    assert.equal(against("support", "eu-west-1"), undefined);
    assert.equal(against("archive", "batch"), undefined);
    assert.match(against("other", "eu-west-1")!, /none of it may move/);
  });

  it("refuses a share above the whole", () => {
    assert.ok(!workloadsSchema.safeParse({ a: { mayMove: 1.5 } }).success);
    assert.ok(!workloadsSchema.safeParse({ a: { slo: "6s" } }).success);
  });
});
