import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { formatPath, parsePath } from "../../../scripts/io/yaml-source.ts";
import { suggest } from "../../../simulator/base/near-names.ts";

describe("config paths", () => {
  it("reads both spellings of an index and quoted keys", () => {
    assert.deepEqual(parsePath("traffic[0].arrivals"), ["traffic", 0, "arrivals"]);
    assert.deepEqual(parsePath("traffic.0.arrivals"), ["traffic", 0, "arrivals"]);
    assert.deepEqual(parsePath('tags["a b.c"].x'), ["tags", "a b.c", "x"]);
  });

  it("refuses what is no path", () => {
    for (const text of ["", ".a", "a..b", "a[", "a]", "a[]", "a b", "a."]) {
      assert.equal(parsePath(text), undefined, text);
    }
  });

  it("prints what it reads", () => {
    const key = fc.string({ minLength: 1, maxLength: 12 }).filter((text) => !/^\d+$/.test(text));
    fc.assert(
      fc.property(key, fc.array(fc.oneof(key, fc.nat(1000)), { maxLength: 6 }), (first, rest) => {
        assert.deepEqual(parsePath(formatPath([first, ...rest])), [first, ...rest]);
      }),
    );
  });
});

describe("did you mean", () => {
  const known = ["replications", "routers", "regions"];

  it("finds a slip of the hand", () => {
    assert.equal(suggest("replication", known), 'did you mean "replications"?');
    assert.equal(suggest("REGIONS", known), 'did you mean "regions"?');
  });

  it("does not guess wildly, and lists instead", () => {
    assert.equal(suggest("billing", known), "known here: replications, routers, regions");
  });
});
