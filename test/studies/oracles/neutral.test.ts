import assert from "node:assert/strict";
import { it } from "node:test";
import { refuseUnknown } from "../../../studies/oracles/neutral.ts";

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
  assert.match(refusal({ arrivals: { process: "mmpp", rates: [1, 2] } }), /row x-1 .*arrivals\.process/);
  assert.match(refusal({ routing: { policy: "join_idle_queue" } }), /routing\.policy/);
  assert.match(refusal({ stations: [{ ...STATION, discipline: "lifo" }] }), /stations\.0\.discipline/);
  assert.match(refusal({ throttle: { kind: "leaky_bucket" } }), /throttle\.kind/);
  assert.match(refusal({ breakdowns: { mtbf_s: 5 } }), /breakdowns/);
  assert.match(refusal({ stations: [{ ...STATION, service: { dist: "pareto", alpha: 2 } }] }), /service\.dist/);
});
