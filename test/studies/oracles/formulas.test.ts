import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  abandonedShare,
  bucketRefusals,
  erlangB,
  erlangC,
  failoverShares,
  feedbackResponse,
  gim1Wait,
  md1WaitCdf,
  md1WaitQuantile,
  meanAttempts,
  mg1Wait,
  mm1Quantile,
  mmck,
  mmckWait,
  mmcWait,
  powerOfD,
  priorityWaits,
  psResponse,
  retrialWait,
  shortestOfTwo,
  sinusoidLoad,
  TRANSFORM,
  tandemResponse,
  timeoutShare,
  windowRefusals,
} from "../../../studies/oracles/formulas.ts";

function near(got: number, expected: number, relative = 5e-6): void {
  assert.ok(Math.abs(got / expected - 1) <= relative, `${got} is not ${expected}`);
}

/** Published or independently checked values of the formulas. */
const KNOWN: readonly (readonly [name: string, got: () => number, expected: number])[] = [
  ["M/M/1 p95 response", () => mm1Quantile(0.8, 1, 0.95), 14.97866],
  ["Erlang C, 2 servers, 1 erlang", () => erlangC(2, 1), 1 / 3],
  ["M/M/4 mean wait", () => mmcWait(4, 1.6, 2), 1.491081],
  ["Erlang B, 10 servers, 7 erlangs", () => erlangB(10, 7), 0.0787409],
  ["M/D/1 mean wait", () => mg1Wait(0.8, 1, 0), 2],
  ["M/D/1 p95 wait", () => md1WaitQuantile(0.8, 1, 0.95), 6.620325],
  ["M/G/1-PS", () => psResponse(0.7, 1), 3.333333],
  ["token bucket", () => bucketRefusals(8, 10, 5), 0.0352904],
  ["token bucket at saturation", () => bucketRefusals(10, 10, 20), 0.025210084],
  ["fixed window", () => windowRefusals(600, 600), 0.0162845],
  ["failover, share of region 2", () => failoverShares([8, 4], 9).served[1]!, 0.206071],
  ["failover, lost", () => failoverShares([8, 4], 9).lost, 0.0830866],
  ["power of two", () => powerOfD(2, 0.9), 2.614057],
  ["shortest of two", () => shortestOfTwo(1.6, 1), 2.955737],
  ["round robin over 2", () => gim1Wait(TRANSFORM.erlang(2, 1.25), 1), 2.84398],
  ["D/M/1", () => gim1Wait(TRANSFORM.constant(1.25), 1), 1.69273084],
  ["retrial", () => retrialWait(0.5, 1, 1), 2],
  ["queue timeout in overload", () => timeoutShare(2.4, 2, 3), 0.210747],
  ["M/M/3/10 refusals", () => mmck(3, 10, 4, 1.5).refused, 0.056376059],
  ["M/M/3/10 wait", () => mmckWait(3, 10, 4, 1.5), 0.540837508],
  ["Erlang A", () => abandonedShare(10, 10.5, 1, 0.5), 0.125124832],
  ["priorities, low class", () => priorityWaits(EXPONENTIAL_CLASSES)[1]!, 5.714285714],
  ["tandem", () => tandemResponse(2, TANDEM), 3.2222222],
  ["attempts", () => meanAttempts(0.2, 3), 1.24],
];

const EXPONENTIAL_CLASSES = [
  { lambda: 0.3, meanService: 1, secondMoment: 2 },
  { lambda: 0.5, meanService: 1, secondMoment: 2 },
];
const TANDEM = [
  { servers: 1, meanService: 1 / 3 },
  { servers: 2, meanService: 0.8 },
];

describe("closed forms give the known values", () => {
  for (const [name, got, expected] of KNOWN) it(name, () => near(got(), expected));
});

describe("closed forms agree with each other", () => {
  it("exponential gaps make GI/M/1 an M/M/1", () => {
    const exponential = TRANSFORM.hyperexponential([1], [1.25]);
    near(gim1Wait(exponential, 1), mmcWait(1, 0.8, 1));
    near(gim1Wait(TRANSFORM.gamma(1.25, 1), 1), mmcWait(1, 0.8, 1));
    near(gim1Wait(TRANSFORM.erlang(1, 1.25), 1), mmcWait(1, 0.8, 1));
  });

  it("gamma gaps with cv² = 1/k are Erlang", () => {
    near(gim1Wait(TRANSFORM.gamma(1.25, Math.sqrt(1 / 3)), 1), gim1Wait(TRANSFORM.erlang(3, 1.25), 1));
  });

  it("uniform gaps: the transform is the integral of exp(-s x)", () => {
    const s = 0.7;
    let sum = 0;
    for (let i = 0; i < 10_000; i++) sum += Math.exp((-s * 2.5 * (i + 0.5)) / 10_000) / 10_000;
    near(TRANSFORM.uniform(2.5)(s), sum);
  });

  it("M/D/1: the chance of no wait is 1 - rho, and the mean wait is the integral of the tail", () => {
    near(md1WaitCdf(0.6, 1, 0), 0.4);
    let tail = 0;
    for (let t = 0.005; t < 25; t += 0.01) tail += (1 - md1WaitCdf(0.6, 1, t)) * 0.01;
    near(tail, mg1Wait(0.6, 1, 0), 1e-3);
  });

  it("M/M/c/c is Erlang B, and much room is Erlang C", () => {
    near(mmck(10, 10, 3.5, 0.5).refused, erlangB(10, 7));
    near(mmckWait(4, 400, 1.6, 0.5), mmcWait(4, 1.6, 2));
  });

  it("power of one is a random split, and two queues of shortest-first beat it", () => {
    near(powerOfD(1, 0.5), 2);
    assert.ok(shortestOfTwo(1, 1) < 2 && shortestOfTwo(1, 1) > mmcWait(2, 1, 1) + 1);
  });

  it("a queue timeout of 0 is a loss system, a long one loses nothing", () => {
    near(timeoutShare(0.8, 1, 0), erlangB(1, 0.8));
    assert.ok(timeoutShare(0.8, 1, 100) < 1e-8);
    near(timeoutShare(1, 1, 2), timeoutShare(1 + 1e-9, 1, 2), 1e-5);
  });

  it("feedback without a way back is M/M/1", () => near(feedbackResponse(0.5, 1, 0), 2));

  it("failover shares and losses are all of it", () => {
    const { served, lost } = failoverShares([6, 4, 3], 8);
    near(served.reduce((sum, share) => sum + share, 0) + lost, 1);
  });

  it("one level of priority is Pollaczek-Khinchine", () => {
    near(priorityWaits([{ lambda: 0.7, meanService: 1, secondMoment: 1.25 }])[0]!, mg1Wait(0.7, 1, 0.25));
  });

  it("sinusoidal load: against Euler's method on m' = rate(t) - mu m", () => {
    const arrivals = { rate: 5, amplitude: 0.6, period: 24, peak: 3 };
    const mu = 0.8;
    const step = 1e-4;
    let m = 0;
    let area = 0;
    for (let i = 0; i < 60_000; i++) {
      const t = i * step;
      if (t >= 5) area += m * step;
      m += (5 * (1 + 0.6 * Math.cos((2 * Math.PI * (t - 3)) / 24)) - mu * m) * step;
    }
    near(sinusoidLoad(arrivals, mu, 5, 6), area, 1e-3);
  });

  it("a limit far above the mean refuses nothing, one of 0 everything", () => {
    assert.ok(windowRefusals(100, 200) < 1e-12);
    near(windowRefusals(5, 0), 1);
  });
});
