"""Model R3, the full model of r3.yaml, as a SimPy user would write it: one process per request and per attempt.

Five regions with network, continuous batching, quotas by the clock minute, retries, time-outs, hourly prices and a
router that sends to the fewest in flight (lo) or to the cheapest within 12 s (cw). Times in ms.

Prints one JSON object: seconds of the simulation itself, latencies and cost of the served requests, counts.
Usage: simpy_r3.py lo|cw REQUESTS SEED [LOAD]
"""

import heapq
import json
import math
import random
import sys
import time
from collections import deque

import simpy

RATE_PER_S = 9.0
AMPLITUDE = 0.6
PEAK_AT_H = 20.0
INPUT_MEAN, INPUT_CV = 1200.0, 1.2
OUTPUT_MEAN, OUTPUT_CV = 220.0, 1.0
MAX_TOKENS = 1000
ORIGIN_SHARES = [0.5, 0.3, 0.2]
RTT_MS = [[12, 66, 72, 226, 158], [96, 152, 34, 168, 232], [164, 104, 208, 74, 12]]
JITTER_CV = 0.1
UTC_OFFSET_H = [-5, -8, 0, 8, 9]
TOKENS_PER_MINUTE = [1600000, 900000, 900000, 400000, 900000]
STEP_BASE_MS, STEP_EACH_MS = 9.0, 0.11
PREFILL_BASE_MS, PREFILL_EACH_MS = 600.0, 0.25
NOISE_CV = 0.25
BATCH_MAX = 96
QUEUE_DELAY_MAX_MS = 20000.0
BACKGROUND_MEAN, BACKGROUND_SWING, PEAK_LOCAL_H = 90.0, 0.55, 15.0
ATTEMPT_LIMIT_MS = 60000.0
ATTEMPTS_MAX = 3
P95_CEILING_MS = 12000.0
PRICE_IN, PRICE_OUT, PEAK_TO_TROUGH = 3.0, 15.0, 1.31
MINUTE, HOUR = 60000.0, 3600000.0
REGIONS = range(5)


def lognormal_parameters(mean, cv):
    sigma2 = math.log(1 + cv * cv)
    return math.log(mean) - sigma2 / 2, math.sqrt(sigma2)


INPUT_LAW = lognormal_parameters(INPUT_MEAN, INPUT_CV)
OUTPUT_LAW = lognormal_parameters(OUTPUT_MEAN, OUTPUT_CV)
JITTER_LAW = lognormal_parameters(1.0, JITTER_CV)
NOISE_LAW = lognormal_parameters(1.0, NOISE_CV)


