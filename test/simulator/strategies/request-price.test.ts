import assert from "node:assert/strict";
import { test } from "node:test";
import { requestPriceMicroUsd } from "../../../simulator/strategies/request-price.ts";
import { contextOf, requestOf, viewOf } from "./fixtures.ts";

test("tokens times USD per million tokens is millionths of a USD", () => {
  const view = viewOf(contextOf("a"));
  view.priceInUsdPerMTok[0] = 3;
  view.priceOutUsdPerMTok[0] = 15;
  const request = requestOf({ inputTokens: 2_000, maxTokens: 500 });
  assert.equal(requestPriceMicroUsd(request, view, 0, Infinity), 2_000 * 3 + 500 * 15);
  assert.equal(requestPriceMicroUsd(request, view, 0, 100), 2_000 * 3 + 100 * 15);
  view.priceOutUsdPerMTok[0] = NaN;
  assert.equal(requestPriceMicroUsd(request, view, 0, 100), Infinity);
});
