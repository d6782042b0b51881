import assert from "node:assert/strict";
import { test } from "node:test";
import { slosWithin } from "../../../../reports/charts/parts/slo.ts";
import { fixture } from "../../fixture.ts";

test("classes with one objective share a line; far objectives are left out", () => {
  const base = fixture();
  const withSlos = (...slos: (number | null)[]) => ({
    ...base,
    classes: slos.map((sloE2eMs, at) => ({ ...base.classes[0]!, name: `c${at}`, sloE2eMs })),
  });
  assert.deepEqual(slosWithin(withSlos(8000, 8000, null, 2000), "sloE2eMs", 9000), [
    { ms: 2000, text: "SLO 2 s (c3)" },
    { ms: 8000, text: "SLO 8 s (c0 and c1)" },
  ]);
  assert.deepEqual(slosWithin(withSlos(8000), "sloE2eMs", 1000), []);
});
