/** Rows of one station: Markov queues, general service, general arrivals, priorities. */
import {
  abandonedShare,
  erlangB,
  gim1Wait,
  md1WaitQuantile,
  mg1Wait,
  mm1Quantile,
  mmck,
  mmckWait,
  mmcWait,
  priorityWaits,
  psResponse,
  TRANSFORM,
  timeoutShare,
} from "../formulas.ts";
import {
  type Capacity,
  exponentialSlots,
  further,
  type Oracle,
  type OracleScenario,
  perSecond,
  smallScenario,
} from "../oracle.ts";

function one(rate: number, capacity: Capacity): OracleScenario {
  return smallScenario({ arrivals: { poisson: perSecond(rate) }, regions: { r1: capacity } });
}

function served(service: unknown, discipline = "fcfs"): Capacity {
  return { kind: "slots", servers: 1, service, discipline } as Capacity;
}

function gaps(interarrival: unknown): OracleScenario {
  return smallScenario({
    arrivals: { renewal: { interarrival } } as never,
    regions: { r1: exponentialSlots(1, 1) },
  });
}

const MARKOV: readonly Oracle[] = [
  further({
    id: "f-mm1-p50",
    model: "M/M/1",
    quantity: "p50_response_s",
    formula: "ln 2/(mu - lambda)",
    value: mm1Quantile(0.6, 1, 0.5),
    sd: 0.0052,
    scenario: one(0.6, exponentialSlots(1, 1)),
  }),
  further({
    id: "f-mm1-p99",
    model: "M/M/1",
    quantity: "p99_response_s",
    formula: "-ln .01/(mu - lambda)",
    value: mm1Quantile(0.5, 1, 0.99),
    sd: 0.0071,
    scenario: one(0.5, exponentialSlots(1, 1)),
  }),
  further({
    id: "f-mmc-3",
    model: "M/M/3",
    quantity: "mean_wait_s",
    formula: "C/(c mu - lambda)",
    value: mmcWait(3, 2.1, 1),
    sd: 0.015,
    scenario: one(2.1, exponentialSlots(3, 1)),
  }),
  further({
    id: "f-mmck-2-6",
    model: "M/M/2/6",
    quantity: "rejected_fraction",
    formula: "birth-death chain",
    value: mmck(2, 6, 1.5, 1).refused,
    sd: 0.01,
    scenario: one(1.5, exponentialSlots(2, 1, { waitingRoom: 4 })),
  }),
  further({
    id: "f-mmck-4-12",
    model: "M/M/4/12",
    quantity: "mean_wait_s",
    formula: "Lq/(lambda (1 - p_K))",
    value: mmckWait(4, 12, 3.8, 1),
    sd: 0.0062,
    scenario: one(3.8, exponentialSlots(4, 1, { waitingRoom: 8 })),
  }),
  further({
    id: "f-erlb-lognormal",
    model: "M/G/20/20 (insensitive)",
    quantity: "rejected_fraction",
    formula: "Erlang B",
    value: erlangB(20, 18),
    sd: 0.017,
    scenario: one(9, {
      kind: "slots",
      servers: 20,
      service: { lognormal: { mean: "2s", cv: 2 } },
      waitingRoom: 0,
    }),
  }),
  further({
    id: "f-erlang-a",
    model: "M/M/5+M (Erlang A), overload",
    quantity: "timed_out_fraction",
    formula: "birth-death chain, theta Lq/lambda",
    value: abandonedShare(5, 6, 1, 1 / 3),
    sd: 0.0053,
    scenario: one(6, exponentialSlots(5, 1, { patience: { exponential: { mean: "3s" } } })),
  }),
  further({
    id: "f-timeout",
    model: "M/M/1+D, stable",
    quantity: "timed_out_fraction",
    formula: "1 - H/(1 + rho H)",
    value: timeoutShare(0.8, 1, 2),
    sd: 0.0047,
    scenario: one(0.8, exponentialSlots(1, 1, { patience: "2s" })),
  }),
];

