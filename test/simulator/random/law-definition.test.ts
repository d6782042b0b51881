import assert from "node:assert/strict";
import test from "node:test";
import { above0, positiveNumber, quantityOf } from "../../../simulator/random/law-definition.ts";

test("the unit decides how a quantity is written", () => {
  assert.equal(quantityOf("durationMs").parse("1.5s"), 1500);
  assert.equal(quantityOf("durationMs").safeParse(5).success, false);
  assert.equal(quantityOf("count").parse(5), 5);
  assert.equal(quantityOf("count").parse("2k"), 2000);
});

test("zero is refused by name", () => {
  assert.match(String(above0(quantityOf("count"), "mean").safeParse(0).error), /mean must be above 0/);
  assert.match(String(positiveNumber("cv", "").safeParse(-1).error), /cv must be above 0/);
});
