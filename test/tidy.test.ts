import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { REGISTRIES } from "./tidy/registries.ts";
import {
  circles,
  isTypesOnly,
  LONG_FILES,
  lateWaits,
  machineTexts,
  missingFromIndex,
  missingProof,
  privateWords,
  RULES,
  SHORT_FILES,
  testedPaths,
  type Violation,
} from "./tidy/rules.ts";
import { parseSource, type SourceFile } from "./tidy/source.ts";

const ROOT = join(import.meta.dirname, "..");
const SOURCE_FOLDERS = ["simulator", "reports", "emulator", "scripts", "scenarios", "studies"];

function list(pattern: string | readonly string[]): readonly string[] {
  const found = globSync(pattern as string[], {
    cwd: ROOT,
    exclude: (path) => /(^|\/)(node_modules|runs|\.cache)$/.test(String(path)),
  });
  return found.map((path) => path.replaceAll("\\", "/")).sort();
}

const files: readonly SourceFile[] = list([...SOURCE_FOLDERS, "test"].map((folder) => `${folder}/**/!(*.d).ts`)).map(
  (path) => parseSource(path, readFileSync(join(ROOT, path), "utf8")),
);

function none(violations: readonly Violation[]): void {
  assert.equal(violations.length, 0, `\n${violations.join("\n")}\n`);
}

/** Source files (or whole folders, with a slash at the end) that no test imports, and what exercises them instead. */
const TESTED_ELSEWHERE: Readonly<Record<string, string>> = {
  "scripts/test.ts": "it runs the tests; a fault in it shows in every run",
  "scripts/build.ts": "test/package.test.ts installs and runs what it builds",
  "scripts/browser/playground-worker.ts": "test/scripts/browser/playground-worker.test.ts runs it bundled",
  "scripts/browser/without-eval.ts": "test/scripts/browser/playground-worker.test.ts runs it where eval is forbidden",
  "scripts/browser/page/": "test/scripts/playground/browser.test.ts runs the page in Chromium",
  "scripts/cli.ts": "test/scripts/meridian.test.ts drives it as a process",
  "scenarios/k6/runtime.ts": "it runs in k6 alone; test/scripts/bench/run.test.ts drives it there",
  "scenarios/k6/native-executor.ts": "it runs in k6 alone; test/scripts/bench/executors.test.ts drives it there",
  "scenarios/k6/replay.ts": "it runs in k6 alone; test/scripts/bench/run.test.ts drives it there",
  "scripts/io/simulate-worker.ts": "test/scripts/commands/simulate.test.ts runs it in threads",
  "scripts/plan/make-plan.ts": "test/scripts/plan/plan.test.ts drives it through its command",
  "scripts/plan/variants.ts": "test/scripts/plan/plan.test.ts drives it through its command",
  "scripts/io/save-experiment.ts": "test/scripts/commands/simulate.test.ts runs it through its command",
  "scripts/sweep/sweep-worker.ts": "test/scripts/commands/sweep.test.ts runs it in threads",
  "scripts/testing/worker.ts": "test/scripts/testing/worker.test.ts runs it as a process",
  "simulator/experiment/result.ts": "types and the number of their version, which a golden result holds",
  "simulator/validate/result.ts": "types and the number of their version; what fills them has its tests",
  "studies/fuzz/index.ts": "test/studies/fuzz/index.test.ts runs it as a process",
  "studies/held-out/index.ts": "test/studies/held-out/index.test.ts runs it as a process",
  "studies/league/index.ts": "test/studies/league/index.test.ts runs it as a process",
  "studies/oracles/index.ts": "test/studies/oracles/index.test.ts runs it as a process",
  "studies/performance/engine-round.ts": "test/studies/performance/programs.test.ts runs it as a process",
  "studies/performance/index.ts": "test/studies/performance/index.test.ts runs it as a process",
  "studies/performance/pin.ts": "test/studies/performance/pin.test.ts runs it as a process",
};

function isTestedElsewhere(path: string): boolean {
  return Object.keys(TESTED_ELSEWHERE).some((key) => path === key || (key.endsWith("/") && path.startsWith(key)));
}