const GENERAL_SERVICE: readonly Oracle[] = [
  further({
    id: "f-mg1-uniform",
    model: "M/U/1",
    quantity: "mean_wait_s",
    formula: "Pollaczek-Khinchine, scv 1/3",
    value: mg1Wait(0.75, 1, 1 / 3),
    sd: 0.008,
    scenario: one(0.75, served({ uniform: { min: "0s", max: "2s" } })),
  }),
  further({
    id: "f-mg1-erlang",
    model: "M/E3/1",
    quantity: "mean_wait_s",
    formula: "Pollaczek-Khinchine, scv 1/3",
    value: mg1Wait(0.7, 1, 1 / 3),
    sd: 0.0075,
    scenario: one(0.7, served({ erlang: { k: 3, mean: "1s" } })),
  }),
  further({
    id: "f-mg1-hyper",
    model: "M/H2/1",
    quantity: "mean_wait_s",
    formula: "Pollaczek-Khinchine, scv 5.5",
    // Mean .9 x .5 + .1 x 5.5 = 1, second moment 2 (.9 x .25 + .1 x 30.25) = 6.5.
    value: mg1Wait(0.6, 1, 5.5),
    sd: 0.015,
    scenario: one(0.6, served({ hyperexponential: { p: [0.9, 0.1], means: ["0.5s", "5.5s"] } })),
  }),
  further({
    id: "f-mg1-lognormal",
    model: "M/G/1 lognormal cv 2",
    quantity: "mean_wait_s",
    formula: "Pollaczek-Khinchine, scv 4",
    value: mg1Wait(0.5, 1, 4),
    sd: 0.033,
    scenario: one(0.5, served({ lognormal: { mean: "1s", cv: 2 } })),
  }),
  further({
    id: "f-md1-p95",
    model: "M/D/1",
    quantity: "p95_wait_s",
    formula: "Erlang's alternating sum",
    value: md1WaitQuantile(0.6, 1, 0.95),
    sd: 0.0076,
    scenario: one(0.6, served("1s")),
  }),
  further({
    id: "f-ps-lognormal",
    model: "M/G/1-PS lognormal cv 2 (insensitive)",
    quantity: "mean_response_s",
    formula: "E[S]/(1 - rho)",
    value: psResponse(0.6, 1),
    sd: 0.01,
    scenario: one(0.6, served({ lognormal: { mean: "1s", cv: 2 } }, "processor-sharing")),
  }),
  further({
    id: "f-ps-hyper",
    model: "M/H2/1-PS (insensitive)",
    quantity: "mean_response_s",
    formula: "E[S]/(1 - rho)",
    value: psResponse(0.8, 1),
    sd: 0.021,
    scenario: one(0.8, served({ hyperexponential: { p: [0.9, 0.1], means: ["0.5s", "5.5s"] } }, "processor-sharing")),
  }),
  further({
    id: "f-batching-ps",
    model: "continuous batching with alpha 0 = M/M/1-PS",
    quantity: "mean_response_s",
    formula: "E[S]/(1 - rho)",
    value: psResponse(0.7, 1),
    sd: 0.0091,
    scenario: one(0.7, {
      kind: "batching",
      stepBase: "0ms",
      stepPerSequence: "20ms",
      noise: { exponential: { mean: 1 } },
    }),
  }),
];

const GENERAL_ARRIVALS: readonly Oracle[] = [
  further({
    id: "f-um1",
    model: "U/M/1",
    quantity: "mean_wait_s",
    formula: "sigma/(mu (1 - sigma))",
    value: gim1Wait(TRANSFORM.uniform(2.5), 1),
    sd: 0.012,
    scenario: gaps({ uniform: { min: "0s", max: "2.5s" } }),
  }),
  further({
    id: "f-em1",
    model: "E3/M/1",
    quantity: "mean_wait_s",
    formula: "sigma/(mu (1 - sigma))",
    value: gim1Wait(TRANSFORM.erlang(3, 4 / 3), 1),
    sd: 0.011,
    scenario: gaps({ erlang: { k: 3, mean: `${4000 / 3}ms` } }),
  }),
  further({
    id: "f-hm1",
    model: "H2/M/1",
    quantity: "mean_wait_s",
    formula: "sigma/(mu (1 - sigma))",
    value: gim1Wait(TRANSFORM.hyperexponential([0.8, 0.2], [0.75, 5]), 1),
    sd: 0.01,
    scenario: gaps({ hyperexponential: { p: [0.8, 0.2], means: ["0.75s", "5s"] } }),
  }),
  further({
    id: "f-gm1",
    model: "gamma/M/1, cv 3",
    quantity: "mean_wait_s",
    formula: "sigma/(mu (1 - sigma))",
    value: gim1Wait(TRANSFORM.gamma(2, 3), 1),
    sd: 0.0095,
    scenario: smallScenario({
      arrivals: { gamma: { rate: "0.5/s", cv: 3 } },
      regions: { r1: exponentialSlots(1, 1) },
    }),
  }),
];

/** Two classes whose service times differ through their answers' lengths: 0.5 s and 1 s, constant. */
function twoClasses(): OracleScenario {
  const each = (name: string, rate: string, output: number, priority: number) => ({
    class: name,
    arrivals: { poisson: rate },
    tokens: { input: 10, output, maxTokens: output },
    priority,
  });
  return smallScenario({
    arrivals: { poisson: "0/s" },
    regions: { r1: { kind: "slots", servers: 1, perOutputToken: "5ms", discipline: "priority" } },
    classes: [each("high", "0.6/s", 100, 0), each("low", "0.5/s", 200, 1)],
  });
}

const PRIORITY_WAITS = priorityWaits([
  { lambda: 0.6, meanService: 0.5, secondMoment: 0.25 },
  { lambda: 0.5, meanService: 1, secondMoment: 1 },
]);

const PRIORITIES: readonly Oracle[] = ["high", "low"].map((name, level) =>
  further({
    id: `f-prio-${name}`,
    model: "M/D/1, two classes, non-preemptive priority",
    quantity: `mean_wait_s:${name}`,
    formula: "Cobham",
    value: PRIORITY_WAITS[level]!,
    sd: 0.012,
    scenario: twoClasses(),
  }),
);

export const QUEUES: readonly Oracle[] = [...MARKOV, ...GENERAL_SERVICE, ...GENERAL_ARRIVALS, ...PRIORITIES];
