import assert from "node:assert/strict";
import { test } from "node:test";
import { addToLedger, createLedger, ledgerCell } from "../../../../simulator/world/pricing/ledger.ts";

const SHAPE = { epochs: 3, placements: 4, classes: 5 };

test("every (epoch, placement, class) has its own cell, all within the ledger", () => {
  const ledger = createLedger(SHAPE);
  const cells = new Set<number>();
  for (let e = 0; e < 3; e++) {
    for (let p = 0; p < 4; p++) {
      for (let c = 0; c < 5; c++) cells.add(ledgerCell(SHAPE, e, p, c));
    }
  }
  assert.equal(cells.size, 60);
  assert.equal(Math.max(...cells), 59);
  assert.equal(ledger.decisions.length, 60);
  assert.equal(ledger.tokens.length, 240);
});

test("ledgers of one shape add up, others are refused", () => {
  const a = createLedger(SHAPE);
  const b = createLedger(SHAPE);
  a.tokens[7] = 2;
  b.tokens[7] = 3;
  b.decisions[59] = 1;
  addToLedger(a, b);
  assert.equal(a.tokens[7], 5);
  assert.equal(a.decisions[59], 1);
  assert.throws(() => addToLedger(a, createLedger({ ...SHAPE, classes: 4 })), /INVARIANT/);
});
