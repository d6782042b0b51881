"""Decisions of LiteLLM's own routing strategies on one stream of events, as JSON on stdout.

    pip install litellm==1.109.1
    python studies/litellm/vectors.py > test/simulator/strategies/litellm/vectors.json

A fake clock and a fake source of chance stand in for the package's: a choice at random among equals takes the one at
position floor(u * n) in the order of their names. test/simulator/strategies/litellm.test.ts replays the same events.
"""

import asyncio
import datetime as real
import json
import os
import random
import time

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"

import litellm  # noqa: E402
from litellm.caching.caching import DualCache
from litellm.router_strategy import least_busy, lowest_cost, lowest_latency, lowest_tpm_rpm_v2

CLOCK = {"s": 1_700_000_040.0}  # a whole minute


class FakeDatetime(real.datetime):
    @classmethod
    def now(cls, tz=None):
        return real.datetime.fromtimestamp(CLOCK["s"], tz or real.timezone.utc)


time.time = lambda: CLOCK["s"]
lowest_latency.datetime = FakeDatetime
lowest_cost.datetime = FakeDatetime
lowest_tpm_rpm_v2.get_utc_datetime = lambda: FakeDatetime.now(real.timezone.utc)

UNIFORM = {"u": 0.0}


def name_of(item):
    deployment = item[0] if isinstance(item, tuple) else item
    return deployment["model_info"]["id"]


def choose(items):
    ordered = sorted(items, key=name_of)
    return ordered[int(UNIFORM["u"] * len(ordered))]


random.choice = choose
random.sample = lambda items, n: list(items)

GROUP = "sonnet"
PRICES = [(3e-6, 15e-6), (2e-6, 16e-6), (3e-6, 15e-6), (4e-6, 20e-6)]
TPM = [9_000, 12_000, None, 12_000]
RPM = [None, 12, 20, 16]


def deployments():
    return [
        {
            "model_name": GROUP,
            "litellm_params": {
                "model": f"bedrock/m{i}",
                "input_cost_per_token": PRICES[i][0],
                "output_cost_per_token": PRICES[i][1],
                **({} if TPM[i] is None else {"tpm": TPM[i]}),
                **({} if RPM[i] is None else {"rpm": RPM[i]}),
            },
            "model_info": {"id": f"t{i}"},
        }
        for i in range(4)
    ]


def kwargs_of(target, stream):
    return {
        "litellm_params": {
            "metadata": {"model_group": GROUP, "deployment": f"bedrock/m{target}"},
            "model_info": {"id": f"t{target}"},
            "model": f"bedrock/m{target}",
        },
        "standard_logging_object": {"model_group": GROUP, "model_id": f"t{target}", "hidden_params": {"litellm_model_name": f"bedrock/m{target}"}},
        "stream": stream,
    }


def response(input_tokens, output_tokens):
    return litellm.ModelResponse(
        usage=litellm.Usage(
            prompt_tokens=input_tokens, completion_tokens=output_tokens, total_tokens=input_tokens + output_tokens
        )
    )


def handler_of(routing, cache):
    if routing == "least-busy":
        return least_busy.LeastBusyLoggingHandler(router_cache=cache)
    if routing == "usage-based-routing-v2":
        return lowest_tpm_rpm_v2.LowestTPMLoggingHandler_v2(router_cache=cache, routing_args={})
    if routing == "latency-based-routing":
        return lowest_latency.LowestLatencyLoggingHandler(cache, {"lowest_latency_buffer": 0.1})
    return lowest_cost.LowestCostLoggingHandler(cache)


async def play(routing, stream, seed, steps=160):
    CLOCK["s"] = 1_700_000_040.0
    begin = CLOCK["s"]
    source = random.Random(seed)
    cache = DualCache()
    handler = handler_of(routing, cache)
    for module in (lowest_latency, lowest_cost, lowest_tpm_rpm_v2):
        module.token_counter = lambda messages=None, text=None: int(text)
    flights, events = [], []
    for _ in range(steps):
        CLOCK["s"] += source.choice([0.2, 0.5, 1.0, 3.0, 8.0])
        if flights and source.random() < 0.5:
            flight = flights.pop(source.randrange(len(flights)))
            kind = source.choices(["ok", "timeout", "error"], weights=[16, 1, 1])[0]
            output = source.randrange(20, 400)
            took = CLOCK["s"] - flight["s"]
            start = FakeDatetime.now(real.timezone.utc) - real.timedelta(seconds=took)
            end = FakeDatetime.now(real.timezone.utc)
            kwargs = kwargs_of(flight["target"], stream)
            kwargs["completion_start_time"] = start + real.timedelta(seconds=took / 4)
            if kind == "ok":
                kwargs["standard_logging_object"]["total_tokens"] = flight["input"] + output
                await handler.async_log_success_event(kwargs, response(flight["input"], output), start, end)
            else:
                if kind == "timeout":
                    kwargs["exception"] = litellm.Timeout("late", "m", "bedrock")
                else:
                    kwargs["exception"] = litellm.InternalServerError("broken", "bedrock", "m")
                await handler.async_log_failure_event(kwargs, None, start, end)
            events.append(
                {"at": round(CLOCK["s"] - begin, 3), "end": flight["id"], "kind": kind, "output": output, "target": flight["target"]}
            )
            continue
        UNIFORM["u"] = source.random()
        asked = source.randrange(100, 900)
        healthy = [d for d in deployments() if source.random() < 0.85] or deployments()
        call = {"model_group": GROUP, "healthy_deployments": healthy}
        if routing != "least-busy":
            call["input"] = str(asked)
        if routing == "latency-based-routing":
            call["request_kwargs"] = {"stream": stream, "metadata": {}}
        try:
            chosen = await handler.async_get_available_deployments(**call)
        except Exception:
            chosen = None
        target = None if chosen is None else int(chosen["model_info"]["id"][1:])
        number = len(events)
        events.append(
            {
                "at": round(CLOCK["s"] - begin, 3),
                "ask": number,
                "input": asked,
                "u": UNIFORM["u"],
                "healthy": [int(d["model_info"]["id"][1:]) for d in healthy],
                "chosen": target,
            }
        )
        if target is None:
            continue
        if routing == "least-busy":
            handler.log_pre_api_call("m", [], kwargs_of(target, stream))
        if routing == "usage-based-routing-v2":
            key = f"t{target}:bedrock/m{target}:rpm:{FakeDatetime.now(real.timezone.utc).strftime('%H-%M')}"
            await cache.async_increment_cache(key=key, value=1, ttl=60)
        flights.append({"id": number, "target": target, "input": asked, "s": CLOCK["s"]})
    return events


async def main():
    runs = []
    for routing, stream in [
        ("least-busy", False),
        ("usage-based-routing-v2", False),
        ("latency-based-routing", False),
        ("latency-based-routing", True),
        ("cost-based-routing", False),
    ]:
        for seed in (1, 2):
            runs.append({"routing": routing, "stream": stream, "events": await play(routing, stream, seed)})
    document = {
        "litellm": "1.109.1",
        "prices": [[1e6 * a, 1e6 * b] for a, b in PRICES],
        "tpm": [0 if t is None else t for t in TPM],
        "rpm": [0 if r is None else r for r in RPM],
        "runs": runs,
    }
    print(json.dumps(document, separators=(",", ":")))


asyncio.run(main())
