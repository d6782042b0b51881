import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { createRetryPolicy, GIVE_UP } from "../../../simulator/client/retry-policy.ts";
import { type OutcomeKind, SHED } from "../../../simulator/client/strategy.ts";
import { litellm } from "../../../simulator/strategies/litellm.ts";
import { contextOf, outcomeOf, requestOf, uniforms, viewOf } from "./fixtures.ts";

/** What the package's own Router did, recorded by studies/litellm/router_vectors.py; times in s. */
interface Vectors {
  readonly litellm: string;
  readonly shuffles: readonly {
    readonly params: readonly Partial<Record<"weight" | "rpm" | "tpm", number>>[];
    readonly healthy: readonly number[];
    readonly probabilities: readonly number[];
  }[];
  readonly runs: readonly Run[];
  /** With `fallbacks` or `default_fallbacks`: model groups in their order, the first is called. */
  readonly fallbacks: readonly (Run & { readonly groups: readonly (readonly number[])[]; readonly chain?: string })[];
}

interface Run {
  readonly deployments: number;
  readonly seed: number;
  readonly settings: Partial<Record<"num_retries" | "retry_after" | "allowed_fails" | "cooldown_time", number>>;
  readonly requests: readonly {
    readonly at: number;
    readonly end: "ok" | "failed" | "unavailable";
    readonly attempts: readonly Attempt[];
  }[];
}

interface Attempt {
  readonly at: number;
  readonly end: number;
  readonly target: number;
  readonly kind: OutcomeKind;
  readonly hintS: number;
  readonly u: number;
  readonly waitS?: number;
  readonly jitter?: number;
}

const vectors = JSON.parse(readFileSync(new URL("litellm/router.json", import.meta.url), "utf8")) as Vectors;
const ids = ["t0", "t1", "t2", "t3"];

describe(`simple-shuffle draws with litellm ${vectors.litellm}'s probabilities`, () => {
  const context = contextOf(...ids);
  vectors.shuffles.forEach(({ params, healthy, probabilities }, row) => {
    it(`${JSON.stringify(params)} of ${healthy}`, () => {
      const by = (name: "weight" | "rpm" | "tpm") =>
        Object.fromEntries(params.flatMap((each, t) => (each[name] === undefined ? [] : [[ids[t]!, each[name]]])));
      const strategy = litellm.create({ weight: by("weight"), rpm: by("rpm"), tpm: by("tpm") }, context);
      const view = viewOf(context, [...healthy]);
      const draws = 3_600;
      const counts = ids.map(() => 0);
      // An even grid of uniform numbers: counts are the probabilities, to one part in the grid.
      for (let i = 0; i < draws; i++) {
        counts[strategy.choose(requestOf(), view, 0, uniforms((i + 0.5) / draws))]!++;
      }
      counts.forEach((count, t) => {
        assert.ok(Math.abs(count / draws - probabilities[t]!) <= 1 / draws, `row ${row}, t${t}: ${count / draws}`);
      });
    });
  });
});

