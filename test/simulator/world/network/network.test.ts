import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import type { z } from "zod";
import { buildNetwork } from "../../../../simulator/world/network/network.ts";
import { roundTripDataSchema } from "../../../../simulator/world/network/round-trip-data.ts";
import { networkSchema } from "../../../../simulator/world/network/schema.ts";
import { customRegionSchema, regionDirectory } from "../../../../simulator/world/regions.ts";

const file = new URL("../../../../scenarios/reference/region-rtt.json", import.meta.url);
const data = roundTripDataSchema.parse(JSON.parse(readFileSync(file, "utf8")));
const directory = regionDirectory(["r1", "r2"].map((name) => customRegionSchema.parse({ name })));

function network(yaml: z.input<typeof networkSchema>, origins: string[], regions: string[]) {
  return buildNetwork({ spec: networkSchema.parse(yaml), data, origins, regions, directory });
}

test("measured round trips, row by origin; a request that stays has no hop", () => {
  const net = network({}, ["eu-west-1", "us-east-1"], ["us-east-1", "eu-west-1", "ap-northeast-1"]);
  const rtt = data.rtt;
  assert.deepEqual(
    [...net.rttMs],
    [
      rtt["eu-west-1"]?.["us-east-1"],
      rtt["eu-west-1"]?.["eu-west-1"],
      rtt["eu-west-1"]?.["ap-northeast-1"],
      rtt["us-east-1"]?.["us-east-1"],
      rtt["us-east-1"]?.["eu-west-1"],
      rtt["us-east-1"]?.["ap-northeast-1"],
    ],
  );
  assert.equal(net.hopMs[0], 0);
  assert.equal(net.hopMs[1], rtt["us-east-1"]?.["eu-west-1"]);
  assert.equal(net.hopMs[3], rtt["eu-west-1"]?.["us-east-1"]);
  assert.equal(net.jitterCv, 0.1);
  assert.deepEqual(net.estimated, []);
});

test("none is zero everywhere but where the scenario says so", () => {
  const net = network({ roundTrips: "none", overrides: [{ from: "r1", to: "r2", rtt: "30ms" }] }, ["r1"], ["r1", "r2"]);
  assert.deepEqual([...net.rttMs], [0, 30]);
  assert.deepEqual([...net.hopMs], [0, 30, 30, 0]);
});

test("the override that names most of the pair wins; one way stays one way", () => {
  const overrides = [
    { from: "r1", to: "r2", rtt: "30ms" },
    { from: "*", to: "*", rtt: "99ms" },
    { from: "r2", to: "r1", rtt: "40ms", oneWay: true },
  ];
  const net = network({ overrides }, ["r1", "r2"], ["r1", "r2"]);
  assert.deepEqual([...net.rttMs], [99, 30, 40, 99]);
  const back = network({ overrides: overrides.slice(0, 2) }, ["r2"], ["r1", "r2"]);
  assert.deepEqual([...back.rttMs], [30, 99]);
});

test("an origin of the scenario's own has its map, then its neighbour's round trips and the way there", () => {
  const origins = { office: { near: "eu-central-1", plus: "8ms", rtt: { "eu-west-1": "31ms" } } };
  const net = network({ origins }, ["office"], ["eu-west-1", "us-east-1"]);
  assert.equal(net.rttMs[0], 31);
  assert.equal(net.rttMs[1], (data.rtt["eu-central-1"]?.["us-east-1"] ?? 0) + 8);
});

test("what the table lacks is refused with the override to write, or estimated and marked", () => {
  assert.throws(
    () => network({}, ["ap-east-2"], ["us-east-1"]),
    /NETWORK_ROUND_TRIP_MISSING.*ap-east-2 > us-east-1\n\s+fix: .*from: ap-east-2, to: us-east-1/,
  );
  assert.throws(() => network({ missing: "estimate" }, ["r1"], ["us-east-1"]), /r1 > us-east-1/);
  const net = network({ missing: "estimate" }, ["ap-east-2"], ["us-east-1"]);
  assert.deepEqual(net.estimated, ["ap-east-2 > us-east-1"]);
  assert.ok(net.rttMs[0]! > 150 && net.rttMs[0]! < 260);
});

test("unknown places are all named at once, with near ones", () => {
  assert.throws(
    () =>
      network(
        { overrides: [{ from: "us-eats-1", to: "*", rtt: "1ms" }], origins: { "us-west-2": {}, o: { near: "mars" } } },
        ["ofice"],
        ["us-east-1"],
      ),
    (error: Error) =>
      ["did you mean us-east-1", "NETWORK_ORIGIN_IS_REGION", "network.origins.o.near", '"ofice"'].every((text) =>
        error.message.includes(text),
      ),
  );
  assert.throws(() => network({}, ["constructor"], ["us-east-1"]), /NETWORK_PLACE_UNKNOWN/);
});

test("both ways stated: each keeps its own, whatever the order", () => {
  const overrides = [
    { from: "r1", to: "r2", rtt: "30ms" },
    { from: "r2", to: "r1", rtt: "40ms" },
  ];
  for (const order of [overrides, [...overrides].reverse()]) {
    assert.deepEqual([...network({ roundTrips: "none", overrides: order }, [], ["r1", "r2"]).hopMs], [0, 30, 40, 0]);
  }
});
