import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { historyOf } from "../../../scripts/commands/strategy.ts";
import { meridianHere, TINY } from "../run-meridian.ts";

describe("meridian strategy", () => {
  it("refuses an action that there is not, and a name that cannot be a strategy's", async () => {
    const action = await meridianHere(["strategy", "nwe", "mine.ts"]);
    assert.deepEqual([action.code, /STRATEGY_ACTION[\s\S]*did you mean "new"/.test(action.stderr)], [2, true]);
    const name = await meridianHere(["strategy", "new", "My Rule.ts"]);
    assert.deepEqual([name.code, /STRATEGY_NAME/.test(name.stderr)], [2, true]);
  });

  it("exports a scenario's strategy as LiteLLM's configuration", async () => {
    const yaml = await meridianHere(["strategy", "export", TINY, "--strategy", "round-robin"]);
    assert.deepEqual([yaml.code, /STRATEGY_NOT_EXPORTED/.test(yaml.stderr)], [2, true]);
    const { code, stdout } = await meridianHere(["strategy", "export", TINY, "--strategy", "single", "--json"]);
    assert.equal(code, 0);
    const { config } = JSON.parse(stdout) as { config: { model_list: { litellm_params: { model: string } }[] } };
    assert.equal(config.model_list[0]!.litellm_params.model, "bedrock/converse/amazon.nova-pro-v1:0");
  });
});

const folder = mkdtempSync(join(tmpdir(), "meridian-history-"));

/** Calls of 10, 20, ... 10 n ms at an hour of some day. */
function lines(n: number, hour: number, day: number, target = "a", outcome = "ok"): string {
  return Array.from({ length: n }, (_, i) => {
    const sent = Date.UTC(2026, 4, day, hour, 0, i % 60);
    const at = (ms: number) => new Date(ms).toISOString();
    const tokens = { input: 1, output: 1, cacheRead: 0, cacheWrite: 0 };
    const times = { sentAt: at(sent), endedAt: at(sent + 10 * (i + 1)) };
    const attempt = {
      target,
      sourceRegion: target,
      route: "regional",
      destinationRegion: null,
      outcome,
      ...times,
      tokens,
    };
    const request = { strategy: "s", request: i, class: "c", origin: "o", arrivedAt: at(sent), endedAt: times.endedAt };
    return JSON.stringify({ ...request, end: "served", allowed: true, promptTokens: 1, attempts: [attempt] });
  }).join("\n");
}

describe("p95 by hour from what was recorded", () => {
  after(() => rmSync(folder, { recursive: true, force: true }));

  it("takes each hour's own, over all days, and the day's where an hour has too few", async () => {
    const file = join(folder, "log.jsonl");
    writeFileSync(
      file,
      [lines(101, 3, 4), lines(101, 3, 5), lines(10, 7, 4), lines(90, 3, 4, "a", "throttled")].join("\n"),
    );
    const found = (await historyOf([file])).get("a")!;
    assert.equal(found.calls, 212);
    assert.equal(found.filled, 23);
    // Each of 10 ... 1010 ms twice: rank 0.95 × 201 = 190.95 lies between two of 960 ms.
    assert.equal(found.p95Ms[3], 960);
    assert.equal(found.p95Ms[7], found.p95Ms[0]);
    assert.equal(found.p95Ms.length, 24);
  });

  it("refuses what holds too little", async () => {
    const file = join(folder, "few.jsonl");
    writeFileSync(file, lines(5, 1, 4));
    await assert.rejects(historyOf([file]), /HISTORY_EMPTY/);
  });
});
