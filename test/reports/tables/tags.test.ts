import assert from "node:assert/strict";
import { describe, it, test } from "node:test";
import { hasTags, tagGroups, tagTable } from "../../../reports/tables/tags.ts";
import type { RunResult } from "../../../simulator/experiment/result.ts";
import { fixture } from "../fixture.ts";

test("a row for each value of a tag and each strategy, with the record's values", () => {
  const result = fixture();
  const { rows, columns } = tagTable(result);
  assert.ok(hasTags(result) && !hasTags({ ...result, classes: [] }));
  assert.equal(rows.length, result.strategies.length * result.classes.length);
  const at = (key: string) => columns.findIndex((each) => each.key === key);
  const [first] = rows;
  assert.deepEqual(
    ["tag", "value", "strategy", "sent"].map((key) => first!.cells[at(key)]!.value),
    ["team", "team-0", result.strategies[0]!.name, result.strategies[0]!.byClass[0]!.counts.sent],
  );
  assert.equal(first!.cells[at("saving_share")]!.text, "baseline");
});

/** Bills of the replications by class, under each of two strategies. */
const BILLS = {
  before: { chat: [10, 12], mail: [4, 4], other: [1, 1] },
  after: { chat: [9, 9], mail: [4, 3], other: [1, 1] },
} as const;

const RESULT = {
  billing: "source",
  baseline: "before",
  replications: { done: 2 },
  classes: [
    { name: "chat", tags: { team: "search", env: "live" } },
    { name: "mail", tags: { team: "search" } },
    { name: "other", tags: {} },
  ],
  strategies: Object.entries(BILLS).map(([name, bills]) => ({
    name,
    byClass: Object.entries(bills).map(([className, usd]) => ({
      name: className,
      counts: { sent: 10, served: 9, inputTokens: 100, outputTokens: 20 },
      cost: { source: { totalUsd: { value: (usd[0] + usd[1]) / 2 } } },
    })),
    samples: Object.entries(bills).map(([className, usd]) => ({
      scope: "class",
      name: className,
      values: { billUsd: usd },
    })),
  })),
} as unknown as RunResult;

describe("a result by tag", () => {
  const groups = tagGroups(RESULT);
  const find = (key: string, value: string | undefined, strategy: string) =>
    groups.find((each) => each.key === key && each.value === value && each.strategy === strategy)!;

  it("sums the classes of each value; classes without the tag stand last, so that each tag adds up to the bill", () => {
    assert.deepEqual(
      groups.map(({ key, value, strategy }) => `${key} ${value} ${strategy}`),
      ["team search", "team undefined", "env live", "env undefined"].flatMap((each) => [
        `${each} before`,
        `${each} after`,
      ]),
    );
    const search = find("team", "search", "before");
    assert.deepEqual(
      [search.classes, search.sent, search.served, search.inputTokens, search.billUsd.value],
      [["chat", "mail"], 20, 18, 200, 15],
    );
    assert.ok(Math.abs(search.billShare! - 15 / 16) < 1e-12);
    for (const key of ["team", "env"]) {
      const own = groups.filter((each) => each.key === key && each.strategy === "after");
      assert.equal(
        own.reduce((sum, each) => sum + each.billUsd.value!, 0),
        13.5,
      );
    }
  });

  it("pairs the saving by replication", () => {
    // 1 - 13/14 and 1 - 12/16, their mean; half-width t(0.975, 1) s / sqrt 2.
    const { savingShare } = find("team", "search", "after");
    const [a, b] = [1 - 13 / 14, 1 - 12 / 16];
    assert.ok(Math.abs(savingShare!.value! - (a + b) / 2) < 1e-12);
    assert.ok(Math.abs(savingShare!.high! - savingShare!.value! - (12.706204736 * Math.abs(a - b)) / 2) < 1e-6);
    assert.equal(find("team", "search", "before").savingShare, null);
    assert.deepEqual(tagGroups({ ...RESULT, classes: RESULT.classes.map((each) => ({ ...each, tags: {} })) }), []);
  });
});
