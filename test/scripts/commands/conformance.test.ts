import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { meridianHere } from "../run-meridian.ts";

const folder = mkdtempSync(join(tmpdir(), "meridian-conformance-"));
after(() => rmSync(folder, { recursive: true }));

describe("meridian strategy new and meridian conformance", () => {
  for (const file of ["mine.ts", "mine.js"]) {
    it(`${file}: what is written conforms`, async () => {
      const path = join(folder, file);
      assert.equal((await meridianHere(["strategy", "new", path])).code, 0);
      const { code, stdout } = await meridianHere(["conformance", path]);
      assert.equal(code, 0, stdout);
      assert.match(stdout, /mine\.[tj]s: conforms\n/);
      assert.match(stdout, /64 targets: \d+ ns of processor time a decision/);
      const again = await meridianHere(["strategy", "new", path]);
      assert.equal(again.code, 2);
      assert.match(again.stderr, /STRATEGY_FILE_EXISTS/);
    });
  }

  it("a strategy that breaks the contract: exit code 99, and which demand", async () => {
    const path = join(folder, "bad.js");
    writeFileSync(
      path,
      'export default { name: "bad", summary: "Bad.", options: {}, signals: [], create: () => ({ choose: () => 0 }) };',
    );
    const { code, stdout } = await meridianHere(["conformance", path, "--json"]);
    assert.equal(code, 99);
    const { reports } = JSON.parse(stdout) as {
      reports: { conforms: boolean; checks: { problem: string | null }[] }[];
    };
    assert.equal(reports[0]!.conforms, false);
    assert.match(reports[0]!.checks[0]!.problem!, /with 2 targets.*it returned 0/);
  });

  it("a shipped strategy by name; options that are no JSON and names that are none are refused", async () => {
    const shipped = await meridianHere(["conformance", "priority", "--options", '{"cooldown": 0}']);
    assert.equal(shipped.code, 0);
    const broken = await meridianHere(["conformance", "priority", "--options", "cooldown=0"]);
    assert.deepEqual([broken.code, /CONFORMANCE_OPTIONS/.test(broken.stderr)], [2, true]);
    const unknown = await meridianHere(["conformance", "prioritty"]);
    assert.deepEqual([unknown.code, /STRATEGY_UNKNOWN/.test(unknown.stderr)], [2, true]);
  });
});
