import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createCatalog } from "../../../emulator/catalog.ts";
import { createApplicationProfiles } from "../../../emulator/control/application-profiles.ts";
import { createControlPlane } from "../../../emulator/control/control-plane.ts";
import { DEFAULT_CATALOG } from "../../../emulator/default-catalog.ts";
import type { ControlOperation } from "../../../emulator/router.ts";
import { CLAUDE, CLAUDE_BASE, TITAN } from "../support.ts";

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
  it("shows a geographic profile's destinations, and a global one's as region and none", () => {
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
  it("lists models with how they are sold", () => {
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
  it("refuses what the service refuses", () => {
    assert.throws(() => list("type=OTHER"), { name: "ValidationException" });
    assert.throws(() => list("maxResults=0"), { name: "ValidationException" });
    assert.throws(() => list("nextToken=x"), { name: "ValidationException" });
    assert.throws(() => ask("GetInferenceProfile", "eu.nothing"), { name: "ResourceNotFoundException" });
    assert.throws(() => ask("GetFoundationModel", "nobody.model"), { name: "ResourceNotFoundException" });
    assert.throws(() => ask("DeleteInferenceProfile", CLAUDE), { name: "ValidationException" });
    assert.throws(() => ask("CreateInferenceProfile", "", "", "us-east-1", "{"), { name: "SerializationException" });
  });
});
