import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { z } from "zod";
import { parseCount, parseDurationMs, parseRatePerS, parseShare } from "../../../simulator/base/quantities.ts";
import {
  count,
  durationMs,
  oneKeyOf,
  ownEntry,
  ratePerS,
  share,
  unionOf,
} from "../../../simulator/base/schema-forms.ts";

const forms = oneKeyOf(
  { a: z.number(), b: z.strictObject({ c: z.number() }) as z.ZodType<unknown> },
  { limit: z.number() },
);

describe("forms that several blocks share", () => {
  it("exactly one form, with options beside it", () => {
    assert.deepEqual(forms.parse({ a: 1, limit: 5 }), { name: "a", value: 1, options: { limit: 5 } });
    const message = (value: unknown) => forms.safeParse(value).error?.issues.map(({ message: text }) => text);
    assert.deepEqual(message({}), ["give exactly one of a, b"]);
    assert.deepEqual(message({ a: 1, b: { c: 2 } }), ["give exactly one of a, b, not a and b"]);
  });

  it("a mistake inside a form is reported at its own path", () => {
    assert.deepEqual(forms.safeParse({ b: { c: "x" } }).error?.issues[0]?.path, ["b", "c"]);
  });

  it("a union reports the mistakes of the closest alternative", () => {
    const union = unionOf([
      z.number(),
      z.strictObject({ size: z.number().refine((n) => n > 0, "size must be above 0") }),
    ]);
    assert.equal(union.safeParse({ size: -1 }).error?.issues[0]?.message, "size must be above 0");
    assert.match(String(union.safeParse({ size: "x" }).error?.issues[0]?.message), /^size: .*expected number/);
  });
});

describe("readable quantities", () => {
  it("durations carry their unit, and add up", () => {
    const table: readonly (readonly [string, number | undefined])[] = [
      ["250ms", 250],
      ["1.5s", 1500],
      ["30m", 1_800_000],
      ["2min", 120_000],
      ["1h30m", 5_400_000],
      ["2d", 172_800_000],
      ["40us", 0.04],
      [" 1h 5m ", 3_900_000],
      ["0", 0],
      ["1e3ms", 1000],
      ["5", undefined],
      ["", undefined],
      ["-5s", undefined],
      ["5 weeks", undefined],
      ["s", undefined],
    ];
    for (const [text, ms] of table) assert.equal(parseDurationMs(text), ms, text);
  });

  it("counts, rates and shares", () => {
    assert.deepEqual(["64", "200k", "1.5M", "2G", "3B", "x", "-1"].map(parseCount), [
      64,
      2e5,
      1.5e6,
      2e9,
      3e9,
      undefined,
      undefined,
    ]);
    assert.deepEqual(["20/s", "1.2k/min", "86.4M/d", "20", "20/w"].map(parseRatePerS), [
      20,
      20,
      1000,
      undefined,
      undefined,
    ]);
    assert.deepEqual(["31%", "0.31", "100 %", "x%"].map(parseShare), [0.31, 0.31, 1, undefined]);
  });

  it("a wrong text is refused with what was expected and an example", () => {
    const said = (result: { error?: { issues: readonly { message: string }[] } | undefined }) =>
      result.error?.issues.map((issue) => issue.message).join() ?? "";
    assert.match(said(durationMs.safeParse("45")), /"45" is not a duration; write 45s/);
    assert.match(said(ratePerS.safeParse("45")), /"45" is not a rate; write 45\/s/);
    assert.match(said(ratePerS.safeParse("often")), /"often" is not a rate; write it like 20\/s/);
    assert.equal(durationMs.parse("45s"), 45_000);
    assert.equal(ratePerS.parse("60/min"), 1);
    assert.equal(count.parse("2k"), 2000);
    assert.equal(count.parse(7), 7);
    assert.equal(count.safeParse(-1).success, false);
    assert.equal(count.safeParse("many").success, false);
    assert.equal(share.parse("5%"), 0.05);
    assert.equal(durationMs.safeParse(`${"9".repeat(400)}s`).success, false, "an endless number is no duration");
  });
});

it("a record has only its own entries, whatever a file names", () => {
  assert.equal(ownEntry({ berlin: 12 }, "berlin"), 12);
  assert.equal(ownEntry({ berlin: 12 }, "constructor"), undefined);
});
