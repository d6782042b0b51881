import assert from "node:assert/strict";
import { test } from "node:test";
import { compareRuns } from "../../../simulator/compare/compare.ts";
import { judgeGates, parseGate, rowsOfGates } from "../../../simulator/compare/gates.ts";
import { withMetrics } from "../../../simulator/compare/matching.ts";
import { runOf, type Values } from "./fixtures.ts";

const TEN = [1000, 1100, 900, 1050, 950, 1020, 980, 1080, 920, 1000];
const times = (factor: number) => TEN.map((value) => value * factor);
const A = runOf({
  label: "a",
  strategies: { single: { total: { e2eMsP95: TEN, e2eMsP99: TEN, failedShare: TEN.map(() => 0) } } },
});

function judged(values: Values, ...texts: readonly string[]) {
  const gates = texts.map((text) => parseGate(text, A.result));
  const b = runOf({ strategies: { single: { total: values } } });
  const comparison = compareRuns([A, b], { also: rowsOfGates(gates, A.result) });
  return judgeGates(gates, comparison, A.result);
}

test("a change beyond the limit fails where it is shown, whatever the unit of the limit", () => {
  const slower = { e2eMsP95: times(1.08), e2eMsP99: times(1.5), failedShare: TEN.map((x) => x / 1e6) };
  const gates = [
    "p95(e2e) > +5%",
    "p95(e2e) > +10%",
    "p95(e2e, class=chat) > +50ms",
    "p99(e2e, strategy=single) >= +700ms",
    "failed() > +0.05%",
    "failed() > +1 points",
    "regression",
  ];
  assert.deepEqual(
    judged(slower, ...gates).map(({ passed }) => passed),
    [false, true, false, true, false, true, false],
  );
  assert.match(judged(slower, "p95(e2e) > +5%")[0]!.found, /^b single p95 E2E: \+8\.0.* %/);
});

test("what is not shown, or better, passes; what cannot be judged fails", () => {
  const noisy = { e2eMsP95: TEN.map((value, i) => value * (i % 2 === 0 ? 1.5 : 0.7)) };
  assert.equal(judged(noisy, "p95(e2e) > +5%")[0]!.passed, true);
  assert.deepEqual(
    judged(
      { e2eMsP95: times(0.5), e2eMsP99: TEN, failedShare: TEN.map(() => 0) },
      "p95(e2e) > +5%",
      "p95(e2e) < -40%",
      "regression",
    ).map(({ passed }) => passed),
    [true, false, true],
  );
  const one = judged({ e2eMsP95: [2000], failedShare: [0] }, "p95(e2e) > +5%", "regression", "p99(ttft) > +5%");
  assert.deepEqual(
    one.map(({ passed }) => passed),
    [false, false, false],
  );
});

test("a gate that is not understood says what would be", () => {
  for (const [text, code, words] of [
    ["p95(e2e) > 5%", "GATE_UNREADABLE", /signed change/],
    ["p59(e2e) > +5%", "GATE_METRIC", /did you mean p50, p95, p99/],
    ["p95 > +5%", "GATE_ARGUMENT", /wants one of e2e, ttft, wait first/],
    ["p95(e2e, chat) > +5%", "GATE_ARGUMENT", /write strategy=chat or class=chat/],
    ["p95(e2e, class=caht) > +5%", "GATE_NAME", /did you mean chat/],
    ["p95(e2e, model=x) > +5%", "GATE_ARGUMENT", /is not an argument/],
    ["p95(e2e, class=chat, class=chat) > +5%", "GATE_ARGUMENT", /class is named twice/],
    ["p95(e2e) > +many", "GATE_VALUE", /write 5% or 200ms/],
    ["failed(class=chat, region=us-east-1) > +5%", "GATE_ARGUMENT", /a class or a region/],
  ] as const) {
    assert.throws(
      () => parseGate(text, A.result),
      (error: Error) => error.message.startsWith(code) && words.test(error.message),
      text,
    );
  }
});

test("a gate's rows come beside the usual ones, each once", () => {
  const keys = withMetrics([{ scope: "total", name: "", metrics: ["failedShare"] }], undefined, [
    { scope: "total", name: "", metric: "e2eMsP50" },
    { scope: "total", name: "", metric: "failedShare" },
    { scope: "region", name: "r", metric: "e2eMsP50" },
    { scope: "region", name: "r", metric: "e2eMsP50" },
  ]);
  assert.deepEqual(
    keys.map(({ scope, metrics }) => [scope, metrics]),
    [
      ["total", ["failedShare", "e2eMsP50"]],
      ["region", ["e2eMsP50"]],
    ],
  );
});

