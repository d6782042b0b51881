/** Rows of several stations: routing, failover, networks, and stations without a limit. */
import {
  failoverShares,
  feedbackResponse,
  gim1Wait,
  powerOfD,
  retrialWait,
  shortestOfTwo,
  sinusoidLoad,
  TRANSFORM,
  tandemResponse,
} from "../formulas.ts";
import {
  type Capacity,
  exponentialSlots,
  further,
  type Oracle,
  perSecond,
  type SmallWorld,
  smallScenario,
} from "../oracle.ts";
import { failover } from "../reference.ts";

function regions(count: number, capacity: Capacity): Readonly<Record<string, Capacity>> {
  return Object.fromEntries([...Array(count).keys()].map((i) => [`r${i + 1}`, capacity]));
}

function routed(rate: number, servers: SmallWorld["regions"], strategy: unknown): SmallWorld {
  return {
    arrivals: { poisson: perSecond(rate) },
    regions: servers,
    strategy: strategy as NonNullable<SmallWorld["strategy"]>,
  };
}

/** Mean-field rows state the limit of infinitely many servers. */
const MEAN_FIELD_FLOOR = 0.03;

const ROUTING: readonly Oracle[] = [
  further({
    id: "f-jsq2",
    model: "join the shortest of 2",
    quantity: "mean_response_s",
    formula: "two-dimensional chain",
    value: shortestOfTwo(1.2, 1),
    sd: 0.0036,
    scenario: smallScenario(
      routed(1.2, regions(2, exponentialSlots(1, 1)), { "least-outstanding": { ties: "random" } }),
    ),
  }),
  further({
    id: "f-p2c-70",
    model: "power of two, mean field",
    quantity: "mean_response_s",
    formula: "sum rho^(2^i - 2)",
    value: powerOfD(2, 0.7),
    sd: 0.0029,
    floor: MEAN_FIELD_FLOOR,
    scenario: smallScenario(routed(70, regions(100, exponentialSlots(1, 1)), { "power-of-two": { d: 2 } })),
  }),
  further({
    id: "f-p3c-80",
    model: "power of three, mean field",
    quantity: "mean_response_s",
    formula: "sum rho^((3^i - 3)/2)",
    value: powerOfD(3, 0.8),
    sd: 0.0049,
    floor: MEAN_FIELD_FLOOR,
    scenario: smallScenario(routed(80, regions(100, exponentialSlots(1, 1)), { "power-of-two": { d: 3 } })),
  }),
  further({
    id: "f-rr3",
    model: "round robin over 3 = E3/M/1",
    quantity: "mean_wait_s",
    formula: "sigma/(mu (1 - sigma))",
    value: gim1Wait(TRANSFORM.erlang(3, 1.25), 1),
    sd: 0.014,
    scenario: smallScenario(routed(2.4, regions(3, exponentialSlots(1, 1)), "round-robin")),
  }),
  further({
    id: "f-split3",
    model: "weighted split over three M/M/1",
    quantity: "mean_response_s",
    formula: "sum w_i/(mu_i - w_i lambda)",
    value: 0.5 / (4 - 2.5) + 0.3 / (2.5 - 1.5) + 0.2 / (2 - 1),
    sd: 0.0063,
    scenario: smallScenario(
      routed(
        5,
        { r1: exponentialSlots(1, 0.25), r2: exponentialSlots(1, 0.4), r3: exponentialSlots(1, 0.5) },
        { weighted: { weights: { r1: 50, r2: 30, r3: 20 } } },
      ),
    ),
  }),
];

const THREE = failoverShares([6, 4, 3], 8);

function failover3(): SmallWorld {
  const loss = (servers: number) => exponentialSlots(servers, 2, { waitingRoom: 0 });
  const strategy = { priority: { targets: ["r1", "r2", "r3"], cooldown: "0s" } };
  return { ...routed(4, { r1: loss(6), r2: loss(4), r3: loss(3) }, strategy), client: failover(3) };
}

