import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { changeTags, nameBaseline } from "../../../scripts/store/labels.ts";
import { openRunStore } from "../../../scripts/store/runs.ts";
import type { GroupResult } from "../../../simulator/experiment/result.ts";
import { fixture } from "../../reports/fixture.ts";

const RESULT = fixture({ strategies: ["single", "cheapest"], hours: 3 });

const root = mkdtempSync(join(tmpdir(), "meridian-runs-"));
after(() => rmSync(root, { recursive: true, force: true }));

function put(id: string, result: unknown): void {
  mkdirSync(join(root, id), { recursive: true });
  writeFileSync(join(root, id, "result.json"), JSON.stringify(result));
}

async function ask(sql: string) {
  const store = await openRunStore(root);
  try {
    return { ...(await store.query(sql)), ids: store.ids, problems: store.problems };
  } finally {
    store.close();
  }
}

test("tables follow the folders of runs: new ones, changed ones, ones that are gone", async () => {
  assert.deepEqual((await ask("SELECT * FROM runs")).rows, []);
  put("one", RESULT);
  put("two", { ...RESULT, seed: 77 });
  put("newer", { ...RESULT, schemaVersion: 99 });
  const first = await ask("SELECT run, seed, scenario FROM runs ORDER BY run");
  assert.deepEqual(first.rows, [
    ["one", RESULT.seed, RESULT.scenario.name],
    ["two", 77, RESULT.scenario.name],
  ]);
  assert.deepEqual(
    first.problems.map(({ code }) => code),
    ["RUN_VERSION"],
  );
  put("two", { ...RESULT, seed: 78 });
  rmSync(join(root, "one"), { recursive: true });
  assert.deepEqual((await ask("SELECT run, seed FROM runs")).rows, [["two", 78]]);
});

test("every figure of a strategy, class, region and hour is the result's own", async () => {
  for (const [table, groups] of [
    ["classes", "byClass"],
    ["regions", "byRegion"],
    ["hours", "byHour"],
  ] as const) {
    const { rows } = await ask(`SELECT sum(sent), max(e2e_p95_ms), sum(bill_usd) FROM ${table} WHERE run = 'two'`);
    const all: readonly GroupResult[] = RESULT.strategies.flatMap(
      (strategy): readonly GroupResult[] => strategy[groups],
    );
    const usd = all.reduce((sum, group) => sum + (group.cost[RESULT.billing].totalUsd.value ?? 0), 0);
    assert.equal(
      Number(rows[0]![0]),
      all.reduce((sum, group) => sum + group.counts.sent, 0),
    );
    assert.equal(rows[0]![1], Math.max(...all.map((group) => group.e2eMs.p95.value ?? 0)));
    assert.ok(Math.abs(Number(rows[0]![2]) - usd) <= 1e-9 * usd);
  }
  const { rows } = await ask("SELECT strategy, status FROM strategies WHERE is_baseline");
  assert.deepEqual(rows, [[RESULT.baseline, RESULT.strategies[0]!.status]]);
  assert.equal((await ask("SELECT count(*) FROM comparisons")).rows[0]![0], RESULT.comparisons.length);
});

test("classes roll up by their tags", async () => {
  const { rows } = await ask(
    "SELECT tag, value, sum(sent), sum(bill_usd) FROM tags WHERE run = 'two' GROUP BY ALL ORDER BY ALL",
  );
  const tagged = RESULT.classes.flatMap(({ name, tags }) =>
    Object.entries(tags).map(([tag, value]) => ({ name, tag, value })),
  );
  const sentOf = (name: string) =>
    RESULT.strategies.reduce((sum, { byClass }) => sum + byClass.find((each) => each.name === name)!.counts.sent, 0);
  const sums = new Map<string, number>();
  for (const { name, tag, value } of tagged)
    sums.set(`${tag} ${value}`, (sums.get(`${tag} ${value}`) ?? 0) + sentOf(name));
  assert.deepEqual(
    rows.map(([tag, value, sent]) => [`${tag} ${value}`, Number(sent)]),
    [...sums].sort(([a], [b]) => (a < b ? -1 : 1)),
  );
});

test("tags and baseline names are as they are now", async () => {
  await changeTags(join(root, "two"), { add: ["quota", "keep"], remove: [] });
  await changeTags(join(root, "two"), { add: [], remove: ["quota"] });
  await nameBaseline(root, "main", "two");
  assert.deepEqual((await ask("SELECT tags, baselines FROM runs")).rows, [["keep", "main"]]);
  await assert.rejects(nameBaseline(root, "../x", "two"), /RUN_LABEL/);
});
