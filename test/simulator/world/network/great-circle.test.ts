import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { estimateRoundTripMs, greatCircleKm } from "../../../../simulator/world/network/great-circle.ts";
import { regionDirectory, requireRegion } from "../../../../simulator/world/regions.ts";

const directory = regionDirectory();
const place = (id: string) => requireRegion(directory, id, "test");

test("distances agree with the atlas within 2 %", () => {
  // City to city: London-Paris 344 km, Tokyo-Sydney 7,820 km, Frankfurt-Singapore 10,260 km.
  for (const [from, to, km] of [
    ["eu-west-2", "eu-west-3", 344],
    ["ap-northeast-1", "ap-southeast-2", 7820],
    ["eu-central-1", "ap-southeast-1", 10260],
  ] as const) {
    assert.ok(Math.abs((greatCircleKm(place(from), place(to)) ?? 0) / km - 1) < 0.02, `${from} ${to}`);
  }
});

test("the estimate errs as its comment says against the measured table", () => {
  const file = new URL("../../../../scenarios/reference/region-rtt.json", import.meta.url);
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

test("a region without coordinates has no estimate", () => {
  const { latitude: _, ...nowhere } = place("us-east-1");
  assert.equal(estimateRoundTripMs(nowhere, place("us-west-2")), undefined);
  assert.equal(estimateRoundTripMs(place("us-west-2"), nowhere), undefined);
});
