import assert from "node:assert/strict";
import { test } from "node:test";
import { HOUR_MS } from "../../../../simulator/base/time.ts";
import { epochAt, priceUsdPerMTok } from "../../../../simulator/service/pricing/price-schedule.ts";
import { OUTPUT, type PriceSchedule } from "../../../../simulator/service/pricing/prices.ts";
import { MIDNIGHT_MS, region, scheduleOf, standardKey } from "./fixtures.ts";

const OWN = [{ model: "m", input: 3, output: 15 }];
const SINE_UTC = { sine: { amplitude: 0.155, peakAt: "06:00 UTC" } };

function inputPriceAt(schedule: PriceSchedule, ms: number, key = 0): number {
  return priceUsdPerMTok(schedule, epochAt(schedule, ms), key);
}

function starts(schedule: PriceSchedule): number[] {
  return [...schedule.epochStartMs].map((ms) => ms / HOUR_MS);
}

test("flat prices: one epoch for each hour of the run and of the day after it", () => {
  const schedule = scheduleOf({ overrides: OWN }, [standardKey("m", "r1")], { custom: [region("r1")] });
  assert.deepEqual(
    starts(schedule),
    Array.from({ length: 49 }, (_, hour) => hour),
  );
  assert.ok(schedule.factor.every((factor) => factor === 1));
  assert.equal(schedule.fUsdPerToken[0], 3e9);
  assert.equal(priceUsdPerMTok(schedule, 7, 0, OUTPUT), 15);
});

test("hour 24 has the price of hour 0: attempts after the run's end are priced by their own hour", () => {
  const schedule = scheduleOf({ overrides: OWN, hourly: SINE_UTC }, [standardKey("m", "r1")], {
    custom: [region("r1")],
  });
  assert.equal(inputPriceAt(schedule, 24 * HOUR_MS), inputPriceAt(schedule, 0));
  assert.notEqual(inputPriceAt(schedule, 24 * HOUR_MS), inputPriceAt(schedule, 23 * HOUR_MS));
});

test("prices are whole femto-dollars at the hour's start value", () => {
  const schedule = scheduleOf({ overrides: OWN, hourly: SINE_UTC }, [standardKey("m", "r1")], {
    custom: [region("r1")],
  });
  for (let hour = 0; hour < 24; hour++) {
    const expected = 3 * (1 + 0.155 * Math.sin((2 * Math.PI * hour) / 24));
    assert.ok(Math.abs(inputPriceAt(schedule, (hour + 0.7) * HOUR_MS) / expected - 1) < 1e-9);
  }
  assert.ok(schedule.fUsdPerToken.every(Number.isInteger));
});

test("a run that starts at twenty past changes price on the clock's hour and keeps its own hours apart", () => {
  const schedule = scheduleOf({ overrides: OWN, hourly: SINE_UTC }, [standardKey("m", "r1")], {
    custom: [region("r1")],
    startMs: MIDNIGHT_MS + HOUR_MS / 3,
    durationMs: 2 * HOUR_MS,
  });
  const minutes = [...schedule.epochStartMs].slice(0, 5).map((ms) => Math.round(ms / 60_000));
  assert.deepEqual(minutes, [0, 40, 60, 100, 120]);
  assert.equal(inputPriceAt(schedule, 0), 3);
  assert.ok(inputPriceAt(schedule, 40 * 60_000) > 3);
});

test("local curves peak at each region's own hour, half-hour zones included", () => {
  const keys = [standardKey("m", "r1"), standardKey("m", "ap-south-1"), standardKey("m", "us-west-2")];
  const schedule = scheduleOf(
    { overrides: OWN, hourly: { sine: { swing: { peakToTrough: 1.31 }, peakAt: "15:00 local" } } },
    keys,
    { custom: [region("r1")] },
  );
  // 15:00 in Mumbai (+05:30) is 09:30 UTC; in Oregon (-08:00) 23:00 UTC.
  const peakMs = [15, 9.5, 23].map((hour) => hour * HOUR_MS);
  const high = 1 + 0.31 / 2.31;
  keys.forEach((_, key) => {
    assert.ok(Math.abs(inputPriceAt(schedule, peakMs[key]!, key) / (3 * high) - 1) < 1e-9, `key ${key}`);
    assert.ok(inputPriceAt(schedule, peakMs[key]! - 1, key) < 3 * high - 0.01, `just before, key ${key}`);
  });
  assert.ok(starts(schedule).includes(9.5));
});

