import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { z } from "zod";
import { AWS_REGIONS, customRegionSchema, regionDirectory, requireRegion } from "../../../simulator/base/regions.ts";
import {
  buildNetwork,
  estimateRoundTripMs,
  greatCircleKm,
  networkSchema,
  roundTripDataSchema,
} from "../../../simulator/service/network.ts";

const directory = regionDirectory();
const place = (id: string) => requireRegion(directory, id, "test");

describe("distance", () => {
  it("distances agree with the atlas within 2 %", () => {
    // City to city: London-Paris 344 km, Tokyo-Sydney 7,820 km, Frankfurt-Singapore 10,260 km.
    for (const [from, to, km] of [
      ["eu-west-2", "eu-west-3", 344],
      ["ap-northeast-1", "ap-southeast-2", 7820],
      ["eu-central-1", "ap-southeast-1", 10260],
    ] as const) {
      assert.ok(Math.abs((greatCircleKm(place(from), place(to)) ?? 0) / km - 1) < 0.02, `${from} ${to}`);
    }
  });

  it("the estimate errs as its comment says against the measured table", () => {
    const file = new URL("../../../scenarios/reference/region-rtt.json", import.meta.url);
    const rtt = JSON.parse(readFileSync(file, "utf8")).rtt as Record<string, Record<string, number>>;
    const errors: number[] = [];
    for (const [from, row] of Object.entries(rtt)) {
      for (const [to, measured] of Object.entries(row)) {
        if (from === to) continue;
        errors.push(Math.abs((estimateRoundTripMs(place(from), place(to)) ?? 0) / measured - 1));
      }
    }
    errors.sort((a, b) => a - b);
    assert.equal(errors.length, 992);
    assert.ok(Math.abs(errors[496]! - 0.13) < 0.01, `median ${errors[496]}`);
    assert.ok(Math.abs(errors[893]! - 0.37) < 0.01, `90th percentile ${errors[893]}`);
  });

  it("a region without coordinates has no estimate", () => {
    const { latitude: _, ...nowhere } = place("us-east-1");
    assert.equal(estimateRoundTripMs(nowhere, place("us-west-2")), undefined);
    assert.equal(estimateRoundTripMs(place("us-west-2"), nowhere), undefined);
  });
});

const file = new URL("../../../scenarios/reference/region-rtt.json", import.meta.url);
const data = roundTripDataSchema().parse(JSON.parse(readFileSync(file, "utf8")));
const customRegions = regionDirectory(["r1", "r2"].map((name) => customRegionSchema.parse({ name })));

function network(yaml: z.input<typeof networkSchema>, origins: string[], regions: string[]) {
  return buildNetwork({ spec: networkSchema.parse(yaml), data, origins, regions, directory: customRegions });
}

