import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { headline } from "../../../reports/bill/text.ts";
import { readBillFile } from "../../../scripts/bill/read-bill.ts";
import { prepareText } from "../../../scripts/io/experiment.ts";
import { loadReference } from "../../../scripts/io/reference.ts";
import { sumOf, toNumber } from "../../../simulator/bill/bill-line.ts";
import { workloadsSchema } from "../../../simulator/bill/candidates.ts";
import { createModelNames } from "../../../simulator/bill/classify.ts";
import { fitTraffic } from "../../../simulator/bill/fit-traffic.ts";
import { ASSUMED_SIZES, type CallSizes } from "../../../simulator/bill/fitted-class.ts";
import { type Bill, createBill, partsOf, tokenLines, unknownModels } from "../../../simulator/bill/spend.ts";
import { assembleResult } from "../../../simulator/experiment/index.ts";
import { createPriceBook } from "../../../simulator/service/pricing/price-book.ts";
import { runAll } from "../experiment/fixtures.ts";

const { models, prices } = await loadReference();
const names = createModelNames(models.ids.map((id) => ({ id, name: models.nameOf(id)! })));
const HAIKU = "anthropic.claude-haiku-4-5-20251001-v1:0";
const book = createPriceBook({ data: prices });

const read = new Map<string, ReturnType<typeof readBillFile>>();
/** A shipped bill, read once. */
function billOf(name: string): ReturnType<typeof readBillFile> {
  const known = read.get(name) ?? readBillFile(`scenarios/bills/${name}`);
  read.set(name, known);
  return known;
}

async function fit(file: string, sizes = new Map<string, CallSizes>()) {
  const bill = createBill(await billOf(file), names);
  const fitted = fitTraffic({ bill, dimension: "tag:team", book, sizes, requestsMax: 20_000 });
  assert.ok(fitted);
  return { bill, fitted };
}

function reportOf(bill: Bill) {
  const none = { groupings: [], candidates: [], anomalies: [], remarks: [], features: [], teamTag: undefined };
  return { bill, parts: partsOf(bill), ...none };
}

/** Cost of the simulated day as billed, then through the global profile; two replications of each, whose standard error is 0.2 %. */
async function costsOf(scenario: Readonly<Record<string, unknown>>, count: 1 | 2) {
  const strategies = (scenario.strategies as readonly unknown[]).slice(0, count);
  const text = JSON.stringify({ ...scenario, replications: 2, strategies });
  const { inputs: prepared } = await prepareText(text, "replay.yaml");
  const inputs = { ...prepared, skipQuotaNeeds: true };
  const result = assembleResult(inputs, runAll(inputs), { scenarioSha256: "", meridianVersion: "", traces: [] });
  return result.strategies.map(({ total }) => total.cost.source.totalUsd);
}

