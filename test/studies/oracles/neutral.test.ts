import assert from "node:assert/strict";
import { it } from "node:test";
import { type ScenarioInput, scenarioSchema } from "../../../simulator/scenario/schema.ts";
import { ask } from "../../../studies/oracles/ask.ts";
import { refuseUnknown } from "../../../studies/oracles/neutral.ts";
import { type NeutralRow, oracleOf } from "../../../studies/oracles/reference.ts";

const STATION = { name: "r1", servers: 1, service: { dist: "exponential", mean_s: 1 } };
const ROW = { arrivals: { process: "poisson", rate_per_s: 0.5 }, stations: [STATION] };
const refusal = (over: object): string => {
  try {
    refuseUnknown("x-1", { ...ROW, ...over });
    return "";
  } catch (error) {
    return String(error);
  }
};

it("a row that says what cannot be expressed is refused, not answered as another model", () => {
  assert.equal(refusal({}), "");
  assert.match(refusal({ arrivals: { process: "batch_poisson", rates: [1, 2] } }), /row x-1 .*arrivals\.process/);
  assert.match(refusal({ arrivals: { process: "mmpp", rates: [1, 2] } }), /arrivals\.states/);
  assert.match(refusal({ routing: { policy: "join_idle_queue" } }), /routing\.policy/);
  assert.match(refusal({ stations: [{ ...STATION, discipline: "lifo" }] }), /stations\.0\.discipline/);
  assert.match(refusal({ throttle: { kind: "leaky_bucket" } }), /throttle\.kind/);
  assert.match(refusal({ breakdowns: { mtbf_s: 5 } }), /breakdowns/);
  assert.match(refusal({ stations: [{ ...STATION, service: { dist: "pareto", alpha: 2 } }] }), /service\.dist/);
});

/** A single server at half load: T = E[S] + lambda E[S^2] / (2 (1 - rho)) by Pollaczek and Khinchine. */
function singleServer(id: string, service: object, value: number): NeutralRow {
  return {
    ...{ id, model: "M/G/1", parameters: {}, quantity: "mean_response_s", compare: "two_sided", value, formula: "PK" },
    ...{ tolerance_relative: 0.005, sd_relative_500k: 0.006 },
    scenario: { arrivals: { process: "poisson", rate_per_s: 0.5 }, stations: [{ name: "r1", servers: 1, service }] },
  } as NeutralRow;
}

it("service laws beyond the reference file's keep their closed form", async () => {
  const [alpha, min, max] = [2.5, 0.5, 20] as const;
  const moment = (k: number) =>
    ((alpha * min ** alpha) / (k - alpha)) * ((max ** (k - alpha) - min ** (k - alpha)) / (1 - (min / max) ** alpha));
  const pareto = moment(1) + (0.5 * moment(2)) / (2 * (1 - 0.5 * moment(1)));
  for (const row of [
    // Weibull of shape 2: E[S^2] = 4 / pi for a mean of 1.
    singleServer("weibull", { dist: "weibull", shape: 2, mean_s: 1 }, 1 + (0.5 * (4 / Math.PI)) / 1),
    singleServer("gamma", { dist: "gamma", mean_s: 1, cv: 2 }, 1 + (0.5 * 5) / 1),
    singleServer("pareto", { dist: "bounded_pareto", alpha, min_s: min, max_s: max }, pareto),
  ]) {
    const answer = await ask(oracleOf(row), { replications: 4, requests: 10_000 });
    assert.ok(answer.isMet, `${row.id}: ${answer.value} for ${row.value}, tolerance ${answer.tolerance}`);
  }
});

it("arrivals, windows and routing beyond it become the scenario's own", () => {
  const exponential = { dist: "exponential", mean_s: 1 };
  const scenarioOf = (over: object) => {
    const { scenario } = singleServer("x", exponential, 1);
    const row = { ...singleServer("x", exponential, 1), scenario: { ...scenario, ...over } } as NeutralRow;
    const written = { ...oracleOf(row).scenario, name: "x", requests: 100 } as ScenarioInput;
    scenarioSchema.parse(written);
    return written;
  };
  const states = [
    { rate_per_s: 1, mean_stay_s: 60 },
    { rate_per_s: 9, mean_stay_s: 10 },
  ];
  assert.deepEqual(scenarioOf({ arrivals: { process: "mmpp", states } }).traffic[0]!.arrivals, {
    mmpp: {
      states: [
        { rate: "1/s", stay: "60000ms" },
        { rate: "9/s", stay: "10000ms" },
      ],
    },
  });
  const sine = { process: "sinusoidal", mean_rate_per_s: 2, amplitude: 0.5, period_s: 3600 };
  assert.deepEqual(scenarioOf({ arrivals: sine }).traffic[0]!.arrivals, {
    sinusoid: { rate: "2/s", amplitude: 0.5, period: "3600000ms" },
  });
  const throttle = { kind: "rolling_window", window_s: 60, limit: 30 };
  assert.equal(
    (scenarioOf({ throttle }).world.quotas![0] as { requests: { law: string } }).requests.law,
    "rolling-window",
  );
  const stations = [{ name: "r", count: 2, servers: 1, service: exponential }];
  assert.deepEqual(scenarioOf({ stations, routing: { policy: "random" } }).strategies, ["random"]);
});
