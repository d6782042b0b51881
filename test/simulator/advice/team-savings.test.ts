import assert from "node:assert/strict";
import { it } from "node:test";
import { bestRouting, type ReplayReport, replayText, savingsSvg, savingsTable } from "../../../reports/bill/savings.ts";
import { createReplayDraws, teamSavings } from "../../../simulator/advice/team-savings.ts";
import { normalQuantile } from "../../../simulator/base/special-functions.ts";
import { ONE } from "../../../simulator/bill/bill-line.ts";
import {
  ELSEWHERE_MAX,
  type FittedClass,
  hitsLostIf,
  hitsLostOfLog,
  hitsLostQuantile,
  joined,
  lossOf,
} from "../../../simulator/bill/fitted-class.ts";
import type { RunResult } from "../../../simulator/experiment/result.ts";
import { purposeStream } from "../../../simulator/random/sampler.ts";

/** Costs by class and replication. */
function strategy(name: string, costs: Readonly<Record<string, readonly number[]>>) {
  const samples = Object.entries(costs).map(([of, billUsd]) => ({ scope: "class", name: of, values: { billUsd } }));
  return { name, samples };
}
const result = {
  replications: { asked: 3, done: 3 },
  classes: [
    { name: "a1", tags: { team: "a" } },
    { name: "a2", tags: { team: "a" } },
    { name: "b1", tags: { team: "b" } },
  ],
  strategies: [
    strategy("as billed", { a1: [10, 12, 11], a2: [10, 8, 9], b1: [5, 5, 5] }),
    strategy("global", { a1: [9, 11, 10], a2: [9, 7, 8], b1: [5, 5, 5] }),
  ],
} as unknown as RunResult;
const classes = ["a1", "a2", "b1"].map(
  (name): FittedClass => ({
    name,
    team: name.slice(0, 1),
    usdByDay: new Array<number>(30).fill({ a1: 11, a2: 9, b1: 5 }[name]! / 10),
    callsPerDay: 1e6,
    sizes: { meanOutput: 200, cvInput: 1, cvOutput: 1 },
    hitsAtStake: 0,
    globalUnder: ["global"],
  }),
);
const billedUsd = new Map([
  ["b", 15n * ONE],
  ["a", 60n * ONE],
]);
const savings = teamSavings({ result, costFactor: 3, classes, isByDay: true, billedUsd });
const report: ReplayReport = { savings, loggedShare: 1, leftUsd: 0n, days: 30, isByDay: true };

it("rolls classes up to teams by replication: paired shares, and USD of what is billed", () => {
  assert.deepEqual(
    savings.map(({ team }) => team),
    ["a", "b", undefined],
  );
  const [a, b, all] = savings;
  // 20 becomes 18, 25 with the other team's 5 becomes 23.
  assert.ok(Math.abs(a!.savings[0]!.share.value! - 0.1) < 1e-3);
  assert.deepEqual(b!.savings[0]!.share.value, 0);
  assert.ok(Math.abs(all!.savings[0]!.share.value! - 2 / 25) < 1e-3);
  assert.ok(Math.abs(a!.savings[0]!.usdPerMonth.value! / ((60 / 30) * (730 / 24) * 0.1) - 1) < 0.01);
  assert.deepEqual([a!.reproduction, b!.reproduction, all!.billedUsd], [1, 1, 75n * ONE]);
});

it("draws no share from days on which nothing is spent, and USD of all days", () => {
  const rare = classes.map((each) => ({
    ...each,
    usdByDay: each.usdByDay.map((usd, day) => (day === 3 ? 30 * usd : 0)),
  }));
  const [, , all] = teamSavings({ result, costFactor: 3, classes: rare, isByDay: true, billedUsd });
  const { share, usdPerMonth } = all!.savings[0]!;
  assert.ok(share.low! > 0.079 && share.high! < 0.087, `${share.low} to ${share.high}`);
  assert.equal(usdPerMonth.low, 0);
});

it("says how near the replay is, and not to sign what is more than 1 % off", () => {
  assert.match(replayText(report), /costs 100\.0 % .* reproduced within 1 %\..*sizes of calls are those of the log/);
  const off = savings.map((each) => ({ ...each, reproduction: 1.02 }));
  const text = replayText({ ...report, savings: off, loggedShare: 0 });
  assert.match(text, /102\.0 % .* do not sign its savings\..*assumed, within a factor of 10/);
});

