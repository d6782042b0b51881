import assert from "node:assert/strict";
import test from "node:test";
import { z } from "zod";
import { tokensSchema } from "../../../simulator/traffic/tokens.ts";

test("YAML forms", () => {
  assert.deepEqual(
    tokensSchema.parse({
      input: { lognormal: { mean: 1200, cv: 1.2 }, clamp: { max: "200k" } },
      output: { recorded: "servegen-m-large-output" },
      maxTokens: { outputTimes: 2 },
      prefix: { tokens: 800, share: "60%", distinct: 40 },
    }),
    {
      input: { kind: "lognormal", mean: 1200, cv: 1.2, clamp: { max: 200_000 } },
      output: { kind: "recorded", name: "servegen-m-large-output" },
      maxTokens: { kind: "outputTimes", factor: 2 },
      prefix: { tokens: { kind: "constant", value: 800 }, share: 0.6, distinct: 40, zipf: 1 },
    },
  );
  assert.deepEqual(tokensSchema.parse({ maxTokens: "unset" }), { maxTokens: { kind: "unset" } });
  assert.deepEqual(tokensSchema.parse({ maxTokens: "4k" }), { maxTokens: { kind: "constant", value: 4000 } });
});

test("mistakes say what", () => {
  const message = (yaml: unknown) => String(tokensSchema.safeParse(yaml).error?.issues.map((issue) => issue.message));
  assert.match(message({ maxTokens: "unst" }), /"unst" is not a number/);
  assert.match(message({ maxTokens: { outputTimes: 0.5 } }), /outputTimes must be at least 1/);
  assert.match(message({ prefix: { tokens: 10, share: "150%" } }), /share must be between 0% and 100%/);
  assert.match(message({ inputs: 5 }), /Unrecognized key: "inputs"/);
  assert.ok(JSON.stringify(z.toJSONSchema(tokensSchema, { io: "input" })).includes("outputTimes"));
});
