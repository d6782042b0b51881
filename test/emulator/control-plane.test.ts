import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createApplicationProfiles, createControlPlane } from "../../emulator/control-plane.ts";
import type { ControlOperation } from "../../emulator/http/router.ts";
import { createCatalog, DEFAULT_CATALOG } from "../../emulator/model/catalog.ts";
import { CLAUDE, CLAUDE_BASE, TITAN } from "./support.ts";

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
  it("wrap a model or a system profile and are found by id and ARN in their region", () => {
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
  it("are created once for the same client request token", () => {
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
  it("refuse invalid names, bare ids, unknown sources and other application profiles", () => {
    const profiles = make();
    const own = profiles.create(request(MODEL_ARN), REGION).arn;
    const bodies = [
      request(MODEL_ARN, { inferenceProfileName: "a/b" }),
      request(MODEL_ARN, { inferenceProfileName: "a".repeat(100_000) }),
      request(CLAUDE),
      request(`arn:aws:bedrock:${REGION}::foundation-model/unknown.model`),
      {},
    ];
    for (const body of bodies) assert.throws(() => profiles.create(body, REGION), { name: "ValidationException" });
    assert.throws(() => profiles.create(request(own), REGION), { name: "ResourceNotFoundException" });
  });
  it("are limited to one thousand", () => {
    const profiles = make();
    for (let index = 0; index < 1000; index++) profiles.create(request(MODEL_ARN), REGION);
    assert.throws(() => profiles.create(request(MODEL_ARN), REGION), { name: "ServiceQuotaExceededException" });
  });
});

const ACCOUNT = "123456789012";
const catalog = createCatalog(DEFAULT_CATALOG);
const plane = createControlPlane(catalog, createApplicationProfiles(catalog, ACCOUNT), ACCOUNT);

interface Listed {
  readonly inferenceProfileSummaries: {
    readonly inferenceProfileId: string;
    readonly models: { readonly modelArn: string }[];
  }[];
  readonly nextToken?: string;
}

const ask = (operation: ControlOperation, id = "", query = "", region = "us-east-1", body = "") =>
  plane.handle({ operation, id, query: new URLSearchParams(query), body: Buffer.from(body) }, region).body;
const list = (query = "", region = "us-east-1") => ask("ListInferenceProfiles", "", query, region) as Listed;

describe("control plane", () => {
  it("lists the profiles that a region offers, page by page", () => {
    const all = list().inferenceProfileSummaries.map(({ inferenceProfileId }) => inferenceProfileId);
    assert.ok(all.includes(CLAUDE) && all.every((id) => /^(us|global)\./.test(id)), all.join());
    const ids: string[] = [];
    let token: string | undefined = "0";
    while (token !== undefined) {
      const page = list(`maxResults=2&nextToken=${token}`);
      assert.ok(page.inferenceProfileSummaries.length <= 2);
      ids.push(...page.inferenceProfileSummaries.map(({ inferenceProfileId }) => inferenceProfileId));
      token = page.nextToken;
    }
    assert.deepEqual(ids, all);
  });
  it("lists a geographic profile's destinations, and for a global one the region and one without a region", () => {
    const arns = (id: string) =>
      (ask("GetInferenceProfile", id) as { models: { modelArn: string }[] }).models.map(({ modelArn }) => modelArn);
    assert.deepEqual(
      arns(CLAUDE).map((arn) => arn.split(":")[3]),
      ["us-east-1", "us-east-2", "us-west-2"],
    );
    assert.deepEqual(arns(CLAUDE.replace("us.", "global.")), [
      `arn:aws:bedrock:us-east-1::foundation-model/${CLAUDE_BASE}`,
      `arn:aws:bedrock:::foundation-model/${CLAUDE_BASE}`,
    ]);
  });
  it("lists models with how they are offered", () => {
    const models = (query: string) =>
      (
        ask("ListFoundationModels", "", query) as {
          modelSummaries: { modelId: string; inferenceTypesSupported: string[] }[];
        }
      ).modelSummaries;
    const byId = new Map(models("").map((model) => [model.modelId, model.inferenceTypesSupported]));
    assert.deepEqual(byId.get(CLAUDE_BASE), ["INFERENCE_PROFILE"]);
    assert.deepEqual(byId.get(TITAN), ["ON_DEMAND"]);
    assert.ok(models("byInferenceType=ON_DEMAND").every(({ modelId }) => modelId !== CLAUDE_BASE));
    assert.equal(
      (ask("GetFoundationModel", TITAN) as { modelDetails: { modelId: string } }).modelDetails.modelId,
      TITAN,
    );
  });
  it("filters models, and finds one by its ARN in its region", () => {
    const ids = (query: string) =>
      (ask("ListFoundationModels", "", query) as { modelSummaries: { modelId: string }[] }).modelSummaries.map(
        ({ modelId }) => modelId,
      );
    assert.deepEqual(ids("byOutputModality=TEXT"), ids(""));
    assert.ok(ids("byProvider=Amazon").every((id) => id.startsWith("amazon.")));
    for (const none of [
      "byOutputModality=EMBEDDING",
      "byCustomizationType=FINE_TUNING",
      "byInferenceType=PROVISIONED",
    ]) {
      assert.deepEqual(ids(none), [], none);
    }
    for (const wrong of ["byOutputModality=SOUND", "byCustomizationType=x", "byInferenceType=on_demand"]) {
      assert.throws(() => ids(wrong), { name: "ValidationException" }, wrong);
    }
    const found = ask("GetFoundationModel", MODEL_ARN) as { modelDetails: { modelArn: string } };
    assert.equal(found.modelDetails.modelArn, MODEL_ARN);
    assert.throws(() => ask("GetFoundationModel", MODEL_ARN, "", "eu-west-1"), { name: "ResourceNotFoundException" });
  });
  it("refuses what the service refuses", () => {
    assert.throws(() => list("type=OTHER"), { name: "ValidationException" });
    assert.throws(() => list("maxResults=0"), { name: "ValidationException" });
    assert.throws(() => list("nextToken=x"), { name: "ValidationException" });
    assert.throws(() => ask("GetInferenceProfile", "eu.nothing"), { name: "ResourceNotFoundException" });
    assert.throws(() => ask("GetFoundationModel", "unknown.model"), { name: "ResourceNotFoundException" });
    assert.throws(() => ask("DeleteInferenceProfile", CLAUDE), { name: "ValidationException" });
    assert.throws(() => ask("CreateInferenceProfile", "", "", "us-east-1", "{"), { name: "SerializationException" });
  });
});