it("says at which loss of cache hits a saving is gone", () => {
  // Half of the cost would come on top without hits: a tenth of it eats 5 of 8 %.
  const cached = classes.map((each) => ({ ...each, hitsAtStake: 0.5 }));
  const [, , all] = teamSavings({ result, costFactor: 3, classes: cached, isByDay: true, billedUsd });
  const { shareWithHits, hitsToLose, share } = all!.savings[0]!;
  assert.ok(Math.abs(shareWithHits - 0.08) < 1e-3);
  assert.ok(Math.abs(hitsToLose! - 2 / (0.5 * 23)) < 0.005, String(hitsToLose));
  assert.ok(share.low! < 0 && share.high! > 0.07);
  assert.match(
    bestRouting({ ...report, savings: [all!] }),
    /No saving is shown: global, the best .* may save up to [\d.]+ % of what could be replayed or cost up to [\d.]+ % more: .* nothing once 1[78] % of the hits/,
  );
});

it("has a row and a mark for each team and routing", () => {
  const { rows } = savingsTable(report);
  assert.deepEqual(
    rows.map(({ cells }) => [cells[0]!.text, cells[3]!.text, cells[4]!.text]),
    [
      ["a", "global", "10.0"],
      ["b", "global", "0.0"],
      ["all", "global", "8.0"],
    ],
  );
  assert.equal(String(savingsSvg(report)).match(/<circle/g)?.length, 3);
});

const DAYS = 28;
/** The global profile costs 10/11 of the first two classes; the third has none. */
const RATIOS: Readonly<Record<string, number>> = { chat: 10 / 11, search: 10 / 11, batch: 1 };
const STAKES: Readonly<Record<string, number>> = { chat: 0.6, search: 0, batch: 0.2 };

interface World {
  readonly classes: readonly FittedClass[];
  /** Saving of the next `DAYS` days, and USD a day. */
  readonly share: number;
  readonly usdPerDay: number;
}

/** A month that is billed and the next one, by the same law: weekdays, days alike their neighbours, calls that differ. */
function worldOf(seed: number, isLogged: boolean): World {
  const random = purposeStream(seed, "world");
  const normal = () => normalQuantile(Math.min(1 - 1e-9, Math.max(1e-9, random.next())));
  // Calls of one prefix follow each other closely, as the log shows: 5 in the time to live.
  const lost = random.next() * hitsLostIf(ELSEWHERE_MAX, 5);
  let [before, after] = [0, 0];
  const classes = Object.keys(RATIOS).map((name): FittedClass => {
    const level = 20 + 80 * random.next();
    let drift = 0;
    const usd = Array.from({ length: 2 * DAYS }, (_, day) => {
      drift = 0.5 * drift + 0.15 * normal();
      return level * (day % 7 < 2 ? 0.4 : 1) * Math.exp(drift);
    });
    const next = usd.slice(DAYS).reduce((sum, each) => sum + each, 0);
    before += next;
    after += next * (RATIOS[name]! + (name === "batch" ? 0 : lost * STAKES[name]! * RATIOS[name]!));
    const sizes = { meanOutput: 200, cvInput: 1, cvOutput: 1, hitsLost: { most: hitsLostIf(ELSEWHERE_MAX, 5) } };
    return {
      name,
      team: "t",
      usdByDay: usd.slice(0, DAYS),
      callsPerDay: 500,
      sizes: isLogged ? sizes : undefined,
      hitsAtStake: STAKES[name]!,
      globalUnder: name === "batch" ? [] : ["global profile"],
    };
  });
  return { classes, share: 1 - after / before, usdPerDay: (before - after) / DAYS };
}

function drawn(classes: readonly FittedClass[], isByDay = true) {
  const ratios = (_: string, name: string) => [RATIOS[name]!];
  return createReplayDraws({ classes, isByDay, ratios, strategies: ["global profile"] }).savingOf("global profile");
}

