import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ADVICE_CHARTS } from "../../../reports/advice/charts.ts";
import { RESERVED, RESIDENCY } from "../../../reports/advice/commitments.ts";
import {
  decisionTable,
  renderAdviceHtml,
  renderAdviceMarkdown,
  renderAdviceText,
} from "../../../reports/advice/index.ts";
import { MAX_TOKENS, QUOTA } from "../../../reports/advice/quotas.ts";
import { BATCH, LATENCY_PRICE, PROFILE, REGIONS } from "../../../reports/advice/routing.ts";
import { centsText, savingText, tokens } from "../../../reports/advice/section.ts";
import { LIGHT } from "../../../reports/base/theme.ts";
import { importedBillText } from "../../../reports/bill/imports-text.ts";
import type { Advice } from "../../../simulator/advice/advice.ts";
import { ONE } from "../../../simulator/bill/bill-line.ts";
import { advice, between, exact, outcome } from "./fixture.ts";

const said = (question: typeof QUOTA, of = advice()) => question.answer(of).answer.join(" ");

describe("answers of a plan", () => {
  it("quota: what binds, what to ask for, what it is worth, and that it was tried", () => {
    assert.match(said(QUOTA), /one quota binds: default\/us-east-1\/m\/geographic \(600k; refused 12 attempts\)/);
    assert.match(said(QUOTA), /Ask for 840,000 tokens a minute of m, cross-region, in us-east-1, and for 1\.2G a day/);
    assert.match(said(QUOTA), /a million tokens a minute more would have saved USD 3\.50/);
    assert.match(said(QUOTA), /Tried before asking: .* 0\.4\d* % of the attempts of home/);
    assert.deepEqual(QUOTA.answer(advice()).commands, [
      "aws service-quotas request-service-quota-increase --service-code bedrock --quota-code L-C0326783 --desired-value 840000 --region us-east-1",
    ]);
    const [quota] = advice().quotas;
    const unknown = advice({ quotas: [{ ...quota!, quotaCode: undefined }] });
    assert.match(
      said(QUOTA, unknown),
      /The Service Quotas code of amazon\.nova-pro-v1:0, cross-region is not known here/,
    );
    assert.match(QUOTA.answer(unknown).commands[0]!, /list-service-quotas/);
    const enough = advice({ quotas: [{ ...quota!, limitNow: 900_000, binds: false }] });
    assert.deepEqual(QUOTA.answer(enough).commands, []);
  });

  it("max_tokens: what leaving it out costs, what setting it saves", () => {
    assert.match(said(MAX_TOKENS), /would then need 3M tokens a minute, 4\.3 times what it needs as it is/);
    assert.match(said(MAX_TOKENS), /\(chat 470\) it would need 560k, 20\.0 % less/);
  });

  it("regions, profile, batch, and what a faster answer costs", () => {
    assert.match(said(REGIONS), /^2 regions: throttled attempts go from 20\.0 % to 0 %/);
    assert.match(said(PROFILE), /Global profile is the cheapest that serves, at USD 910 a month/);
    assert.match(said(PROFILE), /9\.0 % \(8\.0–10\.0\) less than one region|9 % \(8–10\) less than one region/);
    assert.match(said(PROFILE), /not for eu: may run outside \(residency eu\)/);
    assert.match(said(BATCH), /Defer digest \(USD 100 a month less by list price\)/);
    assert.match(said(BATCH), /could wait up to 24 h: chat would save USD 400 a month/);
    const unlisted = advice().deferrals.map((each) => ({ ...each, isListed: each.className !== "chat" }));
    assert.match(said(BATCH, advice({ deferrals: unlisted })), /no batch price of the model of chat: the usual ratio/);
    assert.match(
      said(LATENCY_PRICE),
      /global profile \(routes\) saves USD 90 a month for 1\.00 s of p95: USD 90 for each second/,
    );
  });

  it("reserved: the verdict of the simulation goes before that of the arithmetic", () => {
    assert.match(said(RESERVED), /^None: nothing that is sold costs less/);
    assert.match(said(RESERVED), /USD 18,428\.00 a month more/);
    const [none] = advice().reservations;
    const pays = { ...none!, bestUsd: 900n * ONE, kinds: none!.kinds.map((kind) => ({ ...kind, bestTpm: 100_000 })) };
    assert.match(said(RESERVED, advice({ reservations: [pays] })), /^Reserve 100,000 input and 100,000 output/);
    const check = {
      bought: "x",
      without: outcome("one region"),
      outcome: outcome("reserved", { usdPer1kServed: exact(3) }),
    };
    const against = advice({ reservations: [pays], reservedCheck: check });
    assert.match(said(RESERVED, against), /^None for its price: .* simulated it costs more/);
    const here = (planned: Advice) =>
      decisionTable(planned).rows.find(({ cells }) => cells[0]!.text === "reserved tokens a minute")!.cells[2]!.text;
    assert.equal(here(against), "does not pay: simulated it costs more");
    // Without it a quarter fails: what 1,000 served cost is not of the same requests.
    const failing = { ...check, without: outcome("one region", { failedShare: exact(0.25) }) };
    const unlike = advice({ reservations: [pays], reservedCheck: failing });
    assert.match(
      said(RESERVED, unlike),
      /^Reserve 100,000 .* its price is not comparable: 0 % of the requests fail with it, 25\.0 % without\./,
    );
    assert.match(here(unlike), /a month less at best$/);
  });

  it("reserved: hours of a short run are not those of a commitment", () => {
    assert.doesNotMatch(said(RESERVED), /quiet hours/);
    assert.match(
      said(RESERVED, advice({ ofHours: 2 })),
      /for hours like the 2 h of the scenario, day and night: a commitment is paid in quiet hours, too/,
    );
  });

  it("residency: the price of a rule, or that it has none", () => {
    assert.match(
      said(RESIDENCY),
      /eu \(eu\): USD 100 a month \(10\.0 %\)\. Without it us-east-1\/global could be used/,
    );
    const free = { className: "eu", rule: "eu", withRuleUsd: 5, withoutRuleUsd: 5, forbidden: [] };
    assert.match(said(RESIDENCY, advice({ residency: [free] })), /eu \(eu\): nothing/);
    assert.match(said(RESIDENCY, advice({ residency: [{ ...free, withRuleUsd: null }] })), /quotas leave no way/);
    assert.equal(said(RESIDENCY, advice({ residency: [] })), "No class has a residency rule.");
  });

  it("the decision table has the scenario's own figures in every row", () => {
    const rows = decisionTable(advice()).rows.map(({ cells }) => [cells[0]!.text, cells[2]!.text]);
    const here = Object.fromEntries(rows);
    assert.equal(here["geographic profile"], "not offered in this world");
    assert.match(
      here["global profile"]!,
      /^USD 910, .* less than one region; p95 4\.00 s, throttled 20\.0 % \(chat only\)$/,
    );
    const none = { value: null, low: null, high: null, n: 3 };
    const failing = advice({
      routes: [{ ...advice().routes[0]!, outcome: outcome("one region", { p95Ms: none, failedShare: exact(0.33) }) }],
    });
    assert.equal(
      decisionTable(failing).rows.find(({ cells }) => cells[0]!.text === "on-demand, one region")!.cells[2]!.text,
      "USD 1,000; p95 none (too many fail), throttled 20.0 %, 33.0 % of the requests failed",
    );
    assert.match(here["provisioned throughput"]!, /does not pay: a unit costs as much as 300k tokens a minute/);
    assert.match(here["priority tier"]!, /^USD 1,750 by list price/);
    assert.equal(here["flex tier"], "no list price for these models");
    assert.match(here.batch!, /^digest: USD 100 a month less$/);
    assert.match(here["reserved tokens a minute"]!, /^does not pay: the smallest costs USD 18,428\.00 a month more$/);
  });
});

