import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { AWS_REGIONS } from "../../../simulator/base/regions.ts";
import { type ProfileQuestion, type ProfileRoute, profilesSchema } from "../../../simulator/service/profiles.ts";
import { bookFor, PROFILE_DATA } from "./fixtures.ts";

const EVERYWHERE = AWS_REGIONS.map((region) => region.id);
const SONNET = "anthropic.claude-sonnet-4-5-20250929-v1:0";

function route(book: ReturnType<typeof bookFor>, question: ProfileQuestion): ProfileRoute {
  const found = book.route(question);
  assert.ok(!("code" in found), JSON.stringify(found));
  return found;
}

function problem(book: ReturnType<typeof bookFor>, question: ProfileQuestion) {
  const found = book.route(question);
  assert.ok("code" in found, JSON.stringify(found));
  return found;
}

describe("routes of profiles", () => {
  // Recorded facts: live API output of 2026-08-21.
  it("destinations depend on model and source", () => {
    const book = bookFor(EVERYWHERE);
    const from = (source: string) => [...route(book, { profile: `us.${SONNET}`, source }).destinations].sort();
    const core = ["us-east-1", "us-east-2", "us-west-2"];
    assert.deepEqual(from("us-east-1"), core);
    assert.deepEqual(from("us-west-1"), ["us-east-1", "us-east-2", "us-west-1", "us-west-2"]);
    assert.deepEqual(from("ca-central-1"), ["ca-central-1", ...core]);
    const zurich = route(book, { profile: "eu", modelId: SONNET, source: "eu-central-2" });
    assert.equal(zurich.profileId, `eu.${SONNET}`);
    assert.equal(zurich.family, "geographic");
    assert.equal(zurich.destinations.length, 7);
    const milan = route(book, { profile: "eu.amazon.nova-pro-v1:0", source: "il-central-1" });
    assert.ok(milan.destinations.includes("eu-south-1") && milan.destinations.includes("il-central-1"));
  });

  it("the newer record of a profile replaces the historical one", () => {
    const haiku = problem(bookFor(EVERYWHERE), {
      profile: "us.anthropic.claude-3-haiku-20240307-v1:0",
      source: "us-west-2",
    });
    assert.equal(haiku.code, "PROFILE_NOT_OFFERED");
    assert.match(haiku.fix ?? "", /us-east-2/);
  });

  it("a global profile may use every commercial region, never GovCloud", () => {
    const global = route(bookFor(EVERYWHERE), { profile: `global.${SONNET}`, source: "eu-west-1" });
    assert.equal(global.family, "global");
    assert.ok(global.destinations.includes("ap-southeast-6"));
    assert.ok(!global.destinations.some((region) => region.startsWith("us-gov-")));
  });

  it("cutting a profile to the world must be requested, and is visible", () => {
    const world = ["us-west-2", "us-east-1", "eu-west-1"];
    const question = { profile: `us.${SONNET}`, source: "us-east-1" };
    const refused = problem(bookFor(world), question);
    assert.equal(refused.code, "PROFILE_OUTSIDE_WORLD");
    assert.match(refused.what, /us-east-2/);
    assert.match(refused.fix ?? "", /restrictToWorld/);
    const cut = route(bookFor(world, { restrictToWorld: true }), question);
    assert.deepEqual(cut.inWorld, ["us-west-2", "us-east-1"]);
    assert.deepEqual(cut.outsideWorld, ["us-east-2"]);
    assert.equal(cut.destinations.length, 3);
  });

  it("a profile without any destination in the world is refused even when cut", () => {
    const book = bookFor(["us-east-1"], { restrictToWorld: true });
    assert.equal(problem(book, { profile: `eu.${SONNET}`, source: "eu-west-1" }).code, "PROFILE_WITHOUT_DESTINATION");
  });

  it("application profiles keep routing and family, and add tags", () => {
    const define = [
      { name: "checkout", copyFrom: `us.${SONNET}`, tags: { team: "checkout" } },
      { name: "plain", copyFrom: "meta.llama3-3-70b-instruct-v1:0" },
    ];
    const book = bookFor(EVERYWHERE, { define });
    const checkout = route(book, { profile: "checkout", source: "us-east-1" });
    assert.deepEqual([checkout.profileId, checkout.modelId, checkout.family], ["checkout", SONNET, "geographic"]);
    assert.deepEqual(checkout.tags, { team: "checkout" });
    assert.equal(checkout.destinations.length, 3);
    const plain = route(book, { profile: "plain", source: "us-east-2" });
    assert.deepEqual([plain.family, plain.destinations], ["regional", ["us-east-2"]]);
  });

  it("imagined profiles, the same for all sources or by source", () => {
    const define = [
      { name: "pair", model: "m", destinations: ["r1", "r2"] },
      { name: "uneven", model: "m", destinations: { r1: ["r2", "r1"] }, family: "global" as const },
    ];
    const book = bookFor(["r1", "r2"], { define });
    assert.deepEqual(route(book, { profile: "pair", source: "r2" }).inWorld, ["r1", "r2"]);
    assert.deepEqual(route(book, { profile: "uneven", source: "r1" }).inWorld, ["r1", "r2"]);
    assert.equal(route(book, { profile: "pair", source: "r2" }).family, "geographic");
    assert.equal(route(book, { profile: "uneven", source: "r1" }).family, "global");
    assert.equal(problem(book, { profile: "uneven", source: "r2" }).code, "PROFILE_NOT_OFFERED");
  });

  it("unknown profiles are answered with near names or the model's profiles", () => {
    const book = bookFor(EVERYWHERE);
    assert.match(
      problem(book, { profile: "us.amazon.nova-pro", source: "us-east-1" }).what,
      /did you mean us\.amazon\.nova-pro-v1:0/,
    );
    const apac = problem(book, { profile: "apac", modelId: SONNET, source: "ap-northeast-1" });
    assert.equal(apac.code, "PROFILE_UNKNOWN");
    assert.ok(apac.fix?.includes(`jp.${SONNET}`));
    assert.equal(problem(book, { profile: "constructor", source: "us-east-1" }).code, "PROFILE_UNKNOWN");
  });

  it("names of profiles are unique", () => {
    const twice = { define: [1, 2].map(() => ({ name: "p", copyFrom: "m" })) };
    assert.throws(() => bookFor(EVERYWHERE, twice), /PROFILE_NAME_TAKEN/);
    assert.throws(
      () => bookFor(EVERYWHERE, { define: [{ name: `us.${SONNET}`, copyFrom: "m" }] }),
      /PROFILE_NAME_TAKEN/,
    );
  });

  it("the profiles of a model in a source region", () => {
    assert.deepEqual(bookFor(EVERYWHERE).profilesOf(SONNET, "ap-northeast-1"), [`global.${SONNET}`, `jp.${SONNET}`]);
  });
});

