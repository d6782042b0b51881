import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { prepareText } from "../../../scripts/io/experiment.ts";
import { MeridianError, type Problem } from "../../../simulator/base/errors.ts";

const GOOD = `name: t
duration: 10m
replications: 2
baseline: rr
world:
  regions: [us-east-1, eu-west-1]
  models:
    nova: { id: amazon.nova-pro-v1:0, capacity: { kind: slots, servers: 5, service: { lognormal: { mean: 2s, cv: 1 } } } }
  targets: [us-east-1, eu-west-1, us-east-1/us]
  profiles: { restrictToWorld: true }
  quotas: [{ region: us-east-1, tokensPerMinute: 60k, law: clock-window }]
  prices: { billing: source, overrides: [{ model: nova, region: us-east-1, tier: standard, input: 1, output: 2 }] }
  faults: [{ kind: outage, region: us-east-1, at: 1m, for: 2m }]
  network: { roundTrips: none }
traffic:
  - class: chat
    model: nova
    arrivals: { poisson: 2/s }
    tokens: { input: { lognormal: { mean: 100, cv: 1 } }, output: 20, maxTokens: 50 }
    origin: { us-east-1: 0.5, eu-west-1: 0.5 }
    residency: any
    targets: [us-east-1, eu-west-1]
    slo: { e2e: 6s }
strategies:
  - { name: rr, round-robin: {} }
  - { name: one, single: { target: us-east-1 } }
  - { name: fallback west, priority: { targets: [us-east-1, eu-west-1] } }
client: { retry: standard, timeout: 60s }
assert: ["p95(e2e, strategy=rr, class=chat) < 60s"]
`;

async function problemsOf(text: string): Promise<readonly Problem[]> {
  try {
    await prepareText(text, "t.yaml");
    return [];
  } catch (error) {
    assert.ok(error instanceof MeridianError, String(error));
    return error.problems;
  }
}

/** What is replaced, by what, and what the fix of the only problem says; it stands on the line of the mistake. */
type Mistake = readonly [right: string, wrong: string, fix: RegExp];

function oneProblemEach(mistakes: readonly Mistake[]): void {
  for (const [right, wrong, fix] of mistakes) {
    it(`${wrong}: ${fix.source}`, async () => {
      assert.ok(GOOD.includes(right), right);
      const [before = ""] = GOOD.split(right);
      const line = before.split("\n").length;
      const [problem, ...others] = await problemsOf(GOOD.replace(right, wrong));
      assert.deepEqual(others, [], JSON.stringify(problem));
      assert.match(problem?.fix ?? "", fix);
      assert.match(problem!.where!, new RegExp(`^t\\.yaml:${line}(?: |$)`));
    });
  }
}

it("a scenario without a mistake has no problem", async () => assert.deepEqual(await problemsOf(GOOD), []));

describe("one mistake that shows in several ways", () => {
  oneProblemEach([
    ["poisson: 2/s", "poisson: 2,7/s", /^write poisson: 2\.7\/s$/],
    ["output: 20, maxTokens: 50", "output: 1,200", /^write (?:.*, or )?output: 1200$/],
    ["servers: 5", "servers: -5", /^write 1 or more, or unlimited$/],
    ["servers: 5", "servers: 0", /^write 1 or more, or unlimited$/],
    ["duration: 10m", "duration: 0s", /./],
    ["tokensPerMinute: 60k", "tpm: 60k", /^did you mean "tokensPerMinute"\?$/],
    ["e2e: 6s", "e2e: 8000", /^write 8000ms, or 8000s$/],
    ["name: t\n", "name: 't\n", /^write name: 't'$/],
    ["p95(e2e, strategy=rr, class=chat) < 60s", "failed < 1", /^write 1%$/],
  ]);
});

it("a model by the name that people give it, where the scenario states no price of its own", async () => {
  const listed = GOOD.replace(/, overrides: \[.*?\]/, "");
  for (const [name, id] of [
    ["Nova Pro", "amazon.nova-pro-v1:0"],
    ["Claude Sonnet 4.5", "anthropic.claude-sonnet-4-5-20250929-v1:0"],
    ["claude-3.5-haiku", "anthropic.claude-3-5-haiku-20241022-v1:0"],
  ] as const) {
    const problems = await problemsOf(listed.replace("amazon.nova-pro-v1:0", name));
    assert.equal(problems.length, 1, JSON.stringify(problems));
    assert.ok(problems[0]!.fix!.startsWith(`write id: ${id};`), problems[0]!.fix);
  }
});

