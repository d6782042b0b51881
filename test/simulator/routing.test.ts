import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { AWS_REGIONS, formatProblem, scenarioJsonSchema } from "../../simulator/index.ts";
import {
  createRouter,
  deferUntil,
  defineStrategy,
  MeridianError,
  type RoutedAttempt,
  type RouterTarget,
  SHED,
  STRATEGIES,
  type StrategyDefinition,
} from "../../simulator/routing.ts";

const TWO: readonly RouterTarget[] = [{ id: "us-east-1" }, { id: "eu-west-1" }];

function codesOf(work: () => unknown): readonly string[] {
  try {
    work();
  } catch (error) {
    assert.ok(error instanceof MeridianError, String(error));
    return error.problems.map(({ code }) => code);
  }
  return [];
}

describe("createRouter", () => {
  it("routes with every bundled strategy that needs no options", () => {
    for (const { name, options } of STRATEGIES) {
      if (Object.values(options).some(({ required }) => required === true)) continue;
      const router = createRouter({ strategy: name, targets: TWO });
      const attempt = router.choose({ nowMs: 0, inputTokens: 10 });
      assert.ok(["us-east-1", "eu-west-1"].includes(attempt.target), name);
    }
  });

  it("counts attempts as in flight until their outcome is known", () => {
    const router = createRouter({ strategy: "least-outstanding", targets: TWO });
    const attempts = [0, 1, 2].map((nowMs) => router.choose({ nowMs }));
    assert.deepEqual(
      attempts.map(({ target }) => target),
      ["us-east-1", "eu-west-1", "us-east-1"],
    );
    router.observe(attempts[0]!, { kind: "ok", nowMs: 3, ttftMs: 1, outputTokens: 5 });
    router.observe(attempts[2]!, { kind: "error", nowMs: 3 });
    assert.equal(router.choose({ nowMs: 4 }).target, "us-east-1");
  });

  it("knows a retry from a new request", () => {
    const router = createRouter({ strategy: "priority", options: { cooldown: 0 }, targets: TWO });
    const first = router.choose({ nowMs: 0, inputTokens: 7 });
    const second = router.choose({ nowMs: 5, after: first });
    assert.deepEqual(second, {
      target: "eu-west-1",
      targetIndex: 1,
      requestId: first.requestId,
      attempt: 1,
      arrivalMs: 0,
      sentMs: 5,
      inputTokens: 7,
      classIndex: 0,
    });
    assert.equal(router.choose({ nowMs: 6 }).requestId, first.requestId + 1);
  });

  it("goes by prices as they are now, and by health", () => {
    const targets = TWO.map((target, i) => ({ ...target, priceInUsdPerMTok: 1 + i, priceOutUsdPerMTok: 4 + i }));
    const router = createRouter({ strategy: "cheapest", targets });
    const target = () => router.choose({ nowMs: 0, inputTokens: 1000, maxTokens: 100 }).target;
    assert.equal(target(), "us-east-1");
    router.update("eu-west-1", { priceInUsdPerMTok: 0.5, priceOutUsdPerMTok: 2 });
    assert.equal(target(), "eu-west-1");
    router.update("eu-west-1", { eligible: false });
    assert.equal(target(), "us-east-1");
    router.update("us-east-1", { eligible: false });
    assert.deepEqual(codesOf(target), ["ROUTER_NO_TARGET"]);
    router.update("eu-west-1", { eligible: true });
    assert.equal(target(), "eu-west-1");
  });

  it("takes a target without a price for the dearest", () => {
    const router = createRouter({
      strategy: "cheapest",
      targets: [{ id: "a" }, { id: "b", priceInUsdPerMTok: 90, priceOutUsdPerMTok: 90 }],
    });
    assert.equal(router.choose({ nowMs: 0, inputTokens: 1, maxTokens: 1 }).target, "b");
  });

  it("repeats its draws for the same seed, and differs for another", () => {
    const chosen = (seed: number) => {
      const router = createRouter({ strategy: "weighted", targets: TWO, seed });
      return Array.from({ length: 40 }, (_, nowMs) => router.choose({ nowMs }).targetIndex).join("");
    };
    assert.equal(chosen(3), chosen(3));
    assert.notEqual(chosen(3), chosen(4));
  });

  it("refuses what it cannot route", () => {
    assert.deepEqual(
      codesOf(() => createRouter({ strategy: "single", targets: [] })),
      ["ROUTER_TARGETS"],
    );
    assert.deepEqual(
      codesOf(() => createRouter({ strategy: "round-robin", targets: [TWO[0]!, TWO[0]!] })),
      ["ROUTER_TARGETS"],
    );
    assert.deepEqual(
      codesOf(() => createRouter({ strategy: "fastest", targets: TWO })),
      ["STRATEGY_UNKNOWN"],
    );
    const router = createRouter({ strategy: "round-robin", targets: TWO });
    assert.deepEqual(
      codesOf(() => router.update("mars-1", { eligible: false })),
      ["ROUTER_TARGET_UNKNOWN"],
    );
  });

  it("says what is wrong with the choice of a strategy of one's own", () => {
    const routerOf = (choice: number) => {
      const strategy = { name: "own", summary: "Always the same.", options: {}, signals: [] };
      return createRouter({
        strategy: { ...strategy, create: () => ({ choose: () => choice }) },
        targets: [...TWO, { id: "sa-east-1", eligible: false }],
      });
    };
    const fix =
      "\n  fix: return one of targets.eligible, here 0, 1; where the strategy may put off or refuse, call decide";
    for (const [choice, what] of [
      [7, "it chose 7, which is not an eligible target's index"],
      [2, "it chose 2, which is not an eligible target's index"],
      [0.5, "it chose 0.5, which is not an eligible target's index"],
      [Number.NaN, "it chose NaN, which is not an eligible target's index"],
      [
        deferUntil(500),
        "it put a request off or refused it (it returned -501), but choose sends every request at once",
      ],
      [SHED, "it put a request off or refused it (it returned -Infinity), but choose sends every request at once"],
    ] as const) {
      assert.throws(
        () => routerOf(choice).choose({ nowMs: 0 }),
        (error) =>
          error instanceof MeridianError &&
          error.kind === "usage" &&
          error.message === `ROUTER_BAD_CHOICE  strategy own: ${what}${fix}`,
      );
    }
    assert.equal(routerOf(1).choose({ nowMs: 0 }).target, "eu-west-1");
  });

  it("puts off and refuses by decide, with the request's number and arrival kept", () => {
    const seen: string[] = [];
    const strategy: StrategyDefinition = {
      name: "own",
      summary: "Waits until 100, then refuses the second class.",
      options: {},
      signals: [],
      create: (_, { classNames }) => ({
        choose(request, _targets, nowMs) {
          seen.push(`${request.requestId} ${classNames[request.classIndex]} since ${request.arrivalMs}`);
          if (nowMs < 100) return deferUntil(100);
          return request.classIndex === 1 ? SHED : 1;
        },
      }),
    };
    const router = createRouter({ strategy, targets: TWO, classes: ["chat", "batch"] });
    const put = router.decide({ nowMs: 7, deferrable: true });
    assert.deepEqual(put, { kind: "defer", untilMs: 100, put: { requestId: 0, arrivalMs: 7, attempt: 0 } });
    assert.ok(put.kind === "defer");
    const sent = router.decide({ nowMs: put.untilMs }, put.put);
    assert.ok(sent.kind === "send");
    assert.deepEqual([sent.attempt.target, sent.attempt.requestId, sent.attempt.arrivalMs], ["eu-west-1", 0, 7]);
    assert.deepEqual(router.decide({ nowMs: 101, class: "batch" }), { kind: "shed" });
    assert.deepEqual(seen, ["0 chat since 7", "0 chat since 7", "1 batch since 101"]);
    assert.deepEqual(
      codesOf(() => router.decide({ nowMs: 102, class: "none" })),
      ["ROUTER_CLASS"],
    );
  });

  it("learns of an attempt once, however often it is told, from the attempt or a copy", () => {
    const inFlight: number[][] = [];
    let observed = 0;
    const strategy: StrategyDefinition = {
      name: "own",
      summary: "Notes what it sees.",
      options: {},
      signals: [],
      create: () => ({
        choose(_, targets) {
          inFlight.push([...targets.inFlight]);
          return 0;
        },
        observe: () => observed++,
      }),
    };
    const router = createRouter({ strategy, targets: TWO });
    const first = router.choose({ nowMs: 0 });
    const twice = [1, 2].map((nowMs) => router.choose({ nowMs, after: first }));
    for (const attempt of [first, first, { ...first }, { ...twice[0]! }, ...twice, ...twice]) {
      router.observe(attempt, { kind: "ok", nowMs: 3 });
    }
    router.choose({ nowMs: 4 });
    assert.deepEqual(inFlight, [
      [0, 0],
      [1, 0],
      [2, 0],
      [0, 0],
    ]);
    assert.equal(observed, 3);
  });

  it("keeps a session together, and moves only what goes to a target that is added", () => {
    const ids = ["a", "b", "c", "d"];
    const placeOf = (count: number) => {
      const targets = ids.slice(0, count).map((id) => ({ id }));
      const router = createRouter({ strategy: "consistent-hash", options: { key: "session" }, targets });
      return (sessionId: number) => router.choose({ nowMs: 0, sessionId }).target;
    };
    const [three, four] = [placeOf(3), placeOf(4)];
    const sessions = Array.from({ length: 2_000 }, (_, session) => session);
    const before = sessions.map(three);
    assert.deepEqual(sessions.map(three), before);
    const moved = sessions.filter((session) => before[session] !== four(session));
    assert.ok(moved.every((session) => four(session) === "d"));
    // A quarter, within four standard errors.
    assert.ok(Math.abs(moved.length / 2_000 - 0.25) < 4 * Math.sqrt((0.25 * 0.75) / 2_000), `${moved.length}`);
  });

  it("a Retry-After is heard: LiteLLM's cooldown lasts as long", () => {
    const targets = [{ id: "a" }, { id: "b" }];
    const router = createRouter({ strategy: "litellm", options: { routing: "least-busy" }, targets });
    const first = router.choose({ nowMs: 0 });
    router.observe(first, { kind: "throttled", nowMs: 10, retryAfterMs: 60_000 });
    assert.deepEqual([first.target, router.choose({ nowMs: 30_000 }).target], ["a", "b"]);
    assert.equal(router.choose({ nowMs: 60_010 }).target, "a");
  });

  it("walks LiteLLM's fallbacks, with their waits", () => {
    const router = createRouter({
      strategy: "litellm",
      options: { fallbacks: [["b"]], retries: 1 },
      targets: [{ id: "a" }, { id: "b" }],
    });
    const steps: string[] = [];
    let last: RoutedAttempt | undefined;
    let decision = router.decide({ nowMs: 0 });
    for (let nowMs = 0; steps.length < 6; ) {
      assert.notEqual(decision.kind, "shed");
      if (decision.kind === "defer") {
        steps.push("wait");
        nowMs = decision.untilMs;
        decision = router.decide({ nowMs, ...(last === undefined ? {} : { after: last }) }, decision.put);
      } else if (decision.kind === "send") {
        last = decision.attempt;
        steps.push(last.target);
        if (decision.attempt.target === "b") break;
        router.observe(decision.attempt, { kind: "error", nowMs: nowMs + 100 });
        decision = router.decide({ nowMs: nowMs + 100, after: decision.attempt });
      }
    }
    assert.deepEqual(steps, ["a", "wait", "a", "wait", "b"]);
  });

  it("says which targets there are where an option names another", () => {
    assert.throws(
      () => createRouter({ strategy: "single", options: { target: "mars-1" }, targets: TWO }),
      /there is no target "mars-1"; targets are us-east-1, eu-west-1/,
    );
  });
});

describe("defineStrategy", () => {
  it("gives every bundled definition back", () => {
    for (const definition of STRATEGIES) assert.equal(defineStrategy(definition), definition);
  });

  it("says everything that is wrong with one", () => {
    const wrong = {
      name: "My Strategy",
      summary: " ",
      options: {
        mode: { type: "choice", doc: "one of none" },
        limit: { type: "number", doc: "a limit", required: true, default: 3 },
      },
      signals: ["weather"],
      create: () => ({ choose: () => 0 }),
    } as unknown as StrategyDefinition;
    assert.deepEqual(
      codesOf(() => defineStrategy(wrong)),
      Array<string>(5).fill("STRATEGY_DEFINITION"),
    );
  });
});

describe("the pure part", () => {
  it("has regions, problems and the schema", () => {
    assert.ok(AWS_REGIONS.length > 10);
    assert.equal(formatProblem({ code: "A", what: "b", where: "c", fix: "d" }), "A  c: b\n  fix: d");
    assert.equal(typeof scenarioJsonSchema(), "object");
  });
});
