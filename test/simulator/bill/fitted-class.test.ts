import assert from "node:assert/strict";
import { it } from "node:test";
import { loadReference } from "../../../scripts/io/reference.ts";
import { ONE } from "../../../simulator/bill/bill-line.ts";
import type { ClassifiedLine } from "../../../simulator/bill/classify.ts";
import { cheapestRoute, effectivePrice, otherRoutes, writeOverInput } from "../../../simulator/bill/fitted-class.ts";
import type { Bill } from "../../../simulator/bill/spend.ts";
import { createPriceBook } from "../../../simulator/service/pricing/price-book.ts";

const HAIKU = "anthropic.claude-haiku-4-5-20251001-v1:0";
const book = createPriceBook({ data: (await loadReference()).prices });
const lineOf = (region: string, over: object = {}): ClassifiedLine =>
  ({
    line: { kind: "usage", costUsd: 3n * ONE },
    spend: "tokens",
    modelId: HAIKU,
    region,
    routing: "regional",
    tokens: 2_000_000n * ONE,
    ...over,
  }) as unknown as ClassifiedLine;

it("offers the bill's regions of the same legal area and the global profile, at what was billed times list prices", () => {
  const lines = ["us-east-1", "us-west-2", "eu-west-1"].map((region) => lineOf(region));
  const bill = { lines } as unknown as Bill;
  assert.equal(effectivePrice(lines), 1.5);
  const routes = otherRoutes({ bill, book }, lines[0]!, { input: 1.1, output: 5.5 }, "m");
  assert.deepEqual(
    routes.map(({ way, target }) => [way, target]),
    [
      ["us-west-2", "us-west-2"],
      ["global profile", "us-east-1/global"],
    ],
  );
  // A geographic call of Haiku 4.5 costs 1.1 times a global one.
  const { input, output } = routes[1]!.override;
  assert.ok(Math.abs(input - 1) < 1e-12 && Math.abs(output - 5) < 1e-12);
  assert.deepEqual(
    otherRoutes({ bill, book }, lineOf("us-east-1", { modelId: undefined }), routes[1]!.override, "m"),
    [],
  );
});

it("takes the cheapest target for a call of mean size, and a write for 1.25 inputs where no list says it", () => {
  const overrides = [
    { input: 1, output: 5 },
    { input: 2, output: 4 },
  ];
  const targets = ["a", "b"];
  assert.equal(cheapestRoute({ targets, overrides, input: 100, output: 200 }), "b");
  assert.equal(cheapestRoute({ targets, overrides, input: 100, output: 100 }), "a");
  assert.ok(Math.abs(writeOverInput(book, lineOf("us-east-1")) - 1.25) < 1e-9);
  assert.equal(writeOverInput(book, lineOf("us-east-1", { modelId: undefined })), 1.25);
});