describe("a name that is mistyped", () => {
  oneProblemEach([
    ["traffic:", "trafic:", /^did you mean "traffic"\?$/],
    ["replications", "repliactions", /^did you mean "replications"\?$/],
    ["round-robin", "round-robbin", /^did you mean "round-robin"\?$/],
    ["target: us-east-1 }", "tragets: us-east-1 }", /^did you mean "target"\?$/],
    ["kind: slots", "kind: slotz", /^did you mean "slots"\?$/],
    ["lognormal: { mean: 2s", "lognormale: { mean: 2s", /^did you mean "lognormal"\?$/],
    ["poisson", "poison", /^did you mean "poisson"\?$/],
    ["clock-window", "clock", /^did you mean "clock-window"\?$/],
    ["billing: source", "billing: sorce", /^did you mean "source"\?$/],
    ["tier: standard", "tier: standart", /^did you mean "standard"\?$/],
    ["kind: outage", "kind: outtage", /^did you mean "outage"\?$/],
    ["residency: any", "residency: ue", /^did you mean "eu"\?$/],
    ["retry: standard", "retry: standrad", /^did you mean "standard"\?$/],
    [
      "regions: [us-east-1, eu-west-1]",
      "regions: [us-east-1, eu-west-1, us-west2]",
      /^write us-west-2; known: us-west-2, /,
    ],
    ["[us-east-1, eu-west-1, us-east-1/us]", "[us-east-1, eu-west1, us-east-1/us]", /^write eu-west-1; /],
    ["us-east-1/us]", "us-east-1/us, us-east-1@prio]", /^write priority; /],
    ["[{ region: us-east-1, tok", "[{ region: us-east1, tok", /^write us-east-1; /],
    ["outage, region: us-east-1", "outage, region: us-east-7", /^write us-east-1; /],
    ["model: nova, region", "model: novaa, region", /^write nova; /],
    ["nova, region: us-east-1", "nova, region: us-east1", /^write us-east-1; /],
    ["    model: nova", "    model: nva", /^write nova; /],
    ["origin: { us-east-1", "origin: { us-east1", /^write us-east-1; /],
    ["    targets: [us-east-1, eu-west-1]", "    targets: [us-east-1, eu-wst-1]", /^write eu-west-1; /],
    ["target: us-east-1 }", "target: us-east-1/global }", /^add us-east-1\/global to world\.targets; targets are /],
    [
      "arrivals: { poisson: 2/s }",
      "arrivals: { trace: calls.csv }",
      /^file paths are relative to the scenario's folder$/,
    ],
    ["target: us-east-1 }", "target: us-eats-1 }", /^write us-east-1; targets are /],
    ["priority: { targets: [us-east-1,", "priority: { targets: [us-eats-1,", /^write us-east-1; targets are /],
    ["baseline: rr", "baseline: r2", /^write rr; this scenario has: rr, one, fallback west$/],
    ["p95(e2e", "p95(e2", /^write p95\(e2e\)$/],
    ["p95(e2e", "p955(e2e", /^write p95; metrics: p50, /],
    ["class=chat)", "class=chatt)", /^write chat; classes: chat$/],
    ["strategy=rr", "strategy=fallbak", /^write fallback west; strategies: rr, one, fallback west$/],
    ["strategy=rr", "strat=rr", /^did you mean "strategy"\?$/],
    ["id: amazon.nova-pro-v1:0", "id: us.amazon.nova-pro-v1:0", /^write id: amazon\.nova-pro-v1:0; /],
  ]);
});

describe("a form that other tools write in another way", () => {
  oneProblemEach([
    ["retry: standard", "retry: { kind: standard, attempts: 3 }", /^write standard: \{ maxAttempts: 3 \}$/],
    ["retry: standard", "retry: { maxAttempts: 3 }", /^write standard: \{ maxAttempts: 3 \}$/],
    ["retry: standard", "retries: 3", /^did you mean "retry"\?$/],
    ["{ poisson: 2/s }", "{ kind: poisson, rate: 2/s }", /^write poisson: \{ rate: 2\/s \}$/],
    ["{ poisson: 2/s }", "{ rate: 2/s }", /^write poisson: \{ rate: 2\/s \}$/],
    ["{ poisson: 2/s }", "{ file: calls.csv }", /^did you mean "trace"\?$/],
    ["{ poisson: 2/s }", "{ gamma: 2/s }", /^write \{ rate: 2\/s, cv: \.\.\. \}$/],
    ["{ poisson: 2/s }", "[{ poisson: 2/s }]", /^write it as a map: /],
    ["output: 20,", "output: { mean: 20, cv: 1 },", /^write lognormal: \{ mean: 20, cv: 1 \}$/],
    ["rr, round-robin: {} }", "rr, type: round-robin }", /^write round-robin: \{\}$/],
    ["single: { target: us-east-1 }", "single: us-east-1", /^write \{ target: us-east-1 \}$/],
    [
      "{ targets: [us-east-1, eu-west-1] } }",
      "[us-east-1, eu-west-1] }",
      /^write \{ targets: \[us-east-1, eu-west-1\] \}$/,
    ],
    ["round-robin: {}", "weighted: { eu-west-1: 1 }", /^write weights: \{ eu-west-1: 1 \}$/],
    [
      "round-robin: {}",
      "weighted: { eu-west-1: 1, us-east-1: 2 }",
      /^write weights: \{ eu-west-1: 1, us-east-1: 2 \}$/,
    ],
    ["{ us-east-1: 0.5, eu-west-1: 0.5 }", "[us-east-1, eu-west-1]", /^write \{ us-east-1: 1, eu-west-1: 1 \}$/],
    ["tokensPerMinute: 60k", "rpm: 60", /^did you mean "requests"\?$/],
    [
      "[{ region: us-east-1, tokensPerMinute: 60k, law: clock-window }]",
      "aws-2026",
      /^write \[\{ defaults: aws-2026 \}\]$/,
    ],
    ["outage, region: us-east-1", "outage, regions: [us-east-1]", /^did you mean "region"\?$/],
    ["for: 2m", "duration: 2m", /^did you mean "for"\?$/],
    ["duration: 10m", "end: 2026-05-04T01:00:00Z", /^did you mean "duration"\?$/],
    ["kind: slots, ", "", /^add kind, one of slots, batching, /],
  ]);
});