test("a gate on a latency or a share within objectives that names no class is one on each of them", () => {
  const of = (label: string, batch: number, chat: number) =>
    runOf({
      label,
      classes: ["chat", "batch"],
      strategies: { single: { byClass: { chat: { e2eMsP95: times(chat) }, batch: { e2eMsP95: times(batch) } } } },
    });
  const found = (batch: number, chat: number, isDeferrable: boolean) => {
    const plain = of("a", 1, 1);
    const classes = plain.result.classes.map((each) => ({
      ...each,
      deferrable: isDeferrable && each.name === "batch",
    }));
    const first = { ...plain, result: { ...plain.result, classes } };
    const gate = parseGate("p95(e2e) > +5%", first.result);
    const also = rowsOfGates([gate], first.result);
    return judgeGates([gate], compareRuns([first, of("b", batch, chat)], { also }), first.result)[0]!;
  };
  assert.match(found(0.5, 1.2, false).found, /^b single chat p95 E2E: \+20/);
  assert.equal(found(1.2, 0.5, false).passed, false);
  assert.equal(found(1.2, 0.5, true).passed, true, "a deferrable class has no latency that matters");
});

test("the only class of a run is compared with the same class of one that has more", () => {
  const b = runOf({
    classes: ["chat", "batch"],
    traffic: "u",
    strategies: { single: { total: { e2eMsP95: times(9) }, byClass: { chat: { e2eMsP95: times(1.5) } } } },
  });
  const a = runOf({
    label: "a",
    strategies: { single: { total: { e2eMsP95: TEN }, byClass: { chat: { e2eMsP95: TEN } } } },
  });
  const gate = parseGate("p95(e2e) > +5%", a.result);
  const comparison = compareRuns([a, b], { also: rowsOfGates([gate], a.result) });
  assert.match(judgeGates([gate], comparison, a.result)[0]!.found, /^b single chat p95 E2E: \+50/);
});

test("a gate is judged on the figures that gates name, whatever else is shown", () => {
  // Differences of mean 1 and deviation 1 over ten replications: t = 3.16, p = 0.0115 (R: 2 * pt(-sqrt(10), 9)).
  const wave = [-1, 1, -1, 1, -1, 1, -1, 1, -1, 1].map((x) => x * Math.sqrt(0.9));
  const names = Array.from({ length: 8 }, (_, i) => `s${i}`);
  const side = (by: number) =>
    Object.fromEntries(
      names.map((name, i) => {
        const changed = TEN.map((value, r) => value + (by === 0 ? 0 : 100 * (wave[r]! + by)));
        const noise = TEN.map((value, r) => value + by * wave[(r + i) % 10]! * 10);
        return [
          name,
          { total: { e2eMsP95: name === "s0" ? changed : noise, ttftMsP95: noise, usdPer1kServed: noise } },
        ];
      }),
    );
  const a = runOf({ label: "a", strategies: side(0) });
  const b = runOf({ strategies: side(1) });
  const passed = (...texts: readonly string[]) => {
    const gates = texts.map((text) => parseGate(text, a.result));
    const comparison = compareRuns([a, b], { also: rowsOfGates(gates, a.result) });
    const row = comparison.rows.find(({ strategy, metric }) => strategy === "s0" && metric === "e2eMsP95")!;
    assert.equal(row.p!.toFixed(4), "0.0115");
    assert.equal(row.verdict, "not shown", "among the rows of the table");
    return judgeGates(gates, comparison, a.result).map((gate) => gate.passed);
  };
  const gate = "p95(e2e, strategy=s0) > +5%";
  assert.deepEqual(passed(gate), [false]);
  assert.deepEqual(passed(gate, "regression"), [false, true]);
  assert.deepEqual(passed(gate, gate), [false, false], "named twice it is one figure");
  const others = [1, 2, 3, 4].map((i) => `p95(e2e, strategy=s${i}) > +5%`);
  assert.deepEqual(passed(gate, ...others), [true, true, true, true, true], "five figures: 5 x 0.0115 is above 5 %");
  assert.deepEqual(passed("p95(e2e) > +5%"), [true], "eight figures");
});

test("a regression gate says what it could not look at", () => {
  const of = (label: string, names: readonly string[]) =>
    runOf({ label, strategies: Object.fromEntries(names.map((name) => [name, { total: { e2eMsP95: TEN } }])) });
  const [a, b] = [of("a", ["single", "gone"]), of("b", ["single", "new"])];
  const gate = parseGate("regression", a.result);
  const { passed, found } = judgeGates([gate], compareRuns([a, b]), a.result)[0]!;
  assert.equal(passed, true);
  assert.equal(
    found,
    "nothing is shown to be worse, of what all runs have; Strategy gone is in a only. Strategy new is in b only",
  );
});
