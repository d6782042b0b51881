import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import fc from "fast-check";
import { MeridianError } from "../../../simulator/base/errors.ts";
import type { OutcomeKind, StrategyDefinition } from "../../../simulator/client/strategy.ts";
import type { TargetViewState } from "../../../simulator/client/target-view.ts";
import { KeyedRandom } from "../../../simulator/random/keyed-random.ts";
import { contextOf, outcomeOf, requestOf, setEligible, viewOf } from "./fixtures.ts";

/**
 * What every registered strategy must do, whatever its rule. `needed` gives a value for each option that has no
 * default; an option that this table does not know fails the suite, so a new strategy cannot slip through.
 */
const NEEDED: Readonly<Record<string, unknown>> = { target: "b", p95: 4_000 };
const HERE = "NEEDED in test/simulator/strategies/conformance.ts";
const CONTEXT = contextOf("a", "b", "c", "d", "e");
const KINDS: readonly OutcomeKind[] = ["ok", "throttled", "unavailable", "timeout", "error"];

export function conforms(definition: StrategyDefinition): void {
  const { name } = definition;
  test(`${name}: chooses only eligible targets and repeats itself given the same calls`, () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 60 }), (steps) => {
        const first = play(definition, steps);
        assert.deepEqual(play(definition, steps), first);
        for (const [i, choice] of first.entries()) {
          assert.ok(steps[i]!.eligible.includes(choice), `chose ${choice} of ${steps[i]!.eligible.join()}`);
        }
      }),
      { numRuns: 150 },
    );
  });
  test(`${name}: equal draws, equal choice: two fresh instances agree on every request`, () => {
    const steps = Array.from({ length: 50 }, (_, i) => ({ ...CALM, request: i }));
    assert.deepEqual(play(definition, steps), play(definition, steps));
  });
  test(`${name}: survives signals that are all NaN`, () => {
    const view = viewOf(CONTEXT);
    for (const column of [view.rttMs, view.priceInUsdPerMTok, view.priceOutUsdPerMTok, view.quotaHeadroom]) {
      column.fill(NaN);
    }
    for (const column of [view.e2eMsMean, view.ttftMsMean, view.e2eMsP95, view.throttleShare, view.failureShare]) {
      column.fill(NaN);
    }
    view.lastOutcomeMs.fill(NaN);
    const choice = create(definition).choose(requestOf(), view, 0, drawsOf(1));
    assert.ok(choice >= 0 && choice < CONTEXT.targetIds.length);
  });
  test(`${name}: takes the only eligible target, whichever it is, also on a retry after it failed`, () => {
    const strategy = create(definition);
    for (let target = 0; target < CONTEXT.targetIds.length; target++) {
      const view = viewOf(CONTEXT, [target]);
      assert.equal(strategy.choose(requestOf(), view, 0, drawsOf(target)), target);
      strategy.observe?.(outcomeOf(target, "throttled", 1));
      const retry = requestOf({ attempt: 1, previousTarget: target });
      assert.equal(strategy.choose(retry, view, 2, drawsOf(target)), target);
    }
  });
  test(`${name}: still chooses when every target has just failed`, () => {
    const strategy = create(definition);
    const view = viewOf(CONTEXT, [1, 3]);
    for (let target = 0; target < CONTEXT.targetIds.length; target++) {
      for (const kind of KINDS.slice(1)) strategy.observe?.(outcomeOf(target, kind, 10));
    }
    assert.ok([1, 3].includes(strategy.choose(requestOf(), view, 11, drawsOf(1))));
  });
  test(`${name}: refuses an unknown option by name`, () => {
    assert.throws(
      () => definition.create({ ...needed(definition), wieghts: {} }, CONTEXT),
      (error) => error instanceof MeridianError && error.kind === "usage" && error.message.includes("wieghts"),
    );
  });
  test(`${name}: is pure, k6-safe, described and documented`, () => {
    const path = `simulator/strategies/${name}.ts`;
    const source = readFileSync(new URL(`../../../${path}`, import.meta.url), "utf8");
    for (const [, from] of source.matchAll(/from "([^"]+)"/g)) {
      assert.match(from!, /^\.\.?\/.*\.ts$/, `${path} imports ${from}; strategies import relative .ts files only`);
    }
    assert.doesNotMatch(
      source,
      /outputTokens[^:]*request\.|\.outputTokens\b(?!")/,
      "no strategy may read output lengths",
    );
    const foreign = /\b(Intl|structuredClone|Date|async|Math\.random)\b/.exec(source)?.[0];
    assert.equal(foreign, undefined, `${path} uses ${foreign}: k6 has no such thing, or it is not repeatable`);
    assert.match(definition.summary, /^[A-Z].{20,100}\.$/, "the summary is a sentence of 22 to 102 characters");
    for (const [option, spec] of Object.entries(definition.options)) {
      assert.ok(spec.doc.length > 10, `option ${option} needs a doc`);
    }
    const page = new URL(`../../../docs/strategies/${name}.md`, import.meta.url);
    assert.ok(existsSync(page), `docs/strategies/${name}.md is missing`);
    const text = readFileSync(page, "utf8");
    for (const part of ["## Rule", "## Worked example", "## When it goes wrong"])
      assert.ok(text.includes(part), `docs/strategies/${name}.md: add the heading "${part}"`);
    const own = `test/simulator/strategies/${name}.test.ts`;
    assert.ok(existsSync(new URL(`../../../${own}`, import.meta.url)), `write ${own}`);
    for (const option of Object.keys(definition.options)) {
      assert.ok(text.includes(`\`${option}\``), `docs/strategies/${name}.md does not mention the option ${option}`);
    }
  });
}