describe("a quantity without its unit, or with another one", () => {
  oneProblemEach([
    ["{ e2e: 6s }", "{ e2e: 6s, share: 95 }", /^write 95%$/],
    ["{ e2e: 6s }", "{ e2e: 6s, share: 120% }", /^write it like 90% or 0\.9$/],
    ["maxTokens: 50 }", "maxTokens: 50, prefix: { tokens: 9, share: 50 } }", /^write 50%$/],
    ["60k", "60k/s", /^write it like 64, 200k or 1\.5M, or unlimited$/],
    ["poisson: 2/s", "poisson: 1e400/s", /^write it like 20\/s/],
    ["timeout: 60s", "timeout: 0s", /^write a value above 0 /],
    ["name: t\n", "start: 2026-06-01 08:00 +02:00\nname: t\n", /^write 2026-06-01T06:00:00Z$/],
    ["name: t\n", "start: 2026-06-01\nname: t\n", /^write 2026-06-01T00:00:00Z$/],
    ["name: t\n", "start: 1780300800\nname: t\n", /^write 2026-06-01T08:00:00Z$/],
    ["duration: 10m", "duration: 10 minutes", /^write 10m$/],
    ["duration: 10m", "duration: 600", /^write 600s$/],
    ["duration: 10m", "duration: -10m", /^write 10m$/],
    ["replications: 2", "replications: 1.5", /^write 2$/],
    ["replications: 2", 'replications: "2"', /^write 2, without quotes/],
    ["restrictToWorld: true", "restrictToWorld: yes", /^write true$/],
    ["60k", "60000 TPM", /^write 60k, or unlimited$/],
    ["60k", "500k tokens/min", /^write 500k, or unlimited$/],
    ["e2e: 6s", "e2e: 6", /^write 6s$/],
    ["e2e: 6s", "e2e: 6 sec", /^write 6s$/],
    ["poisson: 2/s", "poisson: 2", /^write 2\/s$/],
    ["poisson: 2/s", "poisson: -3/s", /^write 3\/s$/],
    ["poisson: 2/s", "poisson: 2rps", /^write 2\/s$/],
    ["maxTokens: 50", "maxTokens: 50 tokens", /^write 50, or unset$/],
    ["maxTokens: 50", "maxTokens: unsett", /^did you mean "unset"\?$/],
    ["us-east-1: 0.5,", "us-east-1: 50%,", /^write 0\.5, /],
    ["input: 1,", "input: $1,", /^write 1, /],
    ["timeout: 60s", "timeout: 60", /^write 60s$/],
    ["< 60s", "< 60", /^write 60s$/],
  ]);
});

describe("a line at another place than meant", () => {
  oneProblemEach([
    ["    origin", "   origin", /^indent it by 4 spaces, like line 16$/],
    ["    origin", "     origin", /^indent it by 4 spaces, like line 16$/],
    ["    slo:", "slo:", /^indent it, so that it stands below traffic\[0\]$/],
    ["tokens: {", "tokens: { priority: 1,", /^move it to the left, below traffic\[0\]$/],
    ["duration: 10m", "duration:10m", /^write duration: 10m$/],
    ["    origin", "\torigin", /^indent with spaces/],
  ]);
});

it("a model without a price is one problem, in however many regions it is called", async () => {
  const problems = await problemsOf(GOOD.replace(/, overrides: \[.*?\]/, "").replace("amazon.nova-pro-v1:0", "gpt-4o"));
  assert.deepEqual(
    problems.map(({ code }) => code).filter((code) => code !== "PROFILE_UNKNOWN"),
    ["PRICE_MODEL_UNKNOWN"],
  );
});

it("a block that begins at another column is one problem", async () => {
  const text = GOOD.replace("world:\n  regions:", "world:\n  - regions:");
  assert.equal((await problemsOf(text)).length, 1);
  assert.equal((await problemsOf(GOOD.replace("{ poisson: 2/s }", "{ poisson: 2/s }}"))).length, 1);
});

it("two mistakes in one assertion are two problems of one round", async () => {
  const problems = await problemsOf(GOOD.replace("strategy=rr, class=chat) < 60s", "strategy=fallbak) < 6"));
  assert.deepEqual(
    problems.map(({ code, fix }) => [code, fix]),
    [
      ["ASSERTION_UNKNOWN_STRATEGY", "write fallback west; strategies: rr, one, fallback west"],
      ["ASSERTION_VALUE", "write 6s"],
    ],
  );
});
