/** A plan from a scenario to its page: every answer is there and names the run behind it. */
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { ADVICE_QUESTIONS } from "../../../reports/advice/index.ts";
import { meridianHere } from "../run-meridian.ts";

const folder = mkdtempSync(join(tmpdir(), "meridian-"));
after(() => rmSync(folder, { recursive: true }));
const file = join(folder, "a.yaml");
writeFileSync(
  file,
  `name: a
duration: 5m
replications: 2
warmup: none
world:
  regions: [eu-west-1, eu-central-1, us-east-1]
  profiles: { restrictToWorld: true }
  models:
    m: { id: amazon.nova-pro-v1:0, capacity: { kind: slots, servers: unlimited, service: 1s } }
  quotas: [{ tokensPerMinute: 20k }]
traffic:
  - { class: chat, residency: eu, origin: eu-west-1, arrivals: { poisson: 1/s }, tokens: { input: 400, output: 60, maxTokens: 256 }, slo: { e2e: 5s } }
  - { class: digest, deferrable: true, origin: us-east-1, arrivals: { poisson: 0.1/s }, tokens: { input: 900, output: 100, maxTokens: 400 } }
strategies:
  - { name: home, by-class: { targets: { chat: [eu-west-1], digest: [us-east-1] } } }
  - round-robin
assert: ["p95(e2e, strategy=home) < 1ms"]
`,
);

describe("meridian plan", () => {
  it("answers every question with figures, lines to run and saved runs, as text, page, Markdown and JSON", async () => {
    const out = join(folder, "runs");
    const page = join(folder, "page");
    const args = ["plan", file, "--strategy", "home", "--out", out, "--report", page, "--workers", "1", "--json"];
    const { code, stdout, stderr } = await meridianHere(args);
    assert.equal(code, 0, stderr);
    const plan = JSON.parse(stdout);
    assert.deepEqual(
      plan.runs.map(({ label }: { label: string }) => label),
      ["as it is", "routes", "quotas", "residency", "no residency"],
    );
    // The cheapest target in Europe and in the world, two classes of known sizes: dropping the rule can only save.
    const { kept, dropped } = plan.residencyCheck;
    assert.ok(dropped.usdPerMonth.value < kept.usdPerMonth.value);
    assert.deepEqual([plan.residencyCheck.className, kept.failedShare.value], ["chat", 0]);
    for (const { folder: saved } of plan.runs) assert.ok(existsSync(join(saved, "report.html")), saved);
    const quota = plan.quotas.find(({ region }: { region: string }) => region === "eu-west-1");
    assert.deepEqual([quota.limitNow, quota.binds, quota.quotaCode], [20_000, true, "L-CE33604C"]);
    assert.ok(quota.refused > 0 && quota.askTpm > 20_000);
    assert.ok(plan.quotaCheck.throttledShare.value < 0.01);
    const batch = plan.deferrals.find(({ className }: { className: string }) => className === "digest");
    assert.ok(Math.abs(batch.savingShare - 0.5) < 1e-9);
    assert.deepEqual(
      plan.residency.map(({ className, forbidden }: { className: string; forbidden: string[] }) => [
        className,
        forbidden.includes("us-east-1"),
      ]),
      [["chat", true]],
    );
    // Poisson calls: what is read from list prices varies with the traffic, and says so.
    const { savedUsd } = batch.ranges;
    assert.ok(plan.demandReplications >= 3 && savedUsd.n === plan.demandReplications);
    assert.ok(savedUsd.low < savedUsd.value && savedUsd.value < savedUsd.high);
    // 0.1 calls a second of 900 and 100 tokens at 0.8 and 3.2 USD a million, half of it: 137 USD a month of 730 h.
    const half = (0.1 * 730 * 3600 * (900 * 0.8 + 100 * 3.2)) / 1e6 / 2;
    assert.ok(savedUsd.low < half && half < savedUsd.high, `${savedUsd.low} to ${savedUsd.high}, ${half}`);
    assert.ok(quota.needRange.n >= 2 && quota.needRange.high <= 2 * quota.needTpm);
    assert.ok(plan.residency[0].ranges.priceUsd.low > 0);
    assert.ok(plan.pool.steps[0].outcome.throttledShare.value > 0);
    assert.equal(plan.pool.worthIt, 2);
    const html = readFileSync(join(page, "plan.html"), "utf8");
    const markdown = readFileSync(join(page, "plan.md"), "utf8");
    for (const { question } of ADVICE_QUESTIONS) {
      assert.ok(html.includes(question), question);
      assert.ok(markdown.includes(`### ${question}`), question);
    }
    assert.ok(html.includes("--quota-code L-CE33604C") && html.includes(plan.runs[0].run) && html.includes("<svg"));
    assert.ok(!/https?:\/\/(?!www\.w3\.org)/.test(html));
  });

  it("plans for a world whose reserved capacity is bought for one of its strategies", async () => {
    const reserving = join(folder, "reserved.yaml");
    writeFileSync(
      reserving,
      `name: reserving
duration: 2m
replications: 2
warmup: none
world:
  regions: [eu-west-1, eu-central-1]
  profiles: { restrictToWorld: true }
  models:
    m: { id: anthropic.claude-sonnet-4-5-20250929-v1:0, capacity: { kind: slots, servers: unlimited, service: 1s } }
  targets: [eu-west-1/eu, eu-central-1/eu]
  quotas: [{ tokensPerMinute: 100k }]
  reserved:
    - { region: eu-west-1, model: m, inputTokensPerMinute: 100k, outputTokensPerMinute: 10k, strategies: [bought] }
traffic:
  - { class: chat, origin: eu-west-1, arrivals: { poisson: 1/s }, tokens: { input: 400, output: 60, maxTokens: 256 } }
strategies:
  - { name: home, single: { target: eu-west-1/eu } }
  - { name: bought, priority: { targets: [eu-west-1/eu@reserved, eu-west-1/eu] } }
`,
    );
    for (const strategy of ["home", "bought"]) {
      const args = [
        "plan",
        reserving,
        "--strategy",
        strategy,
        "--out",
        join(folder, "runs"),
        "--workers",
        "1",
        "--json",
      ];
      const { code, stdout, stderr } = await meridianHere(args);
      assert.equal(code, 0, stderr);
      const plan = JSON.parse(stdout);
      const labels = plan.runs.map(({ label }: { label: string }) => label);
      // All calls of the one that bought capacity fit into it, and draw on no quota.
      assert.deepEqual(labels.slice(0, 3), ["as it is", "routes", strategy === "home" ? "quotas" : "reserved"]);
      // Ways to route are compared without what one strategy has bought.
      const alone = plan.routes[0].outcome.usdPerMonth.value;
      const own = plan.strategies.find(({ strategy: name }: { strategy: string }) => name === "home").usdPerMonth.value;
      assert.ok(Math.abs(alone / own - 1) < 0.01, `${alone} and ${own}`);
    }
  });

  it("refuses a strategy, a headroom and a budget that are none, before anything runs", async () => {
    const [strategy, headroom, budget] = await Promise.all(
      [
        ["--strategy", "hom"],
        ["--headroom", "x"],
        ["--budget", "0"],
      ].map((more) => meridianHere(["plan", file, "--out", join(folder, "none"), ...more])),
    );
    assert.deepEqual([strategy!.code, headroom!.code, budget!.code], [2, 2, 2]);
    assert.match(strategy!.stderr, /did you mean home|home/);
    assert.match(headroom!.stderr, /PLAN_HEADROOM/);
    assert.match(budget!.stderr, /PLAN_BUDGET/);
  });
});