test("the last fitting curve wins; tables may follow UTC", () => {
  const factors = Array.from({ length: 24 }, (_, hour) => (hour === 12 ? 2 : 1));
  const schedule = scheduleOf(
    {
      overrides: OWN,
      hourly: SINE_UTC,
      hourlyFor: [
        { region: "r2", curve: "flat" },
        { region: "r2", model: "m", curve: { table: { factors, clock: "utc" } } },
      ],
    },
    [standardKey("m", "r1"), standardKey("m", "r2")],
    { custom: [region("r1"), region("r2", "+03:00")] },
  );
  assert.ok(inputPriceAt(schedule, 6 * HOUR_MS, 0) > 3.4);
  assert.equal(inputPriceAt(schedule, 6 * HOUR_MS, 1), 3);
  assert.equal(inputPriceAt(schedule, 12 * HOUR_MS, 1), 6);
});

test("shocks multiply for their time only, and overlap", () => {
  const schedule = scheduleOf(
    {
      overrides: OWN,
      shocks: [
        { region: "r1", at: "10h", for: "2h", factor: 1.4 },
        { at: "11h30m", for: "1h", factor: 2 },
      ],
    },
    [standardKey("m", "r1"), standardKey("m", "r2")],
    { custom: [region("r1"), region("r2")] },
  );
  const at = (hour: number, key: number) => Math.round(inputPriceAt(schedule, hour * HOUR_MS, key) * 1e6) / 1e6;
  assert.deepEqual(
    [9.99, 10, 11.5, 12, 12.5].map((hour) => at(hour, 0)),
    [3, 4.2, 8.4, 6, 3],
  );
  assert.deepEqual(
    [10, 11.5, 12.49, 12.5].map((hour) => at(hour, 1)),
    [3, 6, 6, 3],
  );
});

test("recorded prices change at their instants", () => {
  const nothing = { factor: undefined, inputUsdPerMTok: undefined, outputUsdPerMTok: undefined, model: undefined };
  const recordings = {
    "p.csv": [
      { ...nothing, atMs: MIDNIGHT_MS - 5, region: "r1", factor: 1.5 },
      { ...nothing, atMs: MIDNIGHT_MS + 90 * 60_000, region: "r1", inputUsdPerMTok: 6, outputUsdPerMTok: 15 },
    ],
  };
  const yaml = { overrides: OWN, hourly: { recorded: { file: "p.csv" } } };
  const schedule = scheduleOf(yaml, [standardKey("m", "r1")], { custom: [region("r1")], recordings });
  assert.equal(inputPriceAt(schedule, 0), 4.5);
  assert.equal(inputPriceAt(schedule, 90 * 60_000), 6);
  const epoch = epochAt(schedule, 90 * 60_000);
  assert.equal(priceUsdPerMTok(schedule, epoch, 0, OUTPUT), 15);
  // Blend (3 x 6 + 15) / (3 x 3 + 15).
  assert.ok(Math.abs(schedule.factor[epoch]! - 33 / 24) < 1e-12);
  assert.throws(
    () => scheduleOf(yaml, [standardKey("m", "r2")], { custom: [region("r2")], recordings }),
    /PRICE_RECORDING_GAP.*p\.csv/,
  );
});

test("all that is wrong is said at once", () => {
  const keys = [
    standardKey("amazon.nova-pro-v9:0", "us-east-1"),
    standardKey("meta.llama3-3-70b-instruct-v1:0", "eu-west-1"),
  ];
  assert.throws(
    () =>
      scheduleOf(
        {
          book: "aws-2026-09",
          shocks: [{ region: "us-eats-1", at: "1h", for: "1h", factor: 2 }],
          hourlyFor: [{ model: "sonet", curve: "flat" }],
        },
        keys,
      ),
    (error: Error) =>
      [
        "PRICE_MODEL_UNKNOWN",
        "PRICE_NOT_LISTED",
        "prices.shocks[0].region",
        "prices.hourlyFor[0].model",
        "us-east-1",
      ].every((text) => error.message.includes(text)),
  );
});

test("the epoch of an instant is found by search, also before the start and after the end", () => {
  const schedule = scheduleOf({ overrides: OWN }, [standardKey("m", "r1")], { custom: [region("r1")] });
  assert.deepEqual(
    [-1, 0, HOUR_MS - 1, HOUR_MS, 1e12].map((ms) => epochAt(schedule, ms)),
    [0, 0, 0, 1, 48],
  );
});