class Batch:
    """One region: its quota, its line and its batch, whose virtual time counts steps."""

    def __init__(self, env, index):
        self.env, self.index = env, index
        self.minute, self.used = -1, 0.0
        self.units, self.unit_ms, self.since = 0.0, 1.0, 0.0
        self.marks, self.serial, self.version = [], 0, 0
        self.decoding, self.in_service, self.background = 0, 0, 0.0
        self.line, self.waiting_steps = deque(), 0.0
        env.process(self.tenants())

    def tenants(self):
        while True:
            hour = self.env.now / HOUR + UTC_OFFSET_H[self.index]
            self.synchronise()
            shape = 1 + BACKGROUND_SWING * math.cos(2 * math.pi * (hour - PEAK_LOCAL_H) / 24)
            self.background = BACKGROUND_MEAN * shape
            self.change_pace()
            yield self.env.timeout(MINUTE)

    def synchronise(self):
        if self.decoding > 0:
            self.units += (self.env.now - self.since) / self.unit_ms
        self.since = self.env.now

    def change_pace(self):
        self.unit_ms = STEP_BASE_MS + STEP_EACH_MS * (self.decoding + self.background)
        self.version += 1
        if self.marks:
            version = self.version
            wake = self.env.timeout(max(0.0, self.marks[0][0] - self.units) * self.unit_ms)
            wake.callbacks.append(lambda _event: self.reach(version))

    def reach(self, version):
        if version != self.version:
            return
        self.synchronise()
        units, _, event = heapq.heappop(self.marks)
        self.units = max(units, self.units)
        event.succeed()
        self.change_pace()

    def decode(self, steps):
        """An event that is due when the batch has made so many steps."""
        event = self.env.event()
        self.synchronise()
        self.serial += 1
        heapq.heappush(self.marks, (self.units + steps, self.serial, event))
        return event

    def admits(self, tokens):
        minute = int(self.env.now // MINUTE)
        if minute != self.minute:
            self.minute, self.used = minute, 0.0
        if self.used + tokens > TOKENS_PER_MINUTE[self.index]:
            return False
        self.used += tokens
        return True

    def give_back(self, minute, tokens):
        if minute == int(self.env.now // MINUTE):
            self.used = max(0.0, self.used - tokens)

    def serve(self, tokens_in, tokens_out, noise):
        """Waits for its turn and for its tokens; returns the time of its first token, None for a 503."""
        work = tokens_out * noise
        if self.line or self.in_service >= BATCH_MAX:
            step = STEP_BASE_MS + STEP_EACH_MS * (BATCH_MAX + self.background)
            if self.waiting_steps * step / BATCH_MAX > QUEUE_DELAY_MAX_MS:
                return None
            turn = self.env.event()
            self.line.append(turn)
            self.waiting_steps += work
            yield turn
            self.waiting_steps -= work
        else:
            self.in_service += 1
        yield self.env.timeout((PREFILL_BASE_MS + PREFILL_EACH_MS * tokens_in) * noise)
        first = self.decode(noise)
        self.decoding += 1
        self.change_pace()
        yield first
        first_ms = self.env.now
        if tokens_out > 1:
            last = self.decode((tokens_out - 1) * noise)
            self.change_pace()
            yield last
        self.synchronise()
        self.decoding -= 1
        if self.line:
            self.line.popleft().succeed()
        else:
            self.in_service -= 1
        self.change_pace()
        return first_ms


class Quantile:
    """Weighted p95 whose old observations fade, over 16 buckets an octave."""

    def __init__(self):
        self.weights, self.each, self.value = {}, 1.0, None

    def observe(self, ms, keep):
        if keep == 0:
            self.weights, self.each = {}, 1.0
        else:
            self.each /= keep
        bucket = max(0, math.floor((math.log2(max(ms, 1e-9)) + 2) * 16))
        self.weights[bucket] = self.weights.get(bucket, 0.0) + self.each
        if self.each > 1e100:
            self.weights = {b: w / self.each for b, w in self.weights.items()}
            self.each = 1.0
        goal = 0.95 * sum(self.weights.values())
        below = 0.0
        for bucket in sorted(self.weights):
            weight = self.weights[bucket]
            if below + weight >= goal:
                self.value = 2 ** ((bucket + (goal - below) / weight) / 16 - 2)
                return
            below += weight


def keep_after(gap_ms):
    return 0.0 if gap_ms > MINUTE else math.exp(-min(gap_ms / MINUTE, 1 / 50))


class Router:
    """Counts what is in flight; under cw it learns failure shares and the p95 of each region."""

    def __init__(self, env, learns):
        self.env, self.learns = env, learns
        self.in_flight = [0] * 5
        self.last, self.weight, self.failures = [-math.inf] * 5, [0.0] * 5, [0.0] * 5
        self.last_latency, self.p95 = [-math.inf] * 5, [Quantile() for _ in REGIONS]
        self.bucket = 500.0

    def choose(self, origin, tokens, previous):
        if not self.learns:
            return min(REGIONS, key=lambda r: self.in_flight[r])
        rtt = RTT_MS[origin]
        fit = [r for r in REGIONS if r != previous and self.qualifies(r, rtt[r])]
        if fit:
            prices = prices_at(self.env.now)
            cost = lambda r: tokens * prices[r][0] + MAX_TOKENS * prices[r][1]  # noqa: E731
            return min(fit, key=lambda r: (cost(r), rtt[r], r))
        known = [r for r in REGIONS if r != previous and self.p95[r].value is not None]
        if known:
            return min(known, key=lambda r: self.p95[r].value + rtt[r])
        return min((r for r in REGIONS if r != previous), key=lambda r: self.in_flight[r])

    def qualifies(self, r, rtt):
        if self.env.now - self.last[r] > MINUTE:
            return self.in_flight[r] < 2
        if self.failures[r] > 0.1:
            return False
        value = self.p95[r].value
        return self.in_flight[r] < 2 if value is None else value + rtt <= P95_CEILING_MS

    def learn(self, r, kind, ms):
        self.in_flight[r] -= 1
        if not self.learns:
            return
        now = self.env.now
        self.weight[r] = self.weight[r] * keep_after(now - self.last[r]) + 1
        self.failures[r] += ((kind != "ok") - self.failures[r]) / self.weight[r]
        self.last[r] = now
        if kind in ("ok", "timeout"):
            self.p95[r].observe(ms, keep_after(now - self.last_latency[r]))
            self.last_latency[r] = now


PRICES = {}


def prices_at(now):
    hour = int(now // HOUR)
    if hour not in PRICES:
        swing = (PEAK_TO_TROUGH - 1) / (PEAK_TO_TROUGH + 1)
        shape = [
            1 + swing * math.cos(2 * math.pi * ((hour + UTC_OFFSET_H[r]) % 24 - PEAK_LOCAL_H) / 24) for r in REGIONS
        ]
        PRICES[hour] = [(round(PRICE_IN * f, 9), round(PRICE_OUT * f, 9)) for f in shape]
    return PRICES[hour]


class Model:
    def __init__(self, learns, seed, load):
        self.rng = random.Random(seed)
        self.env = simpy.Environment()
        self.regions = [Batch(self.env, r) for r in REGIONS]
        self.router = Router(self.env, learns)
        self.load = load
        self.latencies, self.firsts, self.bill = [], [], 0.0
        self.counts = {"attempts": 0, "throttled": 0, "unavailable": 0, "timeout": 0, "failed": 0}
        self.left = 0
        self.done = self.env.event()

    def one_way(self, origin, region):
        return self.env.timeout(RTT_MS[origin][region] / 2 * self.rng.lognormvariate(*JITTER_LAW))

    def attempt(self, call, r):
        """A process: there, served or refused, and back; returns what the caller is told."""
        env, region = self.env, self.regions[r]
        yield self.one_way(call["origin"], r)
        price_in, price_out = prices_at(env.now)[r]
        reserved = call["input"] + MAX_TOKENS
        if not region.admits(reserved):
            kind, first, ended = "throttled", None, None
        else:
            minute = region.minute
            first = yield from region.serve(call["input"], call["output"], self.rng.lognormvariate(*NOISE_LAW))
            ended = env.now
            if first is None:
                region.give_back(minute, reserved)
                kind = "unavailable"
            else:
                region.give_back(minute, MAX_TOKENS - call["output"])
                self.bill += (call["input"] * price_in + call["output"] * price_out) / 1e6
                kind = "ok"
        yield self.one_way(call["origin"], r)
        return kind, first, ended

    def request(self, arrived):
        env, rng, router = self.env, self.rng, self.router
        call = {
            "input": max(1, round(rng.lognormvariate(*INPUT_LAW))),
            "output": min(MAX_TOKENS, max(1, round(rng.lognormvariate(*OUTPUT_LAW)))),
            "origin": rng.choices(range(3), ORIGIN_SHARES)[0],
        }
        previous, last_cost = None, 0
        for i in range(ATTEMPTS_MAX):
            r = router.choose(call["origin"], call["input"], previous)
            previous, sent = r, env.now
            router.in_flight[r] += 1
            self.counts["attempts"] += 1
            attempt, limit = env.process(self.attempt(call, r)), env.timeout(ATTEMPT_LIMIT_MS)
            yield attempt | limit
            kind, first, ended = attempt.value if attempt.processed else ("timeout", None, None)
            router.learn(r, kind, env.now - sent - RTT_MS[call["origin"]][r])
            if kind == "ok":
                router.bucket = min(500.0, router.bucket + (last_cost or 1))
                self.latencies.append(env.now - arrived)
                self.firsts.append(env.now - arrived - (ended - first))
                break
            self.counts[kind] += 1
            cost = 5 if kind == "throttled" else 14
            if i + 1 == ATTEMPTS_MAX or cost > router.bucket:
                self.counts["failed"] += 1
                break
            router.bucket -= cost
            last_cost = cost
            yield env.timeout(rng.random() * min((1000.0 if kind == "throttled" else 50.0) * 2**i, 20000.0))
        self.left -= 1
        if self.left == 0:
            self.done.succeed()

    def source(self, requests):
        peak = RATE_PER_S * self.load * (1 + AMPLITUDE) / 1000
        for _ in range(requests):
            while True:
                yield self.env.timeout(self.rng.expovariate(peak))
                rate = 1 + AMPLITUDE * math.cos(2 * math.pi * (self.env.now / HOUR - PEAK_AT_H) / 24)
                if self.rng.random() * (1 + AMPLITUDE) < rate:
                    break
            self.env.process(self.request(self.env.now))


def main():
    mode, requests, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    model = Model(mode == "cw", seed, float(sys.argv[4]) if len(sys.argv) > 4 else 1.0)
    model.left = requests
    model.env.process(model.source(requests))
    began, cpu = time.perf_counter(), time.process_time()
    model.env.run(model.done)
    seconds, user = time.perf_counter() - began, time.process_time() - cpu
    latencies, firsts, counts = sorted(model.latencies), sorted(model.firsts), model.counts
    at = lambda values, p: values[math.ceil(p * len(values)) - 1]  # noqa: E731
    print(
        json.dumps(
            {
                "seconds": seconds,
                "userSeconds": user,
                "requests": requests,
                "meanMs": math.fsum(latencies) / len(latencies),
                "p95Ms": at(latencies, 0.95),
                "p99Ms": at(latencies, 0.99),
                "ttftP95Ms": at(firsts, 0.95),
                "throttledShare": counts["throttled"] / counts["attempts"],
                "failedShare": counts["failed"] / requests,
                "usdPer1kServed": 1000 * model.bill / len(latencies),
                "unavailable": counts["unavailable"],
                "timeouts": counts["timeout"],
                "version": simpy.__version__,
            }
        )
    )


if __name__ == "__main__":
    main()
