import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { type OutcomeKind, SHED } from "../../../simulator/client/strategy.ts";
import { litellm } from "../../../simulator/strategies/litellm.ts";
import { contextOf, outcomeOf, requestOf, setEligible, uniforms, viewOf } from "./fixtures.ts";

/** Decisions of the package itself, recorded by studies/litellm/vectors.py. */
interface Vectors {
  readonly litellm: string;
  readonly prices: readonly (readonly [number, number])[];
  readonly tpm: readonly number[];
  readonly rpm: readonly number[];
  readonly runs: readonly {
    readonly routing: string;
    readonly stream: boolean;
    readonly events: readonly (Ask | End)[];
  }[];
}

interface Ask {
  readonly at: number;
  readonly ask: number;
  readonly input: number;
  readonly u: number;
  readonly healthy: readonly number[];
  readonly chosen: number | null;
}

interface End {
  readonly at: number;
  readonly end: number;
  readonly kind: OutcomeKind;
  readonly output: number;
  readonly target: number;
}

const vectors = JSON.parse(readFileSync(new URL("litellm/vectors.json", import.meta.url), "utf8")) as Vectors;
const context = contextOf("t0", "t1", "t2", "t3");
const byTarget = (values: readonly number[]) =>
  Object.fromEntries(values.flatMap((value, t) => (value > 0 ? [[context.targetIds[t]!, value]] : [])));

describe(`decides as litellm ${vectors.litellm} does, event by event`, () => {
  vectors.runs.forEach(({ routing, stream, events }, run) => {
    it(`${routing}${stream ? ", streaming" : ""}, stream ${run % 2}`, () => {
      const { tpm, rpm, prices } = vectors;
      const limits = { tpm: byTarget(tpm), rpm: byTarget(rpm) };
      const strategy = litellm.create({ routing, stream, buffer: 0.1, cooldownTime: 0, ...limits }, context);
      const view = viewOf(context);
      prices.forEach(([input, output], t) => {
        view.priceInUsdPerMTok[t] = input;
        view.priceOutUsdPerMTok[t] = output;
      });
      const sent = new Map<number, Ask>();
      for (const event of events) {
        const nowMs = Math.round(event.at * 1_000);
        if ("ask" in event) {
          setEligible(view, event.healthy);
          const request = requestOf({ requestId: event.ask, inputTokens: event.input });
          const choice = strategy.choose(request, view, nowMs, uniforms(event.u));
          assert.equal(choice === SHED ? null : choice, event.chosen, `event ${event.ask} at ${event.at} s`);
          if (event.chosen !== null) view.onSent(event.chosen);
          sent.set(event.ask, event);
          continue;
        }
        const { at, input } = sent.get(event.end)!;
        const tookMs = nowMs - Math.round(at * 1_000);
        const outcome = {
          ...outcomeOf(event.target, event.kind, nowMs, event.kind === "ok" ? tookMs : Number.NaN),
          inputTokens: input,
          outputTokens: event.kind === "ok" ? event.output : 0,
        };
        view.onEnded(event.target);
        strategy.observe!(outcome);
      }
    });
  });
});

describe("simple-shuffle", () => {
  const at = (options: object, u: number, eligible = [0, 1, 2, 3]) =>
    litellm
      .create(options as Record<string, unknown>, context)
      .choose(requestOf(), viewOf(context, eligible), 0, uniforms(u));

  it("draws by weight, else by rpm, else by tpm, else evenly", () => {
    const all = { weight: { t0: 1, t1: 3 }, rpm: { t2: 5 }, tpm: { t3: 5 } };
    assert.deepEqual([at(all, 0.24), at(all, 0.26), at(all, 0.99)], [0, 1, 1]);
    assert.equal(at(all, 0.5, [2, 3]), 2, "no weight among the eligible: rpm");
    assert.equal(at(all, 0.5, [3]), 3);
    assert.deepEqual(
      [0.1, 0.3, 0.6, 0.9].map((u) => at({}, u)),
      [0, 1, 2, 3],
    );
  });
});

describe("cooldowns", () => {
  const view = viewOf(context);
  const choose = (strategy: ReturnType<typeof litellm.create>, nowMs: number, u = 0) =>
    strategy.choose(requestOf(), view, nowMs, uniforms(u));

  it("a 429 cools its deployment down at once, for 5 s", () => {
    const strategy = litellm.create({}, context);
    strategy.observe!(outcomeOf(0, "throttled", 1_000));
    assert.deepEqual([choose(strategy, 5_999), choose(strategy, 6_000)], [1, 0]);
  });

  it("with all cooling, no deployment is available: the request is shed", () => {
    const strategy = litellm.create({}, context);
    for (const target of [0, 1, 2, 3]) strategy.observe!(outcomeOf(target, "throttled", 1_000));
    assert.equal(strategy.choose(requestOf(), view, 2_000, uniforms()), SHED);
  });
});
