import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { SimulationOutput } from "../../../simulator/engine/simulation.ts";
import { instability } from "../../../simulator/experiment/stability.ts";
import { simulate } from "../engine/run.ts";
import { scenarioInput } from "../scenario/base.ts";

/** Judged as if everything but the backlog had been served. */
const judged = (output: SimulationOutput, served: number) => instability(output, { sent: served, served });

const output = (backlog: readonly number[], inSystemAtEnd: number, stoppedEarlyAtMs: number | null = null) =>
  ({ backlog, inSystemAtEnd, stoppedEarlyAtMs }) as SimulationOutput;
const rising = Array.from({ length: 16 }, (_, i) => 100 * (i + 1));

describe("a backlog without bound", () => {
  it("is large, a real share of what was served, and rose all the time: all three", () => {
    assert.match(judged(output(rising, 1700), 10_000)!, /stood at 1,700 requests/);
    assert.equal(judged(output(rising, 499), 1000), null, "small");
    assert.equal(judged(output(rising, 1700), 100_000), null, "a small share");
    const peak = [...rising.slice(0, 12), 900, 800, 700, 600];
    assert.equal(judged(output(peak, 700), 10_000), null, "it fell in the end");
    assert.equal(judged(output(rising.slice(0, 7), 1700), 10_000), null, "too few looks");
  });

  it("a run that was stopped is unstable, whatever else", () => {
    assert.match(judged(output([], 0, 7_200_000), 10)!, /stopped after 2.0 h/);
  });

  it("tells overload from a busy system in a run", () => {
    const at = (rate: string) =>
      simulate(
        scenarioInput({
          requests: 50_000,
          traffic: [{ class: "all", arrivals: { poisson: rate }, tokens: { input: 1, output: 1 } }],
        }),
      ).stats.unstable;
    assert.equal(at("7.4/s"), null); // 92 % of 8 servers
    assert.match(at("9/s")!, /backlog grew/);
  });

  it("and in a short run too", () => {
    const traffic = [{ class: "all", arrivals: { poisson: "16/s" }, tokens: { input: 1, output: 1 } }];
    assert.match(simulate(scenarioInput({ requests: 6000, traffic })).stats.unstable!, /backlog grew/);
  });
});

describe("an overload", () => {
  it("is a run of which most requests were not served, whatever its backlog", () => {
    assert.match(instability(output([], 0), { sent: 1000, served: 4 })!, /^overload: 99\.6 % of its requests/);
    assert.equal(instability(output([], 0), { sent: 1000, served: 501 }), null);
    assert.equal(instability(output([], 0), { sent: 0, served: 0 }), null, "nothing sent");
  });
});