describe("the house is in order", () => {
  for (const [name, rule] of Object.entries(RULES)) it(name, () => none(files.flatMap(rule)));

  it("every source file has a test", () => {
    const tested = testedPaths(files);
    none(
      files
        .filter((file) => SOURCE_FOLDERS.includes(file.path.split("/", 1)[0]!) && !isTypesOnly(file))
        .filter((file) => !tested.has(file.path) && !isTestedElsewhere(file.path))
        .map((file) => `${file.path}: no test imports it; write test/${file.path.replace(/\.ts$/, ".test.ts")}`),
    );
  });

  it("imports make no circle", () => none(circles(files)));

  it("every registry is complete", () => none(REGISTRIES.flatMap((registry) => missingFromIndex(registry, files))));

  it("every entry of a registry with a page has a heading there and a test of its own", () => {
    for (const registry of REGISTRIES) {
      if (registry.page === undefined) continue;
      none(missingProof(registry, files, readFileSync(join(ROOT, registry.page), "utf8")));
    }
  });

  it("exemptions name files that exist", () => {
    const paths = files.map((file) => file.path);
    none(
      [...Object.keys(TESTED_ELSEWHERE), ...Object.keys(LONG_FILES), ...Object.keys(SHORT_FILES)]
        .filter((exempt) => !paths.some((path) => path === exempt || (exempt.endsWith("/") && path.startsWith(exempt))))
        .map((path) => `${path} is gone: remove its exemption`),
    );
  });

  it("nothing speaks of one machine", () => {
    const texts = list([
      "*.{md,json,mjs}",
      ".npmrc",
      ".ci/*",
      "{docs,scripts,simulator,reports,emulator,studies,test}/**/*.{md,ts,mjs,json}",
      "scenarios/**/*.{md,ts,yaml}",
    ]);
    none(
      texts
        .filter((path) => path !== "test/tidy.test.ts" && path !== "test/tidy/rules.ts")
        .flatMap((path) => machineTexts(path, readFileSync(join(ROOT, path), "utf8"))),
    );
  });

  it("tests wait for nothing between them", () => {
    none(list("test/**/*.test.ts").flatMap((path) => lateWaits(path, readFileSync(join(ROOT, path), "utf8"))));
  });

  it("documents are in the field's words", () => {
    none(list(["*.md", "docs/**/*.md"]).flatMap((path) => privateWords(path, readFileSync(join(ROOT, path), "utf8"))));
  });

  it("the lockfile names every optional dependency", () => {
    // npm drops those that the registry at hand does not have, and npm ci then refuses the file elsewhere.
    const lock = JSON.parse(readFileSync(join(ROOT, "package-lock.json"), "utf8")) as Lockfile;
    const missing = Object.entries(lock.packages).flatMap(([path, entry]) =>
      Object.entries(entry.optionalDependencies ?? {})
        .filter(([name]) => !isLocked(name, path, lock))
        .map(
          ([name, version]) =>
            `package-lock.json: add "node_modules/${name}" (${version}) with version, optional, os, cpu`,
        ),
    );
    none(missing);
  });

  it("sees the whole tree", () => assert.ok(files.length > 50, `only ${files.length} files were found`));
});

interface Lockfile {
  readonly packages: Readonly<Record<string, { readonly optionalDependencies?: Readonly<Record<string, string>> }>>;
}

/** True when npm would find the package from `path`: in its own folder of modules or in one above. */
function isLocked(name: string, path: string, lock: Lockfile): boolean {
  if (Object.hasOwn(lock.packages, `${path === "" ? "" : `${path}/`}node_modules/${name}`)) return true;
  if (path === "") return false;
  return isLocked(name, path.slice(0, Math.max(0, path.lastIndexOf("/node_modules/"))), lock);
}