describe("a plan as text, Markdown and page", () => {
  it("has every question, its runs, and lines of at most the width that is asked for", async () => {
    const text = renderAdviceText(advice({ hours: 1 }), { colour: false, width: 90 });
    assert.match(text, /^shop: 1 h of its 24 h, the busiest/);
    assert.ok(text.includes("Runs: as it is (shop-plan-1)."));
    const long = text.split("\n").filter((line) => line.length > 90 && !line.startsWith("  $ "));
    assert.deepEqual(long, []);
    assert.match(renderAdviceMarkdown(advice()), /### What to use when\n\n\|/);
    const html = await renderAdviceHtml(advice({ strategy: "<b>home</b>" }));
    assert.ok(html.includes("&lt;b&gt;home&lt;/b&gt;") && !html.includes("<b>home"));
    assert.equal(html.match(/<svg/g)?.length, 6);
  });

  it("draws no picture of what is not there", () => {
    const empty = advice({ quotas: [], loadDurations: [], pool: { steps: [], worthIt: 1 } });
    for (const chart of Object.values(ADVICE_CHARTS)) {
      assert.ok(chart.absence(empty) !== undefined, chart.id);
      assert.equal(chart.absence(advice()), undefined, chart.id);
      assert.ok(chart.spec(advice(), LIGHT) !== undefined && chart.table(advice()).rows.length > 0, chart.id);
    }
  });
});

describe("pictures of a plan", () => {
  it("have nothing throttled at the bottom of an axis with a length, and fit a telephone", () => {
    const steps = [1, 2].map((regions) => ({ regions, outcome: outcome("x", { throttledShare: exact(0) }) }));
    const spec = ADVICE_CHARTS.regions!.spec(advice({ pool: { steps, worthIt: 1 } }), LIGHT) as {
      readonly encoding: { readonly y: { readonly scale: object } };
    };
    assert.deepEqual(spec.encoding.y.scale, { domainMin: 0, domainMax: 1 });
    for (const chart of Object.values(ADVICE_CHARTS)) {
      const { width } = chart.spec(advice(), LIGHT) as { readonly width: number };
      assert.ok(width <= 420, chart.id);
    }
  });
});

describe("words of sums", () => {
  it("groups digits, rounds tokens, and names a difference only where it is shown", () => {
    assert.equal(centsText(1_234_567n * ONE + ONE / 200n), "1,234,567.01");
    assert.deepEqual([999, 1_250_000, 2e9].map(tokens), ["999", "1.25M", "2G"]);
    assert.equal(
      savingText(outcome("x", { savingShare: between(0.01, -0.01, 0.03) })),
      "no difference from one region shown",
    );
    assert.equal(
      savingText(outcome("x", { savingShare: between(0.3, 0.2, 0.4), isLikeBaseline: false })),
      "not comparable with one region, since other requests fail",
    );
    assert.match(
      savingText(outcome("x", { savingShare: between(-0.05, -0.06, -0.04) })),
      /^5\.0 % \(4\.0–6\.0\) more|^5 % \(4–6\) more/,
    );
  });

  it("an import says the sums of file and store, and what has no team", () => {
    const sums = {
      totalUsd: 1234n * ONE,
      storedUsd: 1234n * ONE,
      tokensUsd: ONE,
      unattributedUsd: 0n,
      untaggedUsd: ONE,
    };
    const counts = { source: "cur", lines: 2, days: 1, accounts: 1, teamTag: "team", replacedDays: 1 };
    const text = importedBillText({ ...sums, ...counts });
    assert.match(text, /2 lines \(cur\) of 1 day and 1 account, in the place of 1 day that were there/);
    assert.match(text, /USD 1,234\.00 in the file, USD 1,234\.00 in the store/);
    assert.match(text, /USD 1\.00 of usage has no team/);
  });
});
