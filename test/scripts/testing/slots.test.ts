import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { createReport } from "../../../scripts/testing/report.ts";
import { type FileOutcome, runCheck, runInSlots } from "../../../scripts/testing/slots.ts";

const TEST = 'import { test, describe, before } from "node:test"; import assert from "node:assert";\n';
const FILES: Readonly<Record<string, string>> = {
  passes: `${TEST}test("one", () => {}); describe("some", () => { test("two", () => {}); });`,
  fails: `${TEST}test("wrong", () => assert.equal(1, 2)); test("right", () => {});`,
  skips: `${TEST}test("left out", { skip: "no such program here" }, () => {});`,
  skipsAll: `${TEST}describe("a program", { skip: "is not here" }, () => { test("one", () => {}); test("two", () => {}); });`,
  empty: "export {};",
  broken: 'throw new Error("at load");',
  halfBroken: `${TEST}test("declared", () => {}); throw new Error("after the first");`,
  late: `${TEST}test("over", () => { setTimeout(() => { throw new Error("too late"); }, 30); });`,
  exits: `${TEST}test("ends all", () => process.exit(0));`,
  hangs: `${TEST}test("never", () => { setInterval(() => {}, 1000); });`,
  moves: `${TEST}test("moves", () => { process.chdir(".."); });`,
  sets: `${TEST}test("sets", () => { process.env.LEFT_BEHIND = "1"; });`,
  hooked: `${TEST}let ready = false; before(() => { ready = true; }); test("hook", () => assert.ok(ready));`,
};

const HANG_LIMIT_MS = 4_000;

describe("test files in slots", () => {
  let folder: string;
  const outcomes = new Map<string, FileOutcome>();
  let printed = "";
  let isOk: boolean | undefined;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "meridian-tests-"));
    const fileOf = (name: string) => ({ path: join(folder, `${name}.test.mjs`), isShared: true });
    for (const [name, text] of Object.entries(FILES)) writeFileSync(fileOf(name).path, text);
    const names = Object.keys(FILES).filter((name) => name !== "hangs");
    const report = createReport(folder, (text) => {
      printed += text;
    });
    const onFile = (outcome: FileOutcome) => {
      outcomes.set(outcome.file.path.replace(/^.*[\\/](\w+)\.test\.mjs$/, "$1"), outcome);
      report.file(outcome);
    };
    await Promise.all([
      runInSlots([{ work: names.map(fileOf), slots: 1, isPatient: true }], { fileLimitMs: 60_000, onFile }),
      runInSlots([{ work: [fileOf("hangs")], slots: 1 }], { fileLimitMs: HANG_LIMIT_MS, onFile }),
    ]);
    isOk = report.finish();
  });
  after(() => rmSync(folder, { recursive: true }));

  const problemsOf = (name: string) => outcomes.get(name)!.problems.join("\n");
  const countsOf = (name: string) => outcomes.get(name)!.tests.map(({ outcome }) => outcome);

  it("counts tests, not suites", () => {
    assert.deepEqual(countsOf("passes"), ["passed", "passed"]);
    assert.deepEqual(countsOf("fails"), ["failed", "passed"]);
    assert.deepEqual(countsOf("skipsAll"), ["skipped"], "a suite that is left out whole");
    assert.equal(problemsOf("passes"), "");
  });

  it("runs every file, with its own hooks, whatever those before it did", () => {
    assert.deepEqual([...outcomes.keys()].sort(), Object.keys(FILES).sort());
    assert.deepEqual(countsOf("hooked"), ["passed"]);
    assert.equal(problemsOf("hooked"), "");
  });

  it("fails a file that cannot be loaded, at once or after its first test", () => {
    assert.deepEqual(countsOf("broken"), ["failed"]);
    assert.match(problemsOf("halfBroken"), /cannot be loaded: Error: after the first/);
  });

  it("fails a file whose process ends or hangs", () => {
    assert.match(problemsOf("exits"), /its process ended \(exit code 0\) before its tests did/);
    assert.match(problemsOf("hangs"), /stopped after 4 s/);
  });

  it("fails a file that throws after its tests", () => {
    assert.match(problemsOf("late"), /asynchronous activity after the test ended.*too late/);
  });

  it("fails a file that leaves a shared process changed", () => {
    assert.match(problemsOf("moves"), /leaves the working folder changed; .*\/\/ Own process: <reason>/);
    assert.match(problemsOf("sets"), /leaves environment variable LEFT_BEHIND changed/);
  });

  it("prints every failure with its place and the command that repeats it", () => {
    assert.match(printed, /FAILED {2}fails\.test\.mjs:2 {2}wrong\n/);
    assert.match(printed, / {2}again: npm run unit -- fails\.test\.mjs\n/);
    assert.match(printed, /FAILED {2}empty\.test\.mjs: it holds no tests\n/);
    assert.match(printed, /skipped skips\.test\.mjs {2}left out: no such program here\n/);
  });

  it("ends with the total, on a line of its own", () => {
    assert.equal(isOk, false);
    const { passed, failed, skipped } =
      /\n(?<passed>\d+) passed, (?<failed>\d+) failed, (?<skipped>\d+) skipped\n$/.exec(printed)!.groups!;
    assert.deepEqual([Number(passed), Number(failed), Number(skipped)], [9, 9, 2]);
  });
});

it("lanes go on at the same time, each in its order, and what is done with one helps another, alone", async () => {
  const begun: string[] = [];
  const gates = new Map<string, () => void>();
  const held = (name: string) => () => {
    begun.push(name);
    return new Promise<void>((resolve) => gates.set(name, resolve));
  };
  const lanes = [
    { work: ["a", "b", "c", "d"].map(held), slots: 1 },
    { work: ["x", "y"].map(held), slots: 2 },
  ];
  const all = runInSlots(lanes, { fileLimitMs: 1000, onFile: () => assert.fail("no file") });
  assert.deepEqual(begun, ["a", "x", "y"]);
  const end = async (name: string) => {
    gates.get(name)!();
    await new Promise((resolve) => setImmediate(resolve));
    return begun.slice(3).join("");
  };
  assert.equal(await end("x"), "b", "the first that is free helps");
  assert.equal(await end("y"), "b", "the second does not");
  assert.equal(await end("a"), "bc");
  assert.equal(await end("b"), "bcd");
  for (const name of ["c", "d"]) gates.get(name)!();
  await all;
});

it("a check is a script of package.json: its exit code decides, and all that it says is kept", async () => {
  const folder = mkdtempSync(join(tmpdir(), "meridian-checks-"));
  const scripts = {
    good: "node -e \"console.log('fine')\"",
    bad: "node -e \"console.error('not fine'); process.exit(3)\"",
  };
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "checked", version: "1.0.0", scripts }));
  try {
    const good = await runCheck("good", folder);
    assert.deepEqual([good.name, good.isOk, good.text.trim()], ["good", true, "fine"]);
    const bad = await runCheck("bad", folder);
    assert.equal(bad.isOk, false);
    assert.match(bad.text, /not fine/);
    assert.ok(bad.durationMs > 0);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
