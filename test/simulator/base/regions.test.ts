import assert from "node:assert/strict";
import { test } from "node:test";
import { MeridianError } from "../../../simulator/base/errors.ts";
import {
  AWS_REGIONS,
  customRegionSchema,
  isEeaCountry,
  isEuCountry,
  parseUtcOffsetMinutes,
  regionDirectory,
  requireRegion,
} from "../../../simulator/base/regions.ts";

test("the catalogue agrees with the zone database's standard time", () => {
  // Independent computation: the smaller of January's and July's offset is standard time in both hemispheres.
  const zones: Record<string, string> = {
    "us-east-1": "America/New_York",
    "us-west-2": "America/Los_Angeles",
    "ca-west-1": "America/Edmonton",
    "mx-central-1": "America/Mexico_City",
    "sa-east-1": "America/Sao_Paulo",
    "eu-central-1": "Europe/Berlin",
    "eu-west-1": "Europe/London",
    "il-central-1": "Asia/Jerusalem",
    "me-central-1": "Asia/Dubai",
    "me-south-1": "Asia/Bahrain",
    "af-south-1": "Africa/Johannesburg",
    "ap-east-1": "Asia/Hong_Kong",
    "ap-east-2": "Asia/Taipei",
    "ap-south-1": "Asia/Kolkata",
    "ap-southeast-1": "Asia/Singapore",
    "ap-southeast-2": "Australia/Sydney",
    "ap-southeast-3": "Asia/Jakarta",
    "ap-southeast-5": "Asia/Kuala_Lumpur",
    "ap-southeast-6": "Pacific/Auckland",
    "ap-southeast-7": "Asia/Bangkok",
    "ap-northeast-1": "Asia/Tokyo",
    "ap-northeast-2": "Asia/Seoul",
  };
  const offsetMinutes = (zone: string, instant: string) => {
    const format = new Intl.DateTimeFormat("en-US", { timeZone: zone, timeZoneName: "longOffset" });
    const name = format.formatToParts(new Date(instant)).find((part) => part.type === "timeZoneName")?.value ?? "";
    return parseUtcOffsetMinutes(name.replace("GMT", "UTC"));
  };
  const directory = regionDirectory();
  for (const [id, zone] of Object.entries(zones)) {
    const winter = Math.min(
      offsetMinutes(zone, "2026-01-15T12:00:00Z") ?? Number.NaN,
      offsetMinutes(zone, "2026-07-15T12:00:00Z") ?? Number.NaN,
    );
    assert.equal(requireRegion(directory, id, "test").utcOffsetMinutes, winter, id);
  }
});

test("every region has a unique id, coordinates and an ISO country", () => {
  assert.equal(new Set(AWS_REGIONS.map((region) => region.id)).size, AWS_REGIONS.length);
  for (const region of AWS_REGIONS) {
    assert.match(region.country, /^[A-Z]{2}$/);
    assert.ok(Math.abs(region.latitude ?? 99) <= 90 && Math.abs(region.longitude ?? 999) <= 180, region.id);
  }
});

test("London and Zurich are outside the EEA, Dublin and Stockholm inside", () => {
  const eea = AWS_REGIONS.filter((region) => region.eea).map((region) => region.id);
  assert.deepEqual(eea, ["eu-central-1", "eu-north-1", "eu-south-1", "eu-south-2", "eu-west-1", "eu-west-3"]);
  assert.ok(isEeaCountry("NO") && !isEuCountry("NO"));
  assert.ok(isEuCountry("FR") && !isEuCountry("CH"));
});

test("offsets are read with half hours and refused when they are not offsets", () => {
  assert.equal(parseUtcOffsetMinutes("+05:30"), 330);
  assert.equal(parseUtcOffsetMinutes("UTC-8"), -480);
  assert.equal(parseUtcOffsetMinutes("UTC"), 0);
  assert.equal(parseUtcOffsetMinutes("+25:00"), undefined);
  assert.equal(parseUtcOffsetMinutes("CET"), undefined);
});

test("a scenario's own regions join the catalogue; taken names and unknown ones are refused", () => {
  const r1 = customRegionSchema.parse({ name: "r1", utcOffset: "+05:30", country: "IS", geography: "eu" });
  const facts = requireRegion(regionDirectory([r1]), "r1", "test");
  assert.equal(facts.utcOffsetMinutes, 330);
  assert.equal(facts.eea, true);
  assert.equal(customRegionSchema.safeParse({ name: "r1", utcOffset: "noon" }).success, false);
  assert.throws(() => regionDirectory([r1, r1]), /REGION_ALREADY_KNOWN/);
  assert.throws(
    () => requireRegion(regionDirectory(), "us-eats-1", "world.regions[0]"),
    (error) => error instanceof MeridianError && error.exitCode === 2 && /did you mean us-east-1/.test(error.message),
  );
});
