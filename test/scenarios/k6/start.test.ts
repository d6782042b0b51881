import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { startInstantMs } from "../../../scenarios/k6/start.ts";

const at = (text: string) => Date.parse(`2026-11-21T08:${text}Z`);
const chosen = (text: string) => new Date(startInstantMs(Number.NaN, at(text))).toISOString().slice(14, 19);

describe("the instant at which instances start", () => {
  it("is the one that was given", () => assert.equal(startInstantMs(5, at("00:00")), 5));

  it("else the next full minute that leaves ten seconds", () => {
    assert.equal(chosen("12:00.001"), "13:00");
    assert.equal(chosen("12:50"), "13:00");
    assert.equal(chosen("12:50.001"), "14:00");
    assert.equal(chosen("12:59.999"), "14:00");
  });

  it("differs only for those who are released on either side of second 50", () => {
    const differs = (text: string) =>
      startInstantMs(Number.NaN, at(text)) !== startInstantMs(Number.NaN, at(text) + 1000);
    assert.deepEqual(
      Array.from({ length: 60 }, (_, second) => second).filter((second) =>
        differs(`12:${String(second).padStart(2, "0")}.500`),
      ),
      [49],
    );
  });
});
