import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { groupEstimate, groupKeys, valuesOf } from "../../../simulator/compare/matching.ts";
import { runOf } from "./fixtures.ts";

const CHAT = { billUsd: [10, 12, 11], trafficShare: [0.5, 0.5, 0.5], failedShare: [0, 0.1, 0] };
const MAIL = { billUsd: [4, 4, 5], trafficShare: [0.25, 0.3, 0.2], failedShare: [0.2, 0.2, 0.2] };
const OTHER = { billUsd: [1, 1, 1], trafficShare: [0.25, 0.2, 0.3], failedShare: [0, 0, 0] };

/** Chat and mail are of one team. */
function taggedRun(label: string, team = "search") {
  const names = ["chat", "mail", "other"];
  const { result } = runOf({
    label,
    classes: names,
    strategies: { single: { byClass: { chat: CHAT, mail: MAIL, other: OTHER } } },
  });
  const tagsOf = (name: string) => (name === "other" ? {} : { team: name === "mail" ? team : "search" });
  return { ...result, classes: result.classes.map((each) => ({ ...each, tags: tagsOf(each.name) })) };
}

describe("groups of two runs", () => {
  const [a, b] = [taggedRun("a"), taggedRun("b")];
  const tags = (other: typeof a) => groupKeys(a, other, { byTag: true }).filter(({ scope }) => scope === "tag");

  it("are by tag where that is asked for: the classes that have it in both", () => {
    assert.deepEqual(
      tags(b).map(({ name, classes }) => [name, classes]),
      [["team=search", ["chat", "mail"]]],
    );
    assert.deepEqual(tags(taggedRun("c", "support"))[0]!.classes, ["chat"]);
    assert.ok(groupKeys(a, b, {}).every(({ scope }) => scope !== "tag"));
  });

  it("of a tag add up bills, and weigh shares by requests", () => {
    const [key] = tags(b);
    const [single] = a.strategies;
    assert.deepEqual(valuesOf(single!, key!, "billUsd"), [14, 16, 16]);
    assert.deepEqual(valuesOf(single!, key!, "trafficShare"), [0.75, 0.8, 0.7]);
    const failed = valuesOf(single!, key!, "failedShare")!;
    for (const [r, expected] of [0.05 / 0.75, (0.05 + 0.06) / 0.8, 0.04 / 0.7].entries())
      assert.ok(Math.abs(failed[r]! - expected) < 1e-12);
    assert.equal(groupEstimate(a, single!, key!, "e2eMsP95"), undefined);
  });
});
