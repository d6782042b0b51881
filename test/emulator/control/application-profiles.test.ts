import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createCatalog } from "../../../emulator/catalog.ts";
import { createApplicationProfiles } from "../../../emulator/control/application-profiles.ts";
import { DEFAULT_CATALOG } from "../../../emulator/default-catalog.ts";
import { CLAUDE, TITAN } from "../support.ts";

const REGION = "us-east-1";
const make = () => createApplicationProfiles(createCatalog(DEFAULT_CATALOG), "123456789012");
const request = (copyFrom: string, extra: object = {}) => ({
  inferenceProfileName: "team-a",
  modelSource: { copyFrom },
  ...extra,
});
const PROFILE_ARN = `arn:aws:bedrock:${REGION}:123456789012:inference-profile/${CLAUDE}`;
const MODEL_ARN = `arn:aws:bedrock:${REGION}::foundation-model/${TITAN}`;

describe("application profiles", () => {
  it("copy a model or a system profile and are found by id and ARN in their region", () => {
    const profiles = make();
    const first = profiles.create(request(PROFILE_ARN), REGION);
    const second = profiles.create(request(MODEL_ARN), REGION);
    assert.match(first.arn, /^arn:aws:bedrock:us-east-1:123456789012:application-inference-profile\/[0-9a-f]{12}$/);
    assert.notEqual(first.id, second.id);
    assert.equal(profiles.lookup(first.arn, REGION), CLAUDE);
    assert.equal(profiles.lookup(second.id, REGION), TITAN);
    assert.equal(profiles.lookup(first.arn, "eu-west-1"), undefined);
    assert.deepEqual(profiles.list("eu-west-1"), []);
  });
  it("repeat a request with the same token instead of making another", () => {
    const profiles = make();
    const body = request(PROFILE_ARN, { clientRequestToken: "t" });
    assert.equal(profiles.create(body, REGION).arn, profiles.create(body, REGION).arn);
    assert.equal(profiles.list(REGION).length, 1);
  });
  it("are gone after deletion", () => {
    const profiles = make();
    const { id, arn } = profiles.create(request(MODEL_ARN), REGION);
    profiles.delete(id, REGION);
    assert.throws(() => profiles.get(arn, REGION), { name: "ResourceNotFoundException" });
    assert.throws(() => profiles.delete(arn, REGION), { name: "ResourceNotFoundException" });
  });
  it("refuse bad names, bare ids, unknown sources and other application profiles", () => {
    const profiles = make();
    const own = profiles.create(request(MODEL_ARN), REGION).arn;
    const bodies = [
      request(MODEL_ARN, { inferenceProfileName: "a/b" }),
      request(MODEL_ARN, { inferenceProfileName: "a".repeat(100_000) }),
      request(CLAUDE),
      request(`arn:aws:bedrock:${REGION}::foundation-model/nobody.model`),
      {},
    ];
    for (const body of bodies) assert.throws(() => profiles.create(body, REGION), { name: "ValidationException" });
    assert.throws(() => profiles.create(request(own), REGION), { name: "ResourceNotFoundException" });
  });
  it("are a thousand at most", () => {
    const profiles = make();
    for (let index = 0; index < 1000; index++) profiles.create(request(MODEL_ARN), REGION);
    assert.throws(() => profiles.create(request(MODEL_ARN), REGION), { name: "ServiceQuotaExceededException" });
  });
});
