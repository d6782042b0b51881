import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { costOf, type ImportedLines, withEarlierParts } from "../../../scripts/bill/import-parts.ts";
import type { ClassifiedLine } from "../../../simulator/bill/classify.ts";

/** A line that is known by its cost alone. */
const line = (usd: number) => ({ line: { costUsd: BigInt(usd), line: usd } }) as ClassifiedLine;
const keyed = (key: string, ...usd: readonly number[]) => new Map([[key, usd.map(line)]]);

describe("files of one source in one import", () => {
  it("of other days have nothing to do with one another", () => {
    const notes: string[] = [];
    const own = keyed("b", 1);
    assert.equal(withEarlierParts(own, keyed("a", 1) as ImportedLines, notes), own);
    assert.deepEqual(notes, []);
  });

  it("are added up where they share less than half of their lines, and else take the place", () => {
    const earlier = keyed("a", 1, 2, 3) as ImportedLines;
    const notes: string[] = [];
    const parts = withEarlierParts(new Map([...keyed("a", 3, 4, 5), ...keyed("b", 6)]), earlier, notes);
    assert.equal(costOf(parts.values()), 1n + 2n + 3n + 3n + 4n + 5n + 6n);
    const later = keyed("a", 1, 2, 3, 4);
    assert.equal(withEarlierParts(later, earlier, notes), later);
    assert.match(notes.join(), /added up, as parts of one export.*takes their place, as a later export/);
  });
});
