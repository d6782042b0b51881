import assert from "node:assert/strict";
import test from "node:test";
import { arrivalSchema } from "../../../simulator/traffic/arrivals/index.ts";
import { tokensRequired, traceNamesOf } from "../../../simulator/traffic/recording-names.ts";
import { tokensSchema } from "../../../simulator/traffic/tokens.ts";

const namesOf = (arrivals: unknown, tokens?: unknown) =>
  traceNamesOf({
    arrivals: arrivalSchema.parse(arrivals),
    ...(tokens === undefined ? {} : { tokens: tokensSchema.parse(tokens) }),
  });

test("every recording that a class needs, once", () => {
  assert.deepEqual(namesOf({ poisson: "1/s" }, { input: 1, output: 1 }), []);
  assert.deepEqual(namesOf({ trace: "azure-conv-2023", shape: "servegen-m-large" }), [
    "azure-conv-2023",
    "servegen-m-large",
  ]);
  assert.deepEqual(namesOf({ diurnal: { rate: "1/s", shape: "day" } }), ["day"]);
  assert.deepEqual(namesOf({ diurnal: { rate: "1/s", shape: [1, 2] } }), []);
  assert.deepEqual(namesOf({ servegen: {} }), ["servegen-m-large-clients"]);
  const lengths = { input: { recorded: "in" }, output: { recorded: "out" }, maxTokens: { recorded: "out" } };
  assert.deepEqual(namesOf({ poisson: "1/s" }, lengths), ["in", "out"]);
});

test("only recorded requests bring their own lengths", () => {
  assert.equal(tokensRequired(arrivalSchema.parse({ trace: "a" })), false);
  assert.equal(tokensRequired(arrivalSchema.parse({ servegen: {} })), true);
});