it("covers the next month of worlds that are known, and is narrower with a log than with the bill alone", () => {
  const found = Array.from({ length: 40 }, (_, seed) => {
    const [logged, alone] = [worldOf(seed, true), worldOf(seed, false)];
    const [withLog, without] = [drawn(logged.classes), drawn(alone.classes)];
    const width = ({ share: { low, high } }: typeof withLog) => high - low;
    assert.ok(width(withLog) < 0.9 * width(without), `world ${seed}: ${width(withLog)} and ${width(without)}`);
    const holds = ({ low, high }: { low: number; high: number }, value: number) => low <= value && value <= high;
    return {
      share: holds(withLog.share, logged.share),
      alone: holds(without.share, logged.share),
    };
  });
  const held = (key: "share" | "alone") => found.filter((each) => each[key]).length;
  // 38 of 40 are expected; 34 or fewer have a probability of 1 % where 95 % hold.
  assert.ok(held("share") >= 35 && held("alone") >= 35, `${held("share")} and ${held("alone")} of 40`);
});

it("knows a bill without days, or of few, less well than one by day", () => {
  const { classes } = worldOf(7, true);
  const cut = classes.map((each) => ({ ...each, usdByDay: each.usdByDay.slice(0, 1) }));
  const width = ({ usdPerDay: { low, high, middle } }: ReturnType<typeof drawn>) => (high - low) / middle;
  assert.ok(width(drawn(cut)) > 1.2 * width(drawn(classes)));
  assert.ok(width(drawn(classes, false)) > 1.2 * width(drawn(classes)));
});

it("loses no more hits than calls run elsewhere where calls are dense, and nearly twice as many where they are not", () => {
  assert.ok(Math.abs(hitsLostIf(0.1, 1) - 0.19) < 1e-12);
  assert.ok(Math.abs(hitsLostIf(0.1, 50) - 0.1) < 1e-12);
  const call = (atMs: number, readTokens = 100) => ({
    atMs,
    prefix: "p",
    readTokens,
    writeTokens: 100 - readTokens,
    isGlobal: false,
  });
  // The first writes, the second reads with one before it, the third with two: q = 0.2.
  const dense = hitsLostOfLog([call(0, 0), call(1000), call(2000)])!;
  assert.ok(Math.abs(dense.most - (0.36 + 0.232) / 2) < 1e-12 && dense.measured === undefined);
  assert.ok(Math.abs(hitsLostOfLog([call(0, 0), call(299_000), call(700_000, 0)])!.most - 0.36) < 1e-12);
  assert.equal(hitsLostOfLog([call(0, 0)]), undefined);
});

it("measures lost hits where a log has calls through a global profile and others", () => {
  // 9 of 10 tokens are hits in the region, 3 of 4 through the profile: a sixth is lost.
  const calls = (n: number, hits: number, isGlobal: boolean) =>
    Array.from({ length: n }, (_, i) => {
      const isHit = i % n < hits * n;
      return { atMs: i, prefix: "p", readTokens: isHit ? 10 : 0, writeTokens: isHit ? 0 : 10, isGlobal };
    });
  const { most, measured } = hitsLostOfLog([...calls(400, 0.9, false), ...calls(400, 0.75, true)])!;
  assert.ok(Math.abs(measured!.share - 1 / 6) < 1e-12);
  // Binomial errors of both shares.
  const error = Math.hypot(Math.sqrt((0.75 * 0.25) / 400) / 0.9, ((0.75 / 0.9) * Math.sqrt((0.9 * 0.1) / 400)) / 0.9);
  assert.ok(Math.abs(measured!.error - error) < 1e-9);
  const at = (u: number) => hitsLostQuantile({ most, measured: measured! })(u);
  assert.ok(Math.abs(at(0.5) - 1 / 6) < 0.01 && at(0.975) - at(0.025) < 4 * error);
  // What the bill shows joins what the log shows, by precision; without global tokens it shows nothing.
  const teams = [0.9, 0.9, 0.7, 0.7].map((share, i) => ({
    readTokens: 1e9 * share,
    writeTokens: 1e9 * (1 - share),
    isGlobal: i > 1,
  }));
  const bill = lossOf(teams)!;
  assert.ok(Math.abs(bill.share - 2 / 9) < 1e-12 && bill.error > 0.5);
  const both = joined({ most, measured: measured! }, bill).measured!;
  assert.ok(both.error < measured!.error && both.share > measured!.share && both.share < bill.share);
  assert.deepEqual(joined({ most }, lossOf(teams.slice(0, 2))), { most });
  assert.equal(hitsLostQuantile({ most: 0.4 })(0.5), 0.2);
  assert.equal(hitsLostQuantile({ most: 0.1, measured: { share: 0.9, error: 0.01 } })(0.5), 0.1);
});
