import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { runOf } from "../../simulator/compare/fixtures.ts";
import { meridianHere } from "../run-meridian.ts";

const folder = mkdtempSync(join(tmpdir(), "meridian-stats-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const TEN = [1000, 1100, 900, 1050, 950, 1020, 980, 1080, 920, 1000];
const file = join(folder, "run.json");
const values = (by: number) => ({
  byClass: { chat: { e2eMsP95: TEN.map((x, i) => x + by + (i % 2)), goodputShare: TEN.map(() => 0.5 + by / 1e4) } },
});
writeFileSync(
  file,
  JSON.stringify(runOf({ strategies: { single: values(0), cheapest: values(40), fast: values(-60) } }).result),
);

describe("meridian stats", () => {
  it("lists its procedures and answers with plain data", async () => {
    assert.match((await meridianHere(["stats"])).stdout, /^holm +p-values adjusted/m);
    const holm = await meridianHere(["stats", "holm", '{"p":[0.01,0.04,0.03]}', "--json"]);
    assert.deepEqual(JSON.parse(holm.stdout).answer, { adjusted: [0.03, 0.06, 0.06], rejected: [true, false, false] });
    assert.match((await meridianHere(["stats", "bonferroni", '{"k":10,"n":30}'])).stdout, /^critical_t: 3\.6197/);
  });

  it("names the best strategy of a run, or says that no difference above delta is left", async () => {
    const best = JSON.parse(
      (await meridianHere(["stats", "best", "--run", file, "--class", "chat", "--delta", "20ms", "--json"])).stdout,
    );
    assert.deepEqual([best.answer, best.best, best.replications], ["best", "fast", 10]);
    const equal = await meridianHere(["stats", "best", "--run", file, "--class", "chat", "--delta", "150ms"]);
    assert.match(equal.stdout, /^No difference above 150 ms/);
    const more = await meridianHere(["stats", "best", "--run", file, "--class", "chat", "--metric", "goodputShare"]);
    assert.match(more.stdout, /^cheapest is the best/);
  });

  it("says what is wrong with its words", async () => {
    for (const [args, words] of [
      [["rinot", "{}"], /STATS_UNKNOWN.*\n.*rinott/],
      [["kn"], /STATS_INPUT.*missing/],
      [["kn", "k=10"], /STATS_INPUT.*not JSON/],
      [["kn", "{}"], /STATS_INPUT/],
      [["best", "--run", file, "--metric", "p95"], /STATS_METRIC/],
      [["best", "--run", file, "--class", "none"], /STATS_CLASS/],
      [["best", "--run", file, "--class", "chat", "--delta", "much"], /STATS_DELTA/],
    ] as const) {
      const { code, stderr } = await meridianHere(["stats", ...args]);
      assert.equal(code, 2, stderr);
      assert.match(stderr, words);
    }
  });
});