describe(`meets failures as litellm ${vectors.litellm}'s Router does, attempt by attempt`, () => {
  for (const { deployments, seed, settings, requests } of vectors.runs) {
    it(`${deployments} deployments, ${JSON.stringify(settings)}`, () => {
      const context = contextOf(...ids.slice(0, deployments));
      const { num_retries: retries = 2, retry_after: retryAfterS = 0, allowed_fails: allowedFails } = settings;
      const cooldownTime = 1_000 * (settings.cooldown_time ?? 5);
      const options = { cooldownTime, ...(allowedFails === undefined ? {} : { allowedFails }) };
      const strategy = litellm.create(options, context);
      const view = viewOf(context);
      const isLone = deployments === 1;
      const spec = { mode: "litellm", maxAttempts: retries + 1, retryAfterMs: 1_000 * retryAfterS, isLone } as const;
      const retry = createRetryPolicy(spec);
      requests.forEach(({ at, end, attempts }, number) => {
        const where = `seed ${seed}, request ${number}`;
        let nextMs = 1_000 * at;
        let delayMs = 0;
        attempts.forEach((attempt, i) => {
          const { target, kind, hintS, u, jitter } = attempt;
          assert.ok(Math.abs(1_000 * attempt.at - nextMs) < 0.01, `${where}: attempt ${i} leaves at ${nextMs}`);
          assert.equal(strategy.choose(requestOf({ attempt: i }), view, nextMs, uniforms(u)), target, where);
          const endMs = 1_000 * attempt.end;
          const retryAfterMs = hintS === 0 ? Number.NaN : 1_000 * hintS;
          strategy.observe!({ ...outcomeOf(target, kind, endMs, kind === "ok" ? 250 : Number.NaN), retryAfterMs });
          if (kind === "ok") return;
          delayMs = retry.nextDelayMs(i, kind, retryAfterMs, jitter ?? 0);
          nextMs = endMs + delayMs;
        });
        const last = attempts.at(-1);
        if (end === "ok") assert.equal(last!.kind, "ok");
        else if (end === "failed" && attempts.length === retries + 1) assert.equal(delayMs, GIVE_UP, where);
        // No deployment is left: at once, or when it would be tried again.
        else assert.equal(strategy.choose(requestOf(), view, nextMs, uniforms(0.5)), SHED, where);
      });
    });
  }
});

describe(`falls back as litellm ${vectors.litellm}'s Router does, attempt by attempt`, () => {
  for (const { deployments, seed, settings, groups, chain = "fallbacks", requests } of vectors.fallbacks) {
    it(`${JSON.stringify(groups)}, ${chain}, ${JSON.stringify(settings)}`, () => {
      const context = contextOf(...Array.from({ length: deployments }, (_, t) => `t${t}`));
      const { num_retries: retries = 2, retry_after: retryAfterS = 0, allowed_fails: allowedFails } = settings;
      const strategy = litellm.create(
        {
          fallbacks: groups.slice(1).map((group) => group.map((t) => `t${t}`)),
          retries,
          retryAfter: 1_000 * retryAfterS,
          cooldownTime: 1_000 * (settings.cooldown_time ?? 5),
          ...(allowedFails === undefined ? {} : { allowedFails }),
        },
        context,
      );
      const view = viewOf(context);
      assert.ok(requests.some(({ attempts }) => new Set(attempts.map(({ target }) => target)).size > 1));
      requests.forEach(({ at, end, attempts }, requestId) => {
        const where = `seed ${seed}, request ${requestId}`;
        let nowMs = 1_000 * at;
        let previous: Attempt | undefined;
        const choose = (attempt: number, ...draws: readonly number[]) => {
          const previousTarget = previous?.target ?? -1;
          return strategy.choose(requestOf({ requestId, attempt, previousTarget }), view, nowMs, uniforms(...draws));
        };
        /** The next choice, after the wait that the Router made. */
        const next = (attempt: number, u: number) => {
          if ((previous?.waitS ?? 0) === 0) return choose(attempt, u);
          nowMs = -1 - choose(attempt, previous!.jitter!);
          return choose(attempt, previous!.jitter!, u);
        };
        attempts.forEach((attempt, i) => {
          const { target, kind, hintS, u } = attempt;
          assert.equal(next(i, u), target, `${where}, attempt ${i}`);
          assert.ok(Math.abs(1_000 * attempt.at - nowMs) < 0.01, `${where}: attempt ${i} leaves at ${nowMs}`);
          nowMs = 1_000 * attempt.end;
          const retryAfterMs = hintS === 0 ? Number.NaN : 1_000 * hintS;
          const outcome = outcomeOf(target, kind, nowMs, kind === "ok" ? 250 : Number.NaN);
          strategy.observe!({ ...outcome, requestId, retryAfterMs });
          previous = attempt;
        });
        if (end === "ok") assert.equal(previous?.kind, "ok");
        else assert.equal(next(attempts.length, 0.5), SHED, where);
      });
    });
  }
});