describe("the rules themselves", () => {
  const violations = (rule: string, path: string, text: string) => RULES[rule]!(parseSource(path, text));
  const fails = (rule: string, path: string, text: string) => {
    assert.notEqual(violations(rule, path, text).length, 0, `${rule} must refuse: ${text}`);
  };
  const passes = (rule: string, path: string, text: string) => assert.deepEqual(violations(rule, path, text), [], text);

  it("purity refuses clocks, chance, output and Node", () => {
    for (const text of [
      'import { readFileSync } from "node:fs";',
      'import path from "path";',
      "export const a = Date.now();",
      "export const a = new Date();",
      "export const a = performance.now();",
      "export const a = Math.random();",
      "export const a = process.env.HOME;",
      "console.log(1);",
      "export const a = fetch(url);",
      "export const a = () => setTimeout(b, 1);",
      'export const a = await import("node:fs");',
      "export const a = await import(name);",
      "export const a = await import(`node:fs`);",
    ]) {
      fails("purity", "simulator/a.ts", text);
      fails("purity", "reports/charts/a.ts", text);
      passes("purity", "scripts/a.ts", text);
    }
  });

  it("purity is not fooled by comments, texts, fixed dates and the field's own words", () => {
    for (const text of [
      "// Date.now() and process.exit()\nexport const a = 'Math.random()';",
      "export const a = new Date(0).toISOString();",
      "export function f(process: Arrival) { return process.next(); }",
      "const process = make(); export const a = process.rate;",
      "export const a = { process: 1 }; export const b = a.process;",
      'export const a = await import("./b.ts");',
    ]) {
      passes("purity", "simulator/a.ts", text);
    }
  });

  it("imports go down only, with their extension", () => {
    fails("importDirection", "simulator/a/b.ts", 'import { x } from "../../reports/c.ts";');
    fails("importDirection", "reports/a.ts", 'import { x } from "../scripts/c.ts";');
    fails("importDirection", "emulator/a.ts", 'export * from "../reports/c.ts";');
    fails("importDirection", "simulator/a.ts", 'import { x } from "./b";');
    fails("importDirection", "simulator/a.ts", 'import { x } from "left-pad";');
    fails("importDirection", "scripts/a.ts", 'import { x } from "../studies/c.ts";');
    passes("importDirection", "studies/a/b.ts", 'import { x } from "../../scripts/c.ts";');
    passes("importDirection", "scripts/a.ts", 'import { x } from "../reports/c.ts";');
    passes("importDirection", "simulator/a.ts", 'import { z } from "zod"; import { x } from "./b/c.ts";');
  });

  it("refuses default exports, any, enum, long files and loose ends", () => {
    fails("noDefaultExport", "scripts/a.ts", "export default 1;");
    fails("noAny", "scripts/a.ts", "export const a: any = 1;");
    passes("noAny", "scripts/a.ts", "export const any = 'any'; // any");
    fails("noEnum", "scripts/a.ts", "enum A { b }");
    fails("fileLength", "scripts/a.ts", "export {};\n".repeat(351));
    fails("noBareToDo", "scripts/a.ts", "// TODO later");
    passes("noBareToDo", "scripts/a.ts", "// TODO(#12) later");
    fails("oneOfEach", "scripts/a.ts", "const DAY_MS = 86_400_000;");
    passes("oneOfEach", "scripts/a.ts", "const WAIT_MS = 8 * DAY_MS, NONE = 0, other = of({ a: 3_600_000 });");
  });

  it("keeps the core a stack", () => {
    fails("coreOrder", "simulator/random/a.ts", 'import { x } from "../engine/b.ts";');
    fails("coreOrder", "simulator/elsewhere/a.ts", "export {};");
    passes("coreOrder", "simulator/engine/a.ts", 'import { x } from "../random/b.ts"; import { y } from "./c.ts";');
    passes("coreOrder", "simulator/random/laws/a.ts", 'import { x } from "../../base/b.ts";');
    passes("coreOrder", "simulator/index.ts", 'export { x } from "./engine/b.ts";');
  });

  it("finds circles", () => {
    const round = [
      parseSource("a.ts", 'import { b } from "./b.ts";'),
      parseSource("b.ts", 'import type { c } from "./c.ts";'),
      parseSource("c.ts", 'import { a } from "./a.ts";'),
    ];
    assert.equal(circles(round).length, 1);
    assert.deepEqual(circles([...round.slice(0, 2), parseSource("c.ts", "export const a = 1;")]), []);
  });

  it("refuses slices, long functions, files that do not say what they are for, and private words", () => {
    const long = "export const a = 1;\n".repeat(50);
    fails("fileLength", "scripts/a.ts", "export const a = 1;");
    passes("fileLength", "scripts/a.ts", long.replaceAll("a =", "b ="));
    passes("fileLength", "scripts/a.ts", "export interface A { b: 1 }");
    passes("fileLength", "scripts/index.ts", "export const all = [1];");
    fails("functionLength", "scripts/a.ts", `function f() {\n${"g();\n".repeat(70)}}`);
    passes("functionLength", "scripts/a.ts", `function f() {\n${"g();\n".repeat(60)}}`);
    fails("opening", "scripts/a.ts", "export const a = 1;");
    passes("opening", "scripts/a.ts", "/** Says a. */\nexport const a = 1;");
    fails("opening", "scripts/a.ts", "export const a = 1; // Says a.");
    for (const empty of ['/// <reference path="./b.d.ts" />', "//", "/**\n *\n */"]) {
      fails("opening", "scripts/a.ts", `${empty}\nexport const a = 1;`);
      passes("opening", "scripts/a.ts", `/** Says a. */\n${empty}\nexport const a = 1;`);
    }
    fails("plainWords", "simulator/a.ts", "export const sameLuck = 1;");
    fails("plainWords", "simulator/a.ts", "// Nobody waits.");
    passes("plainWords", "simulator/a.ts", "// The price book.");
    assert.deepEqual(privateWords("docs/a.md", "A draw.\nEverybody waits."), [
      'docs/a.md:2  "Everybody": say no caller, all requests, ...',
    ]);
  });

  it("knows a file without anything to test", () => {
    const typesOnly = (text: string) => isTypesOnly(parseSource("a.ts", text));
    assert.ok(
      typesOnly(
        'import type { B } from "./b.ts"; export interface A { b: B } export type C = A; export * from "./d.ts";',
      ),
    );
    assert.ok(!typesOnly("export interface A {} export const a = 1;"));
  });

  it("knows which files tests reach", () => {
    const tested = testedPaths([
      parseSource("test/a/b.test.ts", 'import { b } from "../../a/b.ts";'),
      parseSource("a/b.ts", 'import { part } from "./part.ts"; import { other } from "../c/other.ts";'),
      parseSource("a/part.ts", 'import { deep } from "./deep.ts";'),
    ]);
    assert.deepEqual([...tested], ["a/b.ts"]);
    const reached = (text: string) => [...testedPaths([parseSource("test/a/b.test.ts", text)])];
    for (const types of ["import type { B }", "import { type B, type C }", "export type { B }", "export { type B }"]) {
      assert.deepEqual(reached(`${types} from "../../a/b.ts";`), [], types);
    }
    assert.deepEqual(reached('export type B = import("../../a/b.ts").B;'), []);
    for (const more of ["import { type B, c }", "import * as b", "export *"]) {
      assert.deepEqual(reached(`${more} from "../../a/b.ts";`), ["a/b.ts"], more);
    }
    assert.deepEqual(reached('import "../../a/b.ts"; await import("../../a/c.ts");'), ["a/b.ts", "a/c.ts"]);
  });

  it("finds what an index forgot", () => {
    const entry = parseSource("s/one.ts", "export const one: Definition = { name: 1 };");
    const helper = parseSource("s/helper.ts", "export const help = 1;");
    const registry = { folder: "s", definitionType: "Definition" };
    const index = (text: string) => missingFromIndex(registry, [parseSource("s/index.ts", text), entry, helper]);
    assert.deepEqual(index("export const all = [];"), ["s/index.ts: import and list one.ts"]);
    assert.deepEqual(index('import { one } from "./one.ts"; export const all = [one];'), []);
  });

  it("finds what has no test of its own and no place on its page", () => {
    const registry = { folder: "s", definitionType: "Model", page: "docs/s.md" };
    const entry = parseSource("s/delay.ts", "export const delay: Model<Spec, typeof schema> = { kind: 1 };");
    const helper = parseSource("s/helper.ts", "export const help = 1;");
    const test = parseSource("test/s/delay.test.ts", "");
    const missing = (page: string, ...others: readonly SourceFile[]) =>
      missingProof(registry, [entry, helper, ...others], page);
    assert.deepEqual(missing("# S\n\n## Delay\n", test), []);
    assert.deepEqual(missing("# S\n\nOf delay.\n"), [
      "s/delay.ts: write test/s/delay.test.ts",
      'docs/s.md: give delay a heading of its own, "## delay"',
    ]);
  });

  it("finds what a test file waits for too late", () => {
    assert.equal(lateWaits("a.test.ts", 'test("a", () => {});\nconst b = await c();').length, 1);
    for (const text of [
      'const b = await c();\ntest("a", () => {});',
      'test("a", async () => {\n  await c();\n});\nconst d = async () => await c();',
    ])
      assert.deepEqual(lateWaits("a.test.ts", text), []);
  });

  it("finds the paths of one machine", () => {
    assert.equal(machineTexts("a.md", ["see ", "work/main/x"].join("/")).length, 1);
    assert.equal(machineTexts("a.md", "see ./work/main and https://x.y/home/z").length, 0);
    assert.equal(machineTexts("a.md", ["", "home", "me"].join("/")).length, 1);
  });
});
