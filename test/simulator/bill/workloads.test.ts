import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { reasonAgainst, workloadOf, workloadsSchema } from "../../../simulator/bill/workloads.ts";

const WORKLOADS = workloadsSchema.parse({
  search: { sla: "1500ms" },
  support: { sla: "6s", residency: "eu" },
  archive: { sla: "24h", mayMove: "50%" },
  "*": { mayMove: 0 },
});

describe("what teams can live with", () => {
  it("is by name, or what is said for all others", () => {
    assert.equal(workloadOf(WORKLOADS, "search")?.sla, 1500);
    assert.equal(workloadOf(WORKLOADS, "other")?.mayMove, 0);
    assert.equal(workloadOf(WORKLOADS, "")?.mayMove, 0);
    assert.equal(workloadOf(workloadsSchema.parse({ untagged: { sla: "3s" } }), undefined)?.sla, 3000);
    assert.equal(workloadOf(undefined, "search"), undefined);
  });

  it("says why a way is none", () => {
    const against = (team: string, way: string) => reasonAgainst(workloadOf(WORKLOADS, team), way);
    assert.match(against("search", "us-east-2")!, /2 s at most/);
    assert.match(against("support", "us-east-2")!, /may not be there/);
    assert.match(against("support", "global profile")!, /anywhere/);
    assert.match(against("support", "batch")!, /do not wait a day/);
    assert.equal(against("support", "eu-west-1"), undefined);
    assert.equal(against("archive", "batch"), undefined);
    assert.match(against("other", "eu-west-1")!, /none of it may move/);
  });

  it("refuses a share above the whole", () => {
    assert.ok(!workloadsSchema.safeParse({ a: { mayMove: 1.5 } }).success);
    assert.ok(!workloadsSchema.safeParse({ a: { slo: "6s" } }).success);
  });
});