describe("traffic fitted to a bill", () => {
  it("costs what was billed under the routing that was billed, within 1 %", async () => {
    const log = { meanOutput: 200, cvInput: 0.3, cvOutput: 0.3 };
    const { bill, fitted } = await fit(
      "cur-2.csv.gz",
      new Map(["amazon.nova-lite-v1:0", HAIKU].map((id) => [id, log])),
    );
    const billedUsd = toNumber(sumOf(tokenLines(bill).map(({ line }) => line.costUsd)));
    const [asBilled, global] = await costsOf(fitted.scenario, 2);
    const replayedUsd = asBilled!.value! * fitted.costFactor;
    assert.ok(Math.abs(replayedUsd / billedUsd - 1) < 0.01, `${replayedUsd} for ${billedUsd}`);
    // Haiku 4.5 costs 1.1 times the global price but where it is global already; Nova Lite has no global profile.
    assert.ok(global!.value! < 0.94 * asBilled!.value! && global!.value! > asBilled!.value! / 1.1);
  });

  it("is of all days between the first and the last, so that quiet weekends make no month dearer", async () => {
    const exported = await billOf("cost-explorer.csv.gz");
    const isWorking = (ms: number) => new Date(ms).getUTCDay() % 6 !== 0;
    const working = { ...exported, lines: exported.lines.filter(({ startMs }) => isWorking(startMs)) };
    const bill = createBill(working, names);
    const fitted = fitTraffic({ bill, dimension: "tag:team", book, sizes: new Map(), requestsMax: 20_000 })!;
    // From 1 July to 28 September, Wednesday to Monday.
    assert.equal(fitted.days, 90);
    const usd = fitted.classes.flatMap(({ usdByDay }) => usdByDay);
    assert.equal(usd.length, 90 * fitted.classes.length);
    const sum = usd.reduce((all, each) => all + each, 0);
    assert.ok(Math.abs(sum / toNumber(fitted.fittedUsd) - 1) < 1e-9);
    assert.equal(fitted.classes[0]!.usdByDay[3], 0);
  });

  it("has other routes only for what may move, and the same calls in all", async () => {
    const bill = createBill(await billOf("focus-1.0.csv.gz"), names);
    const workloads = workloadsSchema.parse({
      search: { mayMove: "25%" },
      support: { sla: "2s" },
      "*": { residency: "us" },
    });
    const options = { bill, dimension: "tag:team" as const, book, sizes: new Map(), requestsMax: 20_000 };
    const [free, bound] = [fitTraffic(options)!, fitTraffic({ ...options, workloads })!];
    interface Class {
      readonly class: string;
      readonly tags: { readonly team: string };
      readonly targets: readonly string[];
      readonly arrivals: { readonly poisson: string };
    }
    const classesOf = ({ scenario }: typeof free, team: string) =>
      (scenario.traffic as readonly Class[]).filter(({ tags }) => tags.team === team);
    const rate = (all: readonly Class[]) =>
      all.reduce((sum, { arrivals }) => sum + Number.parseFloat(arrivals.poisson), 0);
    for (const team of ["search", "support", "platform"])
      assert.ok(Math.abs(rate(classesOf(bound, team)) / rate(classesOf(free, team)) - 1) < 1e-9, team);
    assert.ok(classesOf(bound, "support").every(({ targets }) => targets.length === 1));
    assert.ok(
      classesOf(bound, "platform").every(({ targets }) =>
        targets.every((each) => /^us-(east|west)/.test(each) && !each.includes("/global")),
      ),
    );
    const moving = classesOf(bound, "search").filter(({ targets }) => targets.length > 1);
    const staying = classesOf(bound, "search").filter(({ class: name }) => name.endsWith("-stays"));
    assert.ok(moving.length > 0 && moving.length === staying.length);
    assert.ok(Math.abs(rate(moving) / rate(staying) - 1 / 3) < 1e-9);
    await prepareText(JSON.stringify(bound.scenario), "replay.yaml");
  });

  it("costs what was billed within 1 % where a day has few calls, too", async () => {
    const whole = createBill(await billOf("cur-2.csv.gz"), names);
    // A thousandth of the bill, some fifty calls a day.
    const lines = whole.lines.map((each) => ({
      ...each,
      line: { ...each.line, costUsd: each.line.costUsd / 1000n },
      tokens: each.tokens === undefined ? undefined : each.tokens / 1000n,
    }));
    const bill = { ...whole, lines };
    const log = { meanOutput: 200, cvInput: 0.3, cvOutput: 0.3 };
    const sizes = new Map(["amazon.nova-lite-v1:0", HAIKU].map((id) => [id, log]));
    const fitted = fitTraffic({ bill, dimension: "tag:team", book, sizes, requestsMax: 20_000 })!;
    const [asBilled] = await costsOf(fitted.scenario, 1);
    assert.match(String(fitted.scenario.description), /each call is simulated [\d.]+ times/);
    const ratio = (asBilled!.value! * fitted.costFactor) / toNumber(fitted.fittedUsd);
    assert.ok(Math.abs(ratio - 1) < 0.01, String(ratio));
  });

  it("says that sizes of a bill alone are assumed, and where intervals hold that", async () => {
    const { fitted } = await fit("focus-1.0.csv.gz");
    const output = (fitted.scenario.traffic as readonly { tokens: { output: { lognormal: { cv: number } } } }[])[0]!;
    assert.equal(output.tokens.output.lognormal.cv, ASSUMED_SIZES.cvOutput);
    assert.match(String(fitted.scenario.description), /assumed, a bill does not tell them\..*bill --replay adds/);
  });

  it("leaves nothing out in silence, and averages days", async () => {
    const { bill, fitted } = await fit("cost-explorer.csv.gz");
    assert.equal(fitted.days, 90);
    const billed = sumOf(tokenLines(bill).map(({ line }) => line.costUsd));
    assert.equal(fitted.fittedUsd + fitted.leftUsd, billed);
  });

  it("spreads a bill by month over the days of its month, and says what each team is billed", async () => {
    const { bill, fitted: byDay } = await fit("focus-1.0.csv.gz");
    const month = { startMs: Date.UTC(2026, 8, 1), endMs: Date.UTC(2026, 9, 1) };
    const lines = bill.lines.map((each) => ({ ...each, line: { ...each.line, ...month } }));
    const fitted = fitTraffic({
      bill: { ...bill, lines },
      dimension: "tag:team",
      book,
      sizes: new Map(),
      requestsMax: 20_000,
    });
    assert.equal(fitted!.days, 30);
    assert.equal(sumOf(fitted!.fittedByTeamUsd.values()), fitted!.fittedUsd);
    assert.deepEqual(fitted!.fittedByTeamUsd, byDay.fittedByTeamUsd);
  });

  it("replays a model without facts as billed, through no other route, and says how much of the spend it is", async () => {
    const exported = await billOf("focus-1.0.csv.gz");
    const rename = (text: string | undefined) => text?.replace("NovaLite", "NovaZeta");
    const lines = exported.lines.map((line) => ({ ...line, usageType: rename(line.usageType) }));
    const bill = createBill({ ...exported, lines }, names);
    const [unknown, ...others] = unknownModels(bill);
    const nova = sumOf(
      bill.lines
        .filter(({ line }) => /^\w+-NovaZeta-.*tokens/.test(line.usageType ?? ""))
        .map(({ line }) => line.costUsd),
    );
    assert.deepEqual([unknown!.key, unknown!.costUsd, others.length], ["NovaZeta", nova, 0]);
    assert.match(
      headline(reportOf(bill), sumOf(tokenLines(bill).map(({ line }) => line.costUsd))),
      /% of it \(USD .*\) is of 1 model that Meridian has no facts of \(NovaZeta\)/,
    );
    const fitted = fitTraffic({ bill, dimension: "tag:team", book, sizes: new Map(), requestsMax: 20_000 })!;
    assert.equal(fitted.leftUsd, 0n);
    const traffic = fitted.scenario.traffic as readonly {
      readonly class: string;
      readonly targets: readonly string[];
    }[];
    const own = traffic.filter((each) => each.class.includes("novazeta"));
    assert.ok(own.length > 0 && own.every(({ targets }) => targets.length === 1));
    await prepareText(JSON.stringify(fitted.scenario), "replay.yaml");
  });

  it("takes sizes of calls from logs, and the hours from an hourly bill", async () => {
    const id = "amazon.nova-lite-v1:0";
    const { fitted } = await fit("cur-2.csv.gz", new Map([[id, { meanOutput: 400, cvInput: 0, cvOutput: 0 }]]));
    const traffic = fitted.scenario.traffic as readonly {
      readonly class: string;
      readonly arrivals: { readonly diurnal: { readonly shape: readonly number[] } };
      readonly tokens: { readonly output: unknown };
    }[];
    const nova = traffic.find((each) => each.class.includes("nova"));
    assert.equal(nova?.tokens.output, 400);
    assert.equal(nova?.arrivals.diurnal.shape.length, 24);
  });
});
