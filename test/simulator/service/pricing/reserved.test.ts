import assert from "node:assert/strict";
import { test } from "node:test";
import { formatUsd } from "../../../../simulator/service/pricing/prices.ts";
import {
  capacityLine,
  provisionedUsdPerHour,
  reservedTierUsdPerHour,
} from "../../../../simulator/service/pricing/reserved.ts";
import { BOOK_DATA } from "./fixtures.ts";

const SONNET = "anthropic.claude-sonnet-4-5-20250929-v1:0";

test("provisioned throughput: model units by the hour, by term", () => {
  const modelId = "meta.llama3-1-70b-instruct-v1:0";
  assert.equal(provisionedUsdPerHour(BOOK_DATA, { modelId, term: "noCommit", units: 2 }), 48);
  assert.equal(provisionedUsdPerHour(BOOK_DATA, { modelId, term: "sixMonth", units: 1 }), 13.08);
});

test("a model or a term that is not sold so is refused", () => {
  const ask = (modelId: string, term: "noCommit" | "oneMonth") => () =>
    provisionedUsdPerHour(BOOK_DATA, { modelId, term, units: 1 });
  assert.throws(ask("meta.llama3-1-700b-instruct-v1:0", "oneMonth"), /CAPACITY_NOT_SOLD/);
  assert.throws(ask("anthropic.claude-v2:1", "noCommit"), /term noCommit/);
  assert.throws(ask(SONNET, "oneMonth"), /CAPACITY_NOT_SOLD/);
});

test("reserved tier: USD per hour for thousands of tokens per minute; three months are 10 % less", () => {
  const request = { modelId: SONNET, routing: "geo" as const, inputTpm: 200_000, outputTpm: 20_000 };
  const oneMonth = reservedTierUsdPerHour(BOOK_DATA, { ...request, termMonths: 1 });
  assert.ok(Math.abs(oneMonth - (200 * 0.198 + 20 * 0.99)) < 1e-9);
  const threeMonths = reservedTierUsdPerHour(BOOK_DATA, { ...request, termMonths: 3 });
  assert.ok(Math.abs(threeMonths / oneMonth - 0.9) < 1e-9);
  const global = reservedTierUsdPerHour(BOOK_DATA, { ...request, routing: "global", termMonths: 1 });
  assert.ok(Math.abs(oneMonth / global - 1.1) < 1e-9);
});

test("too small a reservation and unknown terms are refused", () => {
  const request = { modelId: SONNET, routing: "geo" as const, inputTpm: 200_000, outputTpm: 20_000, termMonths: 1 };
  assert.throws(() => reservedTierUsdPerHour(BOOK_DATA, { ...request, outputTpm: 9_999 }), /CAPACITY_TOO_SMALL/);
  assert.throws(() => reservedTierUsdPerHour(BOOK_DATA, { ...request, termMonths: 12 }), /CAPACITY_NOT_SOLD/);
});

test("capacity is a line of the bill, exact", () => {
  const line = capacityLine("llama, 1 unit", 21.18, 720);
  assert.equal(formatUsd(line.costFUsd), "15249.6");
  assert.equal(formatUsd(capacityLine("half an hour", 24, 0.5).costFUsd), "12");
});