describe("round trips of a scenario", () => {
  it("measured round trips, row by origin; a request that stays has no hop", () => {
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

  it("none is zero everywhere but where the scenario says so", () => {
    const net = network(
      { roundTrips: "none", overrides: [{ from: "r1", to: "r2", rtt: "30ms" }] },
      ["r1"],
      ["r1", "r2"],
    );
    assert.deepEqual([...net.rttMs], [0, 30]);
    assert.deepEqual([...net.hopMs], [0, 30, 30, 0]);
  });

  it("the override that names most of the pair wins; one way stays one way", () => {
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

  it("an origin of the scenario's own has its map, then its neighbour's round trips and the way there", () => {
    const origins = { office: { near: "eu-central-1", plus: "8ms", rtt: { "eu-west-1": "31ms" } } };
    const net = network({ origins }, ["office"], ["eu-west-1", "us-east-1"]);
    assert.equal(net.rttMs[0], 31);
    assert.equal(net.rttMs[1], (data.rtt["eu-central-1"]?.["us-east-1"] ?? 0) + 8);
  });

  it("what the table lacks is refused with the override to write, or estimated and marked", () => {
    assert.throws(
      () => network({}, ["ap-east-2"], ["us-east-1"]),
      /NETWORK_ROUND_TRIP_MISSING.*ap-east-2 > us-east-1\n\s+fix: .*from: ap-east-2, to: us-east-1/,
    );
    assert.throws(() => network({ missing: "estimate" }, ["r1"], ["us-east-1"]), /r1 > us-east-1/);
    const net = network({ missing: "estimate" }, ["ap-east-2"], ["us-east-1"]);
    assert.deepEqual(net.estimated, ["ap-east-2 > us-east-1"]);
    assert.ok(net.rttMs[0]! > 150 && net.rttMs[0]! < 260);
  });

  it("unknown places are all named at once, with near ones", () => {
    assert.throws(
      () =>
        network(
          {
            overrides: [{ from: "us-eats-1", to: "*", rtt: "1ms" }],
            origins: { "us-west-2": {}, o: { near: "mars" } },
          },
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

  it("both ways stated: each keeps its own, whatever the order", () => {
    const overrides = [
      { from: "r1", to: "r2", rtt: "30ms" },
      { from: "r2", to: "r1", rtt: "40ms" },
    ];
    for (const order of [overrides, [...overrides].reverse()]) {
      assert.deepEqual([...network({ roundTrips: "none", overrides: order }, [], ["r1", "r2"]).hopMs], [0, 30, 40, 0]);
    }
  });
});

describe("the measured table", () => {
  it("the table is square over 32 regions of the catalogue, and what it lacks is named", () => {
    const names = Object.keys(data.rtt);
    assert.equal(names.length, 32);
    for (const from of names) assert.deepEqual(Object.keys(data.rtt[from] ?? {}).sort(), [...names].sort(), from);
    const missing = AWS_REGIONS.map((region) => region.id).filter((id) => !names.includes(id));
    assert.deepEqual(missing.sort(), [...data.notCovered].sort());
  });

  it("recorded medians: near, far, within", () => {
    assert.ok(Math.abs((data.rtt["us-east-1"]?.["eu-west-1"] ?? 0) - 70) < 1);
    assert.ok(Math.abs((data.rtt["ap-southeast-2"]?.["sa-east-1"] ?? 0) - 312) < 1);
    assert.ok((data.rtt["us-west-2"]?.["us-west-2"] ?? 99) < 5);
  });

  it("a table in another unit is refused", () => {
    assert.equal(roundTripDataSchema().safeParse({ ...data, unit: "s" }).success, false);
  });
});

describe("the network block", () => {
  it("an empty block is the measured table with 10 % jitter, gaps refused", () => {
    assert.deepEqual(networkSchema.parse({}), {
      roundTrips: "aws-2025-05",
      missing: "refuse",
      overrides: [],
      origins: {},
      jitter: { cv: 0.1 },
    });
  });

  it("durations become milliseconds; jitter is a share or none", () => {
    const spec = networkSchema.parse({
      overrides: [{ from: "a", to: "*", rtt: "70ms" }],
      origins: { office: { near: "eu-west-1", plus: "8ms", rtt: { "us-east-1": "0.1s" } } },
      jitter: { cv: "25%" },
    });
    assert.deepEqual(spec.overrides, [{ from: "a", to: "*", rttMs: 70, oneWay: false }]);
    assert.deepEqual(spec.origins.office, { near: "eu-west-1", plusMs: 8, rttMs: { "us-east-1": 100 } });
    assert.equal(spec.jitter.cv, 0.25);
    assert.equal(networkSchema.parse({ jitter: "none" }).jitter.cv, 0);
  });

  it("bare numbers, negative jitter and unknown keys are refused", () => {
    assert.equal(networkSchema.safeParse({ overrides: [{ from: "a", to: "b", rtt: 70 }] }).success, false);
    assert.equal(networkSchema.safeParse({ jitter: { cv: -0.1 } }).success, false);
    assert.equal(networkSchema.safeParse({ roundtrips: "none" }).success, false);
  });

  it("it becomes a JSON Schema with descriptions", () => {
    assert.match(JSON.stringify(z.toJSONSchema(networkSchema, { io: "input" })), /Round trip, such as 70ms/);
  });
});