describe("the reference data", () => {
  it("91 profiles, and every region they name is in the catalogue", () => {
    assert.equal(PROFILE_DATA.profiles.length, 91);
    const known = new Set(AWS_REGIONS.map((region) => region.id));
    for (const profile of PROFILE_DATA.profiles) {
      const named =
        profile.kind === "global"
          ? profile.sourceRegions
          : Object.entries(profile.destinationsBySource).flatMap(([source, destinations]) => [source, ...destinations]);
      for (const region of named) assert.ok(known.has(region), `${profile.profileId} ${region}`);
      assert.equal(profile.profileId, `${profile.prefix}.${profile.modelId}`);
    }
  });

  it("only one record of each profile is not historical", () => {
    const current = PROFILE_DATA.profiles
      .filter((profile) => profile.historical !== true)
      .map((profile) => profile.profileId);
    assert.equal(new Set(current).size, current.length);
  });
});

describe("the profiles block", () => {
  it("profiles are real ones unless the scenario says otherwise", () => {
    assert.deepEqual(profilesSchema.parse({}), { restrictToWorld: false, define: [] });
  });

  it("an own profile is either a copy or imagined", () => {
    const define = [
      { name: "checkout", copyFrom: "eu.amazon.nova-pro-v1:0", tags: { team: "checkout" } },
      { name: "two-towns", model: "sonnet", destinations: ["r1", "r2"] },
    ];
    const kinds = profilesSchema.parse({ define }).define.map((profile) => profile.kind);
    assert.deepEqual(kinds, ["application", "imagined"]);
    for (const bad of [
      { name: "x" },
      { name: "x", model: "m" },
      { name: "x", copyFrom: "y", model: "m", destinations: ["r1"] },
      { name: "x", copyFrom: "y", family: "global" as const },
      { name: "x", model: "m", destinations: [] },
      { name: "x", model: "m", destinations: { r1: [] } },
    ]) {
      assert.equal(profilesSchema.safeParse({ define: [bad] }).success, false, JSON.stringify(bad));
    }
  });
});
