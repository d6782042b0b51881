"""What LiteLLM's own Router does with failures, as JSON on stdout: cooldowns, retries, waits, fallbacks, and the
probabilities of simple-shuffle.

    pip install litellm==1.109.1
    python studies/litellm/router_vectors.py > test/simulator/strategies/litellm/router.json

A fake clock, a fake source of chance and a provider whose answers are scripted stand in for the package's own; nothing
leaves the process. A draw at random takes what its uniform number falls on, in the order of the deployments' names.
test/simulator/strategies/litellm-router.test.ts replays the same requests.
"""

import asyncio
import json
import os
import random
import time
from importlib.metadata import version

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"

import httpx  # noqa: E402
import litellm
from litellm.router_python_host import PythonHost
from litellm.router_strategy import simple_shuffle

litellm.suppress_debug_info = True
CLOCK = {"s": 1_700_000_040.0}
BEGIN = CLOCK["s"]
real_sleep = asyncio.sleep
time.time = lambda: CLOCK["s"]

CHANCE = {"source": random.Random(0), "u": 0.0}
LOG = []


def draw(items, weights):
    ordered = sorted(zip(items, weights), key=lambda pair: pair[0]["model_info"]["id"])
    CHANCE["u"] = CHANCE["source"].random()
    left = CHANCE["u"] * sum(weight for _, weight in ordered)
    for item, weight in ordered:
        if left < weight:
            return item
        left -= weight
    return ordered[-1][0]


def jitter():
    CHANCE["jitter"] = CHANCE["source"].random()
    return CHANCE["jitter"]


async def sleep(self, seconds):
    LOG[-1].update(waitS=seconds, jitter=CHANCE.get("jitter", 0.0))
    await settle()
    CLOCK["s"] += seconds


PythonHost.sleep = sleep


class Provider(litellm.CustomLLM):
    """Answers by a plan: what a deployment does from one instant to the next."""

    plan = None

    async def acompletion(self, model, *args, **kwargs):
        target = int(model.rsplit("m", 1)[1])
        kind, hint_s = self.plan(target, CLOCK["s"] - BEGIN)
        started = CLOCK["s"] - BEGIN
        CLOCK["s"] += 0.25
        LOG.append({"at": started, "end": CLOCK["s"] - BEGIN, "target": target, "kind": kind, "hintS": hint_s, "u": CHANCE["u"]})
        CHANCE.pop("jitter", None)
        headers = {} if hint_s == 0 else {"retry-after": str(hint_s)}

        def answer(status):
            return httpx.Response(status, headers=headers, request=httpx.Request("POST", "http://localhost"))

        if kind == "throttled":
            raise litellm.RateLimitError("busy", "fake", model, response=answer(429))
        if kind == "unavailable":
            raise litellm.ServiceUnavailableError("down", "fake", model, response=answer(503))
        if kind == "error":
            raise litellm.InternalServerError("broken", "fake", model, response=answer(500))
        if kind == "timeout":
            raise litellm.Timeout("late", model, "fake")
        usage = litellm.Usage(prompt_tokens=1, completion_tokens=1, total_tokens=2)
        return litellm.ModelResponse(choices=[{"message": {"role": "assistant", "content": "x"}}], usage=usage)


provider = Provider()
litellm.custom_provider_map = [{"provider": "fake", "custom_handler": provider}]


def router_of(groups, **settings):
    deployments = [
        {"model_name": name, "litellm_params": {"model": f"fake/m{t}"}, "model_info": {"id": f"t{t}"}}
        for name, targets in groups.items()
        for t in targets
    ]
    return litellm.Router(model_list=deployments, **settings)


def outages(source, deployments, hints, shares):
    """Ten stretches of a minute; in each a deployment refuses, fails or stalls with one of the probabilities."""
    states = [
        [(source.choice(["throttled", "unavailable", "error", "timeout"]), source.choice(shares)) for _ in range(deployments)]
        for _ in range(10)
    ]

    def plan(target, at):
        kind, share = states[int(at / 60) % len(states)][target]
        if source.random() >= share:
            return "ok", 0
        return kind, source.choice(hints) if kind == "throttled" else 0

    return plan


async def settle():
    """Outcomes are counted by workers of the package's: give them their turns while the clock stands."""
    for _ in range(20):
        await real_sleep(0.001)


def chain_of(setting, names):
    """The groups behind the first, as the settings `fallbacks` and `default_fallbacks` have them."""
    return names[1:] if setting == "default_fallbacks" else [{names[0]: names[1:]}]


async def play(case, requests=30):
    CLOCK["s"] = BEGIN
    source = random.Random(case["seed"])
    CHANCE["source"] = random.Random(case["seed"] + 1_000)
    provider.plan = outages(source, case["deployments"], case["hints"], case.get("shares", [0, 0, 0.3, 0.7, 1]))
    groups = case.get("groups", [list(range(case["deployments"]))])
    names = [f"g{i}" for i in range(len(groups))]
    chain = {case.get("chain", "fallbacks"): chain_of(case.get("chain"), names)} if len(groups) > 1 else {}
    router = router_of(dict(zip(names, groups)), **chain, **case["settings"])
    played = []
    for _ in range(requests):
        CLOCK["s"] += source.choice([0.05, 0.25, 1.0, 4.0, 9.0])
        LOG.clear()
        at = CLOCK["s"] - BEGIN
        try:
            await router.acompletion("g0", [{"role": "user", "content": "x"}])
            end = "ok"
        except Exception as error:
            end = "unavailable" if "No deployments available" in str(error) else "failed"
        await settle()
        attempts = [
            {key: round(value, 6) if key in ("at", "end") else value for key, value in attempt.items()} for attempt in LOG
        ]
        played.append({"at": round(at, 6), "end": end, "attempts": attempts})
    return {**case, "requests": played}


