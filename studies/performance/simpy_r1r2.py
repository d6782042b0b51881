"""The two bench models as a SimPy user would write them: one process per request.

R1: 5 regions of 64 slots with an unbounded FIFO queue each; Poisson arrivals at 72/s (90 % load); lognormal service
    (mean 4 s, cv 1); each request joins the region with the fewest requests waiting or in service, lowest index first.
R2: R1 and a token bucket per region (18,650 tokens/s, burst 120,000). A request reserves its input + 1,200 tokens and
    gives 1,200 - output back when it ends. Too few tokens: it waits U(0,1) x min(20 s, 0.1 s x 2^k) and is routed
    afresh, five attempts in all.

Prints one JSON object: seconds of the simulation itself, mean and p95 of the served requests' latency, counts.
Usage: simpy_r1r2.py r1|r2 REQUESTS SEED
"""

import json
import math
import random
import sys
import time

import simpy

REGIONS = 5
SLOTS = 64
ARRIVALS_PER_S = 72.0
SERVICE_MEAN_S = 4.0
SERVICE_CV = 1.0
BUCKET_FILL_PER_S = 18650.0
BUCKET_BURST = 120000.0
MAX_TOKENS = 1200
INPUT_MEAN = 910.0
OUTPUT_MEAN = 400.0
ATTEMPTS_MAX = 5


def lognormal_parameters(mean, cv):
    sigma2 = math.log(1 + cv * cv)
    return math.log(mean) - sigma2 / 2, math.sqrt(sigma2)


SERVICE_MU, SERVICE_SIGMA = lognormal_parameters(SERVICE_MEAN_S, SERVICE_CV)
INPUT_MU, INPUT_SIGMA = lognormal_parameters(INPUT_MEAN, 1.0)
OUTPUT_MU, OUTPUT_SIGMA = lognormal_parameters(OUTPUT_MEAN, 1.0)


class TokenBucket:
    """Starts full, fills continuously, never above its burst."""

    def __init__(self, env):
        self.env = env
        self.tokens = BUCKET_BURST
        self.at = 0.0

    def fill(self):
        self.tokens = min(BUCKET_BURST, self.tokens + (self.env.now - self.at) * BUCKET_FILL_PER_S)
        self.at = self.env.now

    def take(self, tokens):
        self.fill()
        if self.tokens < tokens:
            return False
        self.tokens -= tokens
        return True

    def give_back(self, tokens):
        self.fill()
        self.tokens = min(BUCKET_BURST, self.tokens + tokens)


def shortest(regions):
    return min(range(REGIONS), key=lambda i: regions[i].count + len(regions[i].queue))


def request_r1(env, regions, rng, latencies):
    arrived = env.now
    service = rng.lognormvariate(SERVICE_MU, SERVICE_SIGMA)
    region = regions[shortest(regions)]
    with region.request() as slot:
        yield slot
        yield env.timeout(service)
    latencies.append(env.now - arrived)


def request_r2(env, regions, buckets, rng, latencies, counts):
    arrived = env.now
    service = rng.lognormvariate(SERVICE_MU, SERVICE_SIGMA)
    tokens_in = max(1, round(rng.lognormvariate(INPUT_MU, INPUT_SIGMA)))
    tokens_out = min(MAX_TOKENS, max(1, round(rng.lognormvariate(OUTPUT_MU, OUTPUT_SIGMA))))
    for attempt in range(ATTEMPTS_MAX):
        counts["attempts"] += 1
        choice = shortest(regions)
        if buckets[choice].take(tokens_in + MAX_TOKENS):
            with regions[choice].request() as slot:
                yield slot
                yield env.timeout(service)
            buckets[choice].give_back(MAX_TOKENS - tokens_out)
            latencies.append(env.now - arrived)
            return
        counts["throttled"] += 1
        if attempt + 1 < ATTEMPTS_MAX:
            yield env.timeout(rng.random() * min(20.0, 0.1 * 2**attempt))
    counts["failed"] += 1


def source(env, requests, rng, start):
    for _ in range(requests):
        yield env.timeout(rng.expovariate(ARRIVALS_PER_S))
        env.process(start())


def main():
    model, requests, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    rng = random.Random(seed)
    env = simpy.Environment()
    regions = [simpy.Resource(env, capacity=SLOTS) for _ in range(REGIONS)]
    latencies = []
    counts = {"attempts": 0, "throttled": 0, "failed": 0}
    if model == "r1":
        counts["attempts"] = requests
        start = lambda: request_r1(env, regions, rng, latencies)  # noqa: E731
    else:
        buckets = [TokenBucket(env) for _ in range(REGIONS)]
        start = lambda: request_r2(env, regions, buckets, rng, latencies, counts)  # noqa: E731
    env.process(source(env, requests, rng, start))
    began, cpu = time.perf_counter(), time.process_time()
    env.run()
    seconds, user = time.perf_counter() - began, time.process_time() - cpu
    latencies.sort()
    print(
        json.dumps(
            {
                "seconds": seconds,
                "userSeconds": user,
                "requests": requests,
                "meanMs": 1000 * math.fsum(latencies) / len(latencies),
                "p95Ms": 1000 * latencies[math.ceil(0.95 * len(latencies)) - 1],
                "throttledShare": counts["throttled"] / counts["attempts"],
                "failedShare": counts["failed"] / requests,
                "version": simpy.__version__,
            }
        )
    )


if __name__ == "__main__":
    main()