const FAILOVER: readonly Oracle[] = [
  further({
    id: "f-failover3-share",
    model: "failover over 6, 4 and 3 servers",
    quantity: "share_served_by_r3",
    formula: "B(10, a) - B(13, a)",
    value: THREE.served[2]!,
    sd: 0.011,
    scenario: smallScenario(failover3()),
  }),
  further({
    id: "f-failover3-lost",
    model: "failover over 6, 4 and 3 servers",
    quantity: "rejected_fraction",
    formula: "B(13, a)",
    value: THREE.lost,
    sd: 0.012,
    scenario: smallScenario(failover3()),
  }),
];

const NETWORKS: readonly Oracle[] = [
  further({
    id: "f-tandem3",
    model: "Jackson tandem M/M/1, M/M/2, M/M/3",
    quantity: "mean_response_s",
    formula: "sum of the stations' means",
    value: tandemResponse(1.5, [
      { servers: 1, meanService: 0.4 },
      { servers: 2, meanService: 0.8 },
      { servers: 3, meanService: 1.4 },
    ]),
    sd: 0.0041,
    scenario: smallScenario({
      arrivals: { poisson: "1.5/s" },
      gateways: [exponentialSlots(1, 0.4), exponentialSlots(2, 0.8)],
      regions: { r1: exponentialSlots(3, 1.4) },
    }),
  }),
  further({
    id: "f-feedback",
    model: "M/M/1 whose calls come back with chance .3 (Jackson)",
    quantity: "mean_response_s",
    formula: "rho/((1 - rho) lambda), rho = lambda E[S]/(1 - p)",
    value: feedbackResponse(0.5, 1, 0.3),
    sd: 0.0082,
    scenario: smallScenario({
      arrivals: { poisson: "0.5/s" },
      regions: { r1: exponentialSlots(1, 1) },
      errors: 0.3,
      // Without limit and without pause is refused, since a lost region would make it endless; .3^1000 is 0.
      client: { retry: { custom: { on: ["error"], maxAttempts: 1000, backoff: "0s" } } },
    }),
  }),
  further({
    id: "f-retrial",
    model: "M/M/1/1 retrial",
    quantity: "mean_wait_s",
    formula: "[rho/(1 - rho)](lambda/theta + rho)/lambda",
    value: retrialWait(0.4, 1, 2),
    sd: 0.0069,
    scenario: smallScenario({
      arrivals: { poisson: "0.4/s" },
      regions: { r1: exponentialSlots(1, 1, { waitingRoom: 0 }) },
      client: {
        retry: {
          custom: { on: ["unavailable"], maxAttempts: "unlimited", backoff: { exponential: { mean: "0.5s" } } },
        },
      },
    }),
  }),
];

const HOUR_S = 3600;

const INFINITE_SERVERS: readonly Oracle[] = [
  further({
    id: "f-mginf-erlang",
    model: "M/E2/infinity",
    quantity: "mean_concurrency",
    formula: "lambda E[S]",
    value: 40,
    sd: 0.0016,
    scenario: smallScenario({
      arrivals: { poisson: "10/s" },
      regions: { r1: { kind: "slots", servers: "unlimited", service: { erlang: { k: 2, mean: "4s" } } } },
    }),
  }),
  further({
    id: "f-mtminf",
    model: "Mt/M/infinity, sinusoidal arrivals: the sixth hour",
    quantity: "mean_concurrency",
    formula: "m' = rate(t) - mu m, m(0) = 0, averaged over the hour",
    value: sinusoidLoad({ rate: 5, amplitude: 0.6, period: 24 * HOUR_S, peak: 3 * HOUR_S }, 1 / HOUR_S, 18_000, 21_600),
    // Four replications of one hour, correlated over an hour: 4 standard errors are 1 %.
    sd: 0,
    floor: 0.01,
    scenario: smallScenario({
      arrivals: { sinusoid: { rate: "5/s", amplitude: 0.6, period: "24h", peakAt: "3h" } },
      regions: { r1: { kind: "slots", servers: "unlimited", service: { exponential: { mean: "1h" } } } },
      run: { duration: "6h", warmup: "5h", replications: 4 },
    }),
  }),
];

export const ROUTED: readonly Oracle[] = [...ROUTING, ...FAILOVER, ...NETWORKS, ...INFINITE_SERVERS];