export function needed(definition: StrategyDefinition): Record<string, unknown> {
  const options: Record<string, unknown> = {};
  for (const [option, spec] of Object.entries(definition.options)) {
    if (spec.required !== true) continue;
    assert.ok(option in NEEDED, `tell the conformance suite a value for ${definition.name}.${option}: ${HERE}`);
    options[option] = NEEDED[option];
  }
  return options;
}

interface Step {
  readonly eligible: readonly number[];
  readonly request: number;
  readonly price: readonly number[];
  readonly kind: OutcomeKind;
  readonly retry: boolean;
  readonly gapMs: number;
}

const CALM: Step = {
  eligible: [0, 1, 2, 3, 4],
  request: 0,
  price: [3, 3, 3, 3, 3],
  kind: "ok",
  retry: false,
  gapMs: 100,
};

const step: fc.Arbitrary<Step> = fc.record({
  eligible: fc.subarray([0, 1, 2, 3, 4], { minLength: 1 }),
  request: fc.nat(1e6),
  price: fc.array(fc.constantFrom(1, 2, 3, NaN), { minLength: 5, maxLength: 5 }),
  kind: fc.constantFrom(...KINDS),
  retry: fc.boolean(),
  gapMs: fc.integer({ min: 0, max: 90_000 }),
});

/** Runs the steps through a fresh instance, feeding each choice's outcome back, and returns the choices. */
function play(definition: StrategyDefinition, steps: readonly Step[]): number[] {
  const strategy = create(definition);
  const view = viewOf(CONTEXT);
  const choices: number[] = [];
  let nowMs = 0;
  let previous = -1;
  for (const { eligible, request, price, kind, retry, gapMs } of steps) {
    nowMs += gapMs;
    setEligible(view, eligible);
    view.priceInUsdPerMTok.set(price);
    view.priceOutUsdPerMTok.set(price);
    const previousTarget = retry ? previous : -1;
    const asked = requestOf({ requestId: request, attempt: retry ? 1 : 0, previousTarget });
    const choice = strategy.choose(asked, view, nowMs, drawsOf(request));
    choices.push(choice);
    feedBack(view, strategy, choice, kind, nowMs);
    previous = choice;
  }
  return choices;
}

function feedBack(
  view: TargetViewState,
  strategy: ReturnType<StrategyDefinition["create"]>,
  choice: number,
  kind: OutcomeKind,
  nowMs: number,
): void {
  if (choice < 0 || choice >= view.count) return;
  view.onSent(choice);
  const outcome = outcomeOf(choice, kind, nowMs, 500 * (1 + choice));
  view.onOutcome({ ...outcome, rttMs: 10 });
  strategy.observe?.(outcome);
}

function create(definition: StrategyDefinition) {
  return definition.create(needed(definition), CONTEXT);
}

function drawsOf(request: number): KeyedRandom {
  const random = new KeyedRandom(7, "strategy");
  random.seek(request, 0);
  return random;
}
