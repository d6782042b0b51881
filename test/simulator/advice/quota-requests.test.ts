import assert from "node:assert/strict";
import { it } from "node:test";
import { loadReference } from "../../../scripts/io/reference.ts";
import {
  findCodeLineOf,
  quotaEntryOf,
  quotaRequests,
  requestLineOf,
  twoDigitsUp,
} from "../../../simulator/advice/quota-requests.ts";
import { assembleResult } from "../../../simulator/experiment/assemble.ts";
import { runAll } from "../experiment/fixtures.ts";
import { NOVA, SONNET, worldPlan } from "./worlds.ts";

const reference = await loadReference();

/** One call a second: 400 tokens in, 60 out, 256 asked for. */
function requestsOf(modelId: string, target: string, headroom = 0.2) {
  const plan = worldPlan(modelId, [target], [{}]);
  const inputs = { plan, quotaDetail: true };
  const result = assembleResult(inputs, runAll(inputs), { scenarioSha256: "", meridianVersion: "", traces: [] });
  const [found, ...others] = quotaRequests(plan, result, result.strategies[0]!, {
    data: reference.quotas,
    names: reference.models.nameOf,
    headroom,
    dayOverSimulated: undefined,
  });
  assert.equal(others.length, 0);
  return found!;
}

it("a quota to ask for: place, family, code, tokens a minute and a day, calls a minute", () => {
  const found = requestsOf(NOVA, "eu-west-1/eu");
  assert.deepEqual(
    [found.region, found.model, found.family, found.limitNow, found.binds, found.quotaCode, found.defaultTpm],
    ["eu-west-1", "m", "geographic", null, false, "L-C0326783", 200_000],
  );
  // A minute settles 60 x 460 tokens; at most 1 % throttled lets a rolling window be a little smaller than that.
  assert.ok(found.needTpm > 0.95 * 27_600 && found.needTpm < 60 * 656, String(found.needTpm));
  assert.equal(found.askTpm, twoDigitsUp(found.needTpm * 1.2));
  // 3,599 calls in an hour, 24 such hours, with a fifth of headroom.
  assert.equal(found.askTpd, twoDigitsUp(3599 * 460 * 24 * 1.2));
  assert.equal(found.askRpm, 72);
});

it("an unset max_tokens reserves the model's largest answer, an explicit one what answers need", () => {
  const found = requestsOf(NOVA, "eu-west-1/eu");
  assert.equal(found.maxOutputTokens, 10_000);
  // In a second at least one call is on its way, which holds 400 + 10,000 tokens.
  assert.ok(found.unsetTpm > found.needTpm + 0.9 * (10_000 - 256), String(found.unsetTpm));
  assert.ok(found.explicitTpm <= found.needTpm);
  assert.deepEqual(found.explicitMaxTokens, [{ name: "c0", tokens: 60 }]);
});

it("lines to run: a request where the code is known, a search by the model's name where not", () => {
  const known = requestsOf(NOVA, "eu-west-1/eu");
  assert.equal(
    requestLineOf(known),
    `aws service-quotas request-service-quota-increase --service-code bedrock --quota-code L-C0326783 --desired-value ${known.askTpm} --region eu-west-1`,
  );
  const unknown = requestsOf(SONNET, "eu-west-1/global");
  assert.equal(requestLineOf(unknown), undefined);
  assert.match(
    findCodeLineOf(unknown),
    /starts_with\(QuotaName, 'Global cross-region'\) && contains\(QuotaName, 'Claude Sonnet 4\.5'\)/,
  );
  assert.deepEqual(quotaEntryOf(known), {
    region: "eu-west-1",
    model: "m",
    family: "geographic",
    tokensPerMinute: known.askTpm,
    tokensPerDay: known.askTpd,
    law: "rolling-window",
  });
});

it("rounds up to two digits", () => {
  assert.deepEqual([0, 7, 99, 101, 706_391, 710_000].map(twoDigitsUp), [0, 7, 99, 110, 710_000, 710_000]);
});
