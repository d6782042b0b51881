import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { z } from "zod";
import { AWS_REGIONS, requireRegion } from "../../../simulator/base/regions.ts";
import {
  isRegionAllowed,
  legalTargets,
  type ResidencyTarget,
  residencyMasks,
  residencySchema,
} from "../../../simulator/service/residency.ts";
import { bookFor, DIRECTORY } from "./fixtures.ts";

describe("rules in a scenario", () => {
  it("named rules", () => {
    assert.deepEqual(residencySchema.parse("any").areas, []);
    assert.deepEqual(residencySchema.parse("eu").areas, ["eu"]);
    assert.deepEqual(residencySchema.parse("govcloud").areas, ["us-gov"]);
    assert.equal(residencySchema.parse("in-region").inRegionOnly, true);
  });

  it("lists, with a label that names them", () => {
    const rule = residencySchema.parse({ geographies: ["eu"], countries: ["CH"], inRegionOnly: true });
    assert.equal(rule.label, "eu + CH + in-region only");
  });

  it("nothing, empty lists, unknown names and lower-case countries are refused", () => {
    for (const bad of [
      "erope",
      {},
      { countries: [] },
      { countries: ["de"] },
      { geographies: ["mars"] },
      { region: ["r1"] },
      { inRegionOnly: false },
    ]) {
      assert.equal(residencySchema.safeParse(bad).success, false, JSON.stringify(bad));
    }
  });

  it("it becomes a JSON Schema", () => {
    assert.match(JSON.stringify(z.toJSONSchema(residencySchema, { io: "input" })), /govcloud/);
  });
});

const SONNET = "anthropic.claude-sonnet-4-5-20250929-v1:0";
const book = bookFor(AWS_REGIONS.map((region) => region.id));

function rule(yaml: z.input<typeof residencySchema>) {
  return residencySchema.parse(yaml);
}

function regional(source: string): ResidencyTarget {
  return { id: source, source, destinations: [source] };
}

function profiled(profile: string, source: string): ResidencyTarget {
  const route = book.route({ profile, modelId: SONNET, source });
  assert.ok(!("code" in route));
  return { id: `${source}/${profile}`, source, destinations: route.destinations };
}

function legal(yaml: z.input<typeof residencySchema>, targets: readonly ResidencyTarget[]) {
  return [...legalTargets(rule(yaml), targets, DIRECTORY).legal];
}

describe("legal targets", () => {
  it("a target is legal only if every region its profile may use is", () => {
    const targets = [
      regional("eu-west-1"),
      regional("eu-west-2"),
      profiled("eu", "eu-west-1"),
      profiled("eu", "eu-central-2"),
      profiled("global", "eu-west-1"),
      profiled("us", "us-east-1"),
    ];
    // Called from Zurich, the eu profile may also run in Zurich, which is not in the EU.
    assert.deepEqual(legal("eu", targets), [1, 0, 1, 0, 0, 0]);
    assert.deepEqual(legal("us", targets), [0, 0, 0, 0, 0, 1]);
    assert.deepEqual(legal("any", targets), [1, 1, 1, 1, 1, 1]);
    assert.deepEqual(legal({ geographies: ["eu"], countries: ["CH"] }, targets), [1, 0, 1, 1, 0, 0]);
  });

  it("the us profile called from Canada also runs there", () => {
    const canada = profiled("us", "ca-central-1");
    assert.deepEqual(legal("us", [canada]), [0]);
    assert.match(legalTargets(rule("us"), [canada], DIRECTORY).reasons[0] ?? "", /called in ca-central-1 \(CA\)/);
    assert.deepEqual(legal({ countries: ["US", "CA"] }, [canada]), [1]);
  });

  it("in-region only forbids every target that may leave", () => {
    const targets = [regional("eu-west-1"), profiled("eu", "eu-west-1")];
    assert.deepEqual(legal("in-region", targets), [1, 0]);
    assert.match(legalTargets(rule("in-region"), targets, DIRECTORY).reasons[1] ?? "", /may leave eu-west-1/);
    assert.deepEqual(
      legal({ countries: ["DE"], inRegionOnly: true }, [regional("eu-central-1"), regional("eu-west-1")]),
      [1, 0],
    );
  });

  it("every region of the catalogue lies in the areas its country says", () => {
    const members = (area: z.input<typeof residencySchema>) =>
      AWS_REGIONS.filter((region) => isRegionAllowed(rule(area), region)).map((region) => region.id);
    assert.deepEqual(members("jp"), ["ap-northeast-1", "ap-northeast-3"]);
    assert.deepEqual(members("in"), ["ap-south-1", "ap-south-2"]);
    assert.deepEqual(members("au"), ["ap-southeast-2", "ap-southeast-4"]);
    assert.deepEqual(members("govcloud"), ["us-gov-east-1", "us-gov-west-1"]);
    assert.deepEqual(members("eu"), members("eea"));
    assert.equal(members("us").length, 6);
    assert.ok(members("apac").every((id) => id.startsWith("ap-")) && members("apac").length === 14);
  });

  it("own regions: the country decides, the geography where the country is open", () => {
    const allowed = (id: string, name: z.input<typeof residencySchema>) =>
      isRegionAllowed(rule(name), requireRegion(DIRECTORY, id, "test"));
    assert.ok(allowed("r1", "eu") && allowed("r1", { countries: ["DE"] }));
    assert.ok(allowed("r3", "eu") && allowed("r3", "eea") && !allowed("r3", { countries: ["DE"] }));
    assert.ok(!allowed("r2", "eu") && allowed("r2", { regions: ["r2"] }));
  });

  it("an unknown region cannot be shown to be legal", () => {
    assert.deepEqual(legal("any", [{ id: "x", source: "r1", destinations: ["r1", "atlantis"] }]), [0]);
  });

  it("a class without a legal target is a problem with path, reason and fix", () => {
    const classes = [
      { name: "chat", where: "traffic[0]", rule: rule("eu") },
      { name: "law", where: "traffic[1]", rule: rule({ countries: ["JP"], regions: ["ap-northeast-9"] }) },
    ];
    const targets = [regional("eu-west-1"), regional("us-east-1")];
    const { verdicts, problems } = residencyMasks(classes, [targets, targets], DIRECTORY);
    assert.deepEqual([...(verdicts[0]?.legal ?? [])], [1, 0]);
    assert.deepEqual(
      problems.map((problem) => problem.code),
      ["REGION_UNKNOWN", "RESIDENCY_NO_LEGAL_TARGET"],
    );
    assert.equal(problems[1]?.where, "traffic[1].residency");
    assert.match(problems[1]?.what ?? "", /class "law".*eu-west-1 \(IE\)/);
  });
});
