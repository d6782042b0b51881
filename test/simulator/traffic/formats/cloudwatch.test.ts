import assert from "node:assert/strict";
import test from "node:test";
import { cloudwatch } from "../../../../simulator/traffic/formats/cloudwatch.ts";
import { counted, fixtureText, sum } from "../fixtures.ts";
import { readText } from "../read-trace.ts";

const REGIONS = ["ap-northeast-1", "eu-central-1", "us-east-1", "us-west-2"];
const textOf = (region: string) => fixtureText(`request-logs/cloudwatch/${region}.json.gz`);

test("as many requests as invocations, their tokens in all, each within its minute", () => {
  let requests = 0;
  const tokens = [0, 0, 0, 0];
  for (const region of REGIONS) {
    const { columns, reader } = readText(textOf(region), region);
    assert.equal(reader.format, cloudwatch.name);
    requests += columns.arrivalMs.length;
    tokens[0]! += sum(columns.inputTokens);
    tokens[1]! += sum(columns.outputTokens);
    tokens[2]! += sum(columns.cacheReadTokens!);
    tokens[3]! += sum(columns.cacheWriteTokens!);
    assert.deepEqual(columns.originNames, [region]);
  }
  // The sums of the answers' own Values.
  const of = (metric: string) =>
    REGIONS.flatMap((region) => JSON.parse(textOf(region)).MetricDataResults)
      .filter((each: { Label: string }) => each.Label.split("|")[2] === metric)
      .reduce((total: number, { Values }: { Values: number[] }) => total + sum(Values), 0);
  const [input, output, read, written] = ["Input", "Output", "CacheReadInput", "CacheWriteInput"].map((name) =>
    of(`${name}TokenCount`),
  );
  assert.equal(requests, 193);
  assert.deepEqual(tokens, [input! + read! + written!, output, read, written]);
});

test("requests are drawn within their minutes, the same each time", () => {
  const { columns } = readText(textOf("us-east-1"), "us-east-1");
  const minutes = counted(
    Uint16Array.from(columns.arrivalMs, (ms) =>
      Math.floor((ms + columns.startEpochMs! - Date.UTC(2026, 8, 3, 14)) / 60_000),
    ),
    Array.from({ length: 60 }, (_, i) => String(i)),
  );
  const expected: Record<string, number> = {};
  for (const { Label, Timestamps, Values } of JSON.parse(textOf("us-east-1")).MetricDataResults) {
    if (!Label.includes("|Invocations|")) continue;
    Timestamps.forEach((at: string, i: number) => {
      const minute = String(new Date(at).getUTCMinutes());
      expected[minute] = (expected[minute] ?? 0) + Values[i];
    });
  }
  assert.deepEqual(minutes, expected);
  assert.deepEqual(readText(textOf("us-east-1"), "us-east-1").columns, columns);
});

test("labels of other forms, other periods, numbers for instants; what is incomplete is said", () => {
  const answer = {
    MetricDataResults: [
      {
        Id: "a",
        Label: "Invocations amazon.nova-lite-v1:0",
        Timestamps: [1_788_444_300, 1_788_444_000],
        Values: [4, 2],
        StatusCode: "PartialData",
      },
    ],
  };
  const { columns, reader } = readText(JSON.stringify(answer), "eu-west-1.json");
  assert.equal(columns.arrivalMs.length, 6);
  assert.deepEqual(columns.originNames, ["eu-west-1"]);
  assert.deepEqual(columns.modelNames, ["amazon.nova-lite-v1:0"]);
  assert.ok(reader.notes.some((note) => note.includes("within each 300 s")));
  assert.ok(reader.notes.some((note) => note.includes("PartialData")));
});

const result = (Id: string, Label: string, values: readonly number[]) => ({
  Id,
  Label,
  Timestamps: values.map((_, i) => `2026-09-03T14:0${i}:00Z`),
  Values: values,
});
const answer = (...results: object[]) => JSON.stringify({ MetricDataResults: results, Messages: [] });

test("the metric may stand in the Id; two models that no label tells apart are refused", () => {
  const model = "us-east-1 amazon.nova-lite-v1:0";
  const { columns, reader } = readText(
    answer(
      result("invocations1", model, [2, 1]),
      result("inputTokenCount_sum", model, [30, 5]),
      result("invocationServerErrors_sum", model, [7, 7]),
      result("e1", model, [9, 9]),
    ),
    "a.json",
  );
  assert.deepEqual([columns.arrivalMs.length, sum(columns.inputTokens)], [3, 35]);
  assert.match(reader.notes.join(), /1 results tell no metric/);
  const twice = answer(result("a", "Invocations", [2]), result("b", "Invocations", [2]));
  assert.throws(() => readText(twice, "a.json"), /Invocations stands there twice for 2026-09-03T14:00:00.000Z/);
  // Pages of one result may overlap.
  const page = answer(result("a", "Invocations", [2]));
  assert.equal(readText(page + page, "a.json").columns.arrivalMs.length, 2);
});

test("answers of GetMetricStatistics: sums, a file for each metric", () => {
  const points = (Label: string, of: object) =>
    JSON.stringify({ Label, Datapoints: [{ Timestamp: "2026-09-03T14:00:00+00:00", Unit: "Count", ...of }] });
  const text = points("Invocations", { Sum: 3 }) + points("InputTokenCount", { Sum: 90, Average: 30 });
  const { columns } = readText(text, "us-east-1.json");
  assert.deepEqual([columns.arrivalMs.length, sum(columns.inputTokens), columns.originNames], [3, 90, ["us-east-1"]]);
  assert.throws(() => readText(points("Invocations", { Average: 1 }), "a.json"), /without Sum[\s\S]*--statistics Sum/);
});
