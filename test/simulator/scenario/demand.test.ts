import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { demandRemarks } from "../../../simulator/scenario/demand.ts";
import { type ScenarioInput, scenarioSchema } from "../../../simulator/scenario/schema.ts";
import { classInput, planOf, scenarioInput, worldInput } from "./base.ts";

const { m } = worldInput().models!;
const remarks = (over: object, world: object = {}): readonly string[] => {
  const models = { m: { ...m!, maxOutputTokens: "10k" } };
  const input = scenarioInput({
    requests: undefined,
    duration: "1h",
    world: worldInput({ models, ...world } as never),
    traffic: [classInput(over as never)],
  } as Partial<ScenarioInput>);
  return demandRemarks(planOf(input), scenarioSchema.parse(input).traffic);
};

it("nothing is remarked of a usual scenario", () => assert.deepEqual(remarks({}), []));

describe("shares of origins", () => {
  it("that do not sum to 1 or 100 are weights, and said to be", () => {
    assert.deepEqual(remarks({ origin: { a: 60, b: 60 } }), [
      "The origin shares of class all sum to 120, not to 1: they are taken as weights (a 50 %, b 50 %).",
    ]);
    assert.match(remarks({ origin: { a: 0.6, b: 0.6 } })[0]!, /sum to 1.2, not to 1/);
    assert.match(remarks({ origin: { a: 0.6, b: 0.3 } })[0]!, /a 66.7 %, b 33.3 %/);
  });

  it("that do, or are plainly weights, are not remarked", () => {
    for (const origin of [{ a: 0.6, b: 0.4 }, { a: 60, b: 40 }, { a: 1, b: 1 }, { a: 3, b: 1 }, "a"])
      assert.deepEqual(remarks({ origin }), []);
  });
});

describe("max_tokens", () => {
  it("below what would be written cuts answers", () => {
    assert.deepEqual(remarks({ tokens: { input: 5, output: 400, maxTokens: 100 } }), [
      "max_tokens cuts 100 % of the answers of class all: they would have 400 tokens on average, and at most 100 are allowed.",
    ]);
    assert.deepEqual(remarks({ tokens: { input: 5, output: 100, maxTokens: 100 } }), []);
  });

  it("above what the model can write is refused by the service", () => {
    assert.deepEqual(remarks({ tokens: { input: 5, output: 40, maxTokens: "10M" } }), [
      "Class all asks for max_tokens of 10,000,000, above the 10,000 that m can write: the service refuses such calls with 400.",
    ]);
    assert.deepEqual(remarks({ tokens: { input: 5, output: 40, maxTokens: "unset" } }), []);
  });
});

describe("a load far above all quotas", () => {
  const quotas = [
    { region: "a", tokensPerMinute: "20k" },
    { region: "b", tokensPerMinute: "10k" },
  ];

  it("is remarked: 4 calls a second of 150 tokens are 36,000 a minute", () => {
    assert.deepEqual(remarks({}, { quotas }), []);
    const [remark, ...others] = remarks({ arrivals: { poisson: "100/s" } }, { quotas });
    assert.deepEqual(others, []);
    assert.equal(
      remark,
      "Class all asks for about 900,000 tokens a minute, 30 times the 30,000 that the quotas of its targets grant: almost all are throttled.",
    );
  });

  it("counts calls too, and the targets that the class may use", () => {
    const requests = [{ requests: { limit: 20 } }];
    assert.deepEqual(remarks({ arrivals: { poisson: "5/s" } }, { quotas: requests }), []);
    assert.match(
      remarks({ arrivals: { poisson: "10/s" } }, { quotas: requests })[0]!,
      /600 calls a minute, 15 times the 40/,
    );
    assert.match(
      remarks({ arrivals: { poisson: "100/s" }, targets: ["a"] }, { quotas })[0]!,
      /45 times the 20,000 that the quotas of its targets grant/,
    );
  });

  it("is none where one target has no quota", () => {
    assert.deepEqual(
      remarks({ arrivals: { poisson: "999/s" } }, { quotas: [{ region: "a", tokensPerMinute: 9 }] }),
      [],
    );
  });
});
