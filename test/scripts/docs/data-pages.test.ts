import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { claimsPage, factText, modelsPage } from "../../../scripts/docs/data-pages.ts";
import { ASSUMPTIONS } from "../../../simulator/claims/claim.ts";
import { CLAIMS } from "../../../simulator/claims/index.ts";

describe("the page of model facts", () => {
  const page = modelsPage();
  const [, overview, ...sections] = page.split(/^## /m);

  it("shows each model's values", () => {
    assert.match(
      overview!,
      /^\| `anthropic\.claude-opus-4-8` \| 15 \| 1,000,000 \| 128,000 \| no surcharge \| 1,024 \|/m,
    );
    assert.match(
      overview!,
      /^\| `anthropic\.claude-sonnet-4-5-20250929-v1:0` \| 5 \| 200,000 \|.* above 200,000 tokens: input x 2, output x 1\.5 \|/m,
    );
  });

  it("shows every statement with source, date and doubts", () => {
    const burndown = sections.find((section) => section.startsWith("Burndown"))!;
    assert.match(burndown, /^\| 15 \| `anthropic\.claude-opus-4-8` \| B1 \| 2026-08-27 \| medium-high \|/m);
    assert.match(burndown, /^\| unknown \| `anthropic\.claude-fable-5`.*the page names neither/m);
    assert.match(burndown, /^\| 1 \| all others \| B1 /m);
    assert.match(page, /^\| B1 \| Bedrock User Guide, How tokens are counted/m);
  });

  it("says what is unknown", () => {
    const unknown = sections.find((section) => section.startsWith("Unknown"))!;
    assert.match(unknown, /^\| `anthropic\.claude-fable-5` \| burndown \(tokens of quota for each output token\) \|/m);
    assert.doesNotMatch(unknown, /claude-opus-4-8/);
  });

  it("says values in words", () => {
    assert.equal(factText("samplingParameters", "one-of-two"), "one of two");
    assert.equal(factText("thinking", { modes: [], alwaysOn: false }), "no");
    assert.equal(
      factText("thinking", { modes: ["budget", "adaptive"], minimumBudgetTokens: 1024, alwaysOn: false }),
      "budget or adaptive, from 1,024 tokens",
    );
    assert.equal(factText("thinking", { modes: ["adaptive"], alwaysOn: true }), "adaptive, always on");
    assert.equal(factText("lifecycle", { state: "active" }), "active");
    assert.equal(
      factText("lifecycle", { state: "legacy", legacySince: "2026-07-08", endOfLife: "2027-01-08" }),
      "legacy since 2026-07-08, last day 2027-01-08",
    );
    assert.equal(factText("profileOnly", false), "no");
  });
});

describe("the page of claims", () => {
  it("has a section for every claim and a row for every assumption", async () => {
    const page = await claimsPage();
    for (const { id, says } of CLAIMS) assert.ok(page.includes(`## ${id}\n`) && page.includes(says), id);
    for (const name of Object.keys(ASSUMPTIONS)) assert.ok(page.includes(`| \`${name}\` |`), name);
  });
});