def shuffled(params, healthy):
    """The probabilities that the package gives the deployments."""
    deployments = [
        {"model_name": "g", "litellm_params": {"model": f"fake/m{t}", **params[t]}, "model_info": {"id": f"t{t}"}} for t in healthy
    ]
    taken = {}

    def choices(items, weights):
        taken.update(zip((d["model_info"]["id"] for d in items), weights))
        return [items[0]]

    def choice(items):
        taken.update((d["model_info"]["id"], 1) for d in items)
        return items[0]

    kept = random.choices, random.choice
    random.choices, random.choice = choices, choice
    simple_shuffle.simple_shuffle(lambda model: None, deployments, "g", {})
    random.choices, random.choice = kept
    total = sum(taken.values())
    return {"params": params, "healthy": healthy, "probabilities": [taken.get(f"t{t}", 0) / total for t in range(len(params))]}


SHUFFLES = [
    ([{}, {}, {}, {}], [0, 1, 2, 3]),
    ([{}, {}, {}, {}], [1, 3]),
    ([{"weight": 1}, {"weight": 3}, {}, {"weight": 6}], [0, 1, 2, 3]),
    ([{"weight": 1}, {"weight": 3}, {}, {"weight": 6}], [0, 2]),
    ([{"weight": 1}, {}, {"rpm": 30}, {"rpm": 90}], [0, 1, 2, 3]),
    ([{"weight": 1}, {}, {"rpm": 30}, {"rpm": 90}], [1, 2, 3]),
    ([{"rpm": 100}, {"rpm": 300}, {"tpm": 5000}, {"tpm": 15000}], [0, 1, 2, 3]),
    ([{"rpm": 100}, {"rpm": 300}, {"tpm": 5000}, {"tpm": 15000}], [2, 3]),
    ([{"tpm": 4000}, {"tpm": 1000}, {"tpm": 0}, {}], [0, 1, 2, 3]),
    ([{"tpm": 4000}, {"tpm": 1000}, {"tpm": 0}, {}], [2, 3]),
    ([{"weight": 0}, {"weight": 0}, {"rpm": 7}, {"tpm": 9}], [0, 1, 2, 3]),
    ([{"weight": 0.2, "rpm": 9}, {"weight": 0.7, "rpm": 1}, {"rpm": 5}, {}], [0, 1, 2, 3]),
]

CASES = [
    {"deployments": 1, "settings": {}},
    {"deployments": 1, "settings": {"num_retries": 4, "retry_after": 3}},
    {"deployments": 1, "settings": {"num_retries": 6, "allowed_fails": 1}},
    {"deployments": 2, "settings": {}},
    {"deployments": 2, "settings": {"num_retries": 0, "cooldown_time": 30}},
    {"deployments": 4, "settings": {}},
    {"deployments": 4, "settings": {"num_retries": 5, "cooldown_time": 20}},
    {"deployments": 4, "settings": {"allowed_fails": 2, "cooldown_time": 10}},
    {"deployments": 4, "settings": {"allowed_fails": 0}},
]


FALLBACKS = [
    {"groups": [[0], [1]], "settings": {}},
    {"groups": [[0], [1]], "settings": {"num_retries": 0}},
    {"groups": [[0, 1], [2, 3]], "settings": {}},
    {"groups": [[0, 1], [2, 3]], "settings": {"num_retries": 1, "cooldown_time": 20}, "chain": "default_fallbacks"},
    {"groups": [[0], [1], [2], [3]], "settings": {"num_retries": 1, "retry_after": 2}},
    {"groups": [[0, 1, 2], [3]], "settings": {"num_retries": 4}},
    {"groups": [[2], [0, 3], [1]], "settings": {"allowed_fails": 1, "cooldown_time": 15}},
    {"groups": [[0, 1], [2], [3]], "settings": {"allowed_fails": 0, "max_fallbacks": 1}},
    {"groups": [[i] for i in range(8)], "settings": {"num_retries": 0, "allowed_fails": 3, "cooldown_time": 60}, "shares": [0.8, 1]},
]


async def main():
    hints = [0, 0, 1, 7, 61]
    runs = [await play({**case, "seed": seed, "hints": hints}) for seed, case in enumerate(CASES)]
    falls = [
        await play({"deployments": sum(map(len, case["groups"])), "shares": [0, 0.7, 1, 1], **case, "seed": 100 + seed, "hints": hints}, 40)
        for seed, case in enumerate(FALLBACKS)
    ]
    document = {
        "litellm": version("litellm"),
        "shuffles": [shuffled(*each) for each in SHUFFLES],
        "runs": runs,
        "fallbacks": falls,
    }
    print(json.dumps(document, separators=(",", ":")))


random.choice = lambda items: draw(items, [1] * len(items))
random.choices = lambda items, weights: [draw(items, weights)]
random.random = jitter
asyncio.run(main())
