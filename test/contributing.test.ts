/**
 * Executes the walk-throughs of CONTRIBUTING.md in a copy of the project: writes the files and applies the differences
 * as its fenced blocks show them, then runs the commands of its `sh check` blocks. Fails where one no longer works.
 */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { after, describe, it } from "node:test";
import { IS_FULL } from "./budget.ts";
import { MEMBERS_VARIABLE } from "./members.ts";
import { REGISTRIES } from "./tidy/registries.ts";
import { missingFromIndex, missingProof, RULES, testedPaths } from "./tidy/rules.ts";
import { parseSource } from "./tidy/source.ts";

const ROOT = join(import.meta.dirname, "..");
/**
 * For a full run: making all reference pages anew, holding them to the code, drawing all pictures once more after they
 * were drawn, and holding the rest of the tree to the rules of the house.
 */
const ONLY_IN_FULL = ["npm run docs", "docs/reference", "commands/schema", "golden/reports", "tidy"];
const WALKTHROUGH = /^Add an? (.+)$/;
const EXTENSION_POINTS = ["strategy", "trace format", "capacity model", "chart", "endpoint adapter"];

interface Block {
  /** What the section adds. */
  readonly adds: string;
  readonly line: number;
  readonly language: string;
  /** What follows the language: a path, or `check`. */
  readonly mark: string;
  readonly text: string;
}

const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
  readonly scripts: Readonly<Record<string, string>>;
};
const blocks = walkthroughBlocks(readFileSync(join(ROOT, "CONTRIBUTING.md"), "utf8"));
const checks = blocks.filter(({ language, mark }) => language === "sh" && mark === "check");
const changes = blocks.filter(({ language }) => language === "diff");
const files = blocks.filter((block) => block.mark !== "" && !checks.includes(block) && !changes.includes(block));
const tests = files.map(({ mark }) => mark).filter((path) => path.endsWith(".test.ts"));
/** What the walk-throughs add to registries; a suite's other members are asked by its own run, except in a full one. */
const members = files.flatMap(({ mark }) => /([\w-]+)\.ts$/.exec(mark)?.[1] ?? []);

const copy = mkdtempSync(join(tmpdir(), "meridian-contributing-"));
after(() => rmSync(copy, { recursive: true, force: true }));

describe("CONTRIBUTING.md", () => {
  it("walks through every extension point: its test, its file, its line, the commands that check it", () => {
    for (const adds of EXTENSION_POINTS) {
      const own = (list: readonly Block[]) => list.filter((block) => block.adds === adds).map(({ mark }) => mark);
      assert.ok(own(files).some((path) => /^test\/.*\.test\.ts$/.test(path)));
      assert.ok(own(files).some((path) => /^(simulator|reports)\/.*\.ts$/.test(path)));
      assert.ok(own(changes).some((path) => /^(simulator|reports)\/.*\/index\.ts$/.test(path)));
      assert.equal(own(checks).length, 1, `${adds}: one block of sh check`);
    }
  });

  it("has files that are new and differences that apply", () => {
    copyProject();
    for (const { line, mark, text } of files) {
      assert.ok(!existsSync(join(copy, mark)), `CONTRIBUTING.md:${line}  ${mark} is there already`);
      mkdirSync(dirname(join(copy, mark)), { recursive: true });
      writeFileSync(join(copy, mark), text);
    }
    for (const { line, mark, text } of changes) {
      const before = readFileSync(join(copy, mark), "utf8");
      writeFileSync(join(copy, mark), applied(text, before, `CONTRIBUTING.md:${line}  ${mark}`));
    }
  });

  it("shows code that the linter and the compiler accept", async () => {
    const paths = [...files, ...changes].map(({ mark }) => mark).filter((path) => path.endsWith(".ts"));
    const config = { extends: "./tsconfig.json", files: paths, include: ["simulator/**/*.d.ts"] };
    writeFileSync(join(copy, "tsconfig.walkthroughs.json"), JSON.stringify(config));
    const [lint, types] = await Promise.all([
      run(`npx biome check --error-on-warnings ${paths.join(" ")}`),
      run("npx tsc --singleThreaded -p tsconfig.walkthroughs.json"),
    ]);
    assert.equal(lint.code, 0, lint.output);
    assert.equal(types.code, 0, types.output);
  });

  it("shows commands that pass", async () => {
    const commands = checks.flatMap(({ text }) => text.trim().split("\n"));
    const unit = /^npm run unit -- (.+)$/;
    for (const left of ONLY_IN_FULL)
      assert.ok(
        commands.some((command) => command.includes(left)),
        left,
      );
    const now = (each: string) => IS_FULL || !ONLY_IN_FULL.includes(each);
    // The tests of all walk-throughs in one run, which draws the pictures too; other commands once each, before it.
    const draw = /^UPDATE_GOLDEN=1 npm run unit -- (.+)$/;
    const others = commands.filter((each) => !unit.test(each) && !draw.test(each) && now(each));
    for (const command of new Set(others)) await passes(command);
    const words = new Set(commands.flatMap((command) => unit.exec(command)?.[1]?.split(" ") ?? []).filter(now));
    const drawn = commands.flatMap((command) => draw.exec(command)?.[1] ?? []);
    const { output } = await run(`UPDATE_GOLDEN=1 npm run unit -- ${[...drawn, ...words].join(" ")}`);
    if (IS_FULL) await passes(`npm run unit -- ${drawn.join(" ")}`);
    for (const path of tests) assert.ok(output.includes(`ok      ${path}`), `no command runs ${path}:\n${output}`);
    // What tidy says of the rest of the tree is for the test of the tree.
    const failed = output
      .split("\n")
      .filter((line) => line.startsWith("FAILED ") && !line.includes("test/tidy.test.ts"));
    assert.deepEqual(failed, [], output);
    const untidy = output.split("\n").filter((line) => !/^ok /.test(line) && isOfWalkthrough(line));
    assert.deepEqual(untidy, [], output);
  });

  it("shows files that the rules of the house accept", () => {
    const parsed = (paths: readonly string[]) =>
      paths.map((path) => parseSource(path, readFileSync(join(copy, path), "utf8")));
    const own = parsed(files.map(({ mark }) => mark).filter((path) => path.endsWith(".ts")));
    const tested = testedPaths(own);
    const untested = own.filter(({ path }) => !path.startsWith("test/") && !tested.has(path)).map(({ path }) => path);
    const registries = REGISTRIES.filter(({ folder }) => own.some(({ path }) => dirname(path) === folder));
    assert.ok(registries.length >= EXTENSION_POINTS.length);
    const unlisted = registries.flatMap((registry) => {
      const inside = globSync(`{,test/}${registry.folder}/*.ts`, { cwd: copy }).map((path) =>
        path.replaceAll("\\", "/"),
      );
      const all = parsed(inside);
      const page = registry.page === undefined ? undefined : readFileSync(join(copy, registry.page), "utf8");
      return [...missingFromIndex(registry, all), ...(page === undefined ? [] : missingProof(registry, all, page))];
    });
    const broken = Object.values(RULES).flatMap((rule) => own.flatMap(rule));
    assert.deepEqual([...untested, ...unlisted, ...broken], []);
  });

  it("and what is forgotten is named by the conformance suites", async () => {
    const samples = changes.map(({ mark }) => mark).filter((path) => path.startsWith("test/"));
    for (const path of samples) cpSync(join(ROOT, path), join(copy, path));
    rmSync(join(copy, "docs/strategies/stay.md"));
    rmSync(join(copy, "test/reports/charts/failed-share.test.ts"));
    const suites = [
      "strategies/index",
      "traffic/formats/index",
      "service/capacity/index",
      "bench/adapters/conformance",
    ];
    const paths = suites.map((name) => `test/simulator/${name}.test.ts`).join(" ");
    const names =
      "--test-name-pattern='^stay: is pure' --test-name-pattern='has a .*sample' --test-name-pattern='and a sample'";
    const { code, output } = await run(`node --test --test-isolation=none ${names} ${paths}`);
    assert.equal(code, 1);
    for (const wanted of [
      "docs/strategies/stay.md is missing",
      "tell the conformance suite a sample of gateway-log",
      "tell the conformance suite a sample of delay",
      "tell the conformance suite a served answer of tgi",
    ])
      assert.ok(output.includes(wanted), `"${wanted}" is not in:\n${output}`);
  });
});

function isOfWalkthrough(line: string): boolean {
  return files.some(({ mark }) => line.includes(basename(mark)));
}

function walkthroughBlocks(markdown: string): readonly Block[] {
  const found: Block[] = [];
  for (const match of markdown.matchAll(/^## (.+)$|^```(\w+) ?([^\n]*)\n([\s\S]*?)^```$/gm)) {
    const heading = match[1];
    const adds: string = heading ?? found.at(-1)?.adds ?? "";
    const line = markdown.slice(0, match.index).split("\n").length;
    found.push({ adds, line, language: match[2] ?? "", mark: match[3] ?? "", text: match[4] ?? "" });
  }
  return found.flatMap((block) => {
    const adds = WALKTHROUGH.exec(block.adds)?.[1];
    return adds === undefined || block.language === "" ? [] : [{ ...block, adds }];
  });
}

/** What tests and commands read, without what is large and not read; packages are shared. */
function copyProject(): void {
  const left = new Set([".git", "node_modules", "runs", "dist", ".cache"]);
  cpSync(ROOT, copy, {
    recursive: true,
    filter: (path) => path === ROOT || !(left.has(basename(path)) || path.endsWith(".gz")),
  });
  symlinkSync(join(ROOT, "node_modules"), join(copy, "node_modules"), "dir");
}

/**
 * A text with a difference applied. Hunks are separated by `@@`; lines begin with a space (there before and after),
 * `-` or `+`. A hunk's place is found by its lines, which must stand there once.
 */
function applied(difference: string, before: string, place: string): string {
  return difference.split(/^@@\n/m).reduce((text, hunk) => {
    const lines = hunk.trimEnd().split("\n");
    const side = (signs: string) =>
      lines.filter((line) => signs.includes(line[0]!)).map((line) => `${line.slice(1)}\n`);
    const old = side(" -").join("");
    const parts = `\n${text}`.split(`\n${old}`);
    assert.equal(parts.length, 2, `${place} has these lines ${parts.length - 1} times, not once:\n${old}`);
    return parts.join(`\n${side(" +").join("")}`).slice(1);
  }, before);
}

async function passes(command: string): Promise<string> {
  const { code, output } = await run(command);
  assert.equal(code, 0, `${command}\n${output}`);
  return output;
}

/** Runs a command in the copy, as a contributor would; npm's scripts without npm, which takes half a second each. */
function run(typed: string): Promise<{ readonly code: number; readonly output: string }> {
  // What is compiled here is of no use to anything else: its paths go with the copy.
  const NODE_COMPILE_CACHE = join(copy, ".cache");
  const env: NodeJS.ProcessEnv = { ...process.env, NODE_COMPILE_CACHE, MERIDIAN_TEST_INNER: "1" };
  if (!IS_FULL) env[MEMBERS_VARIABLE] = members.join();
  delete env.NODE_TEST_CONTEXT;
  const command = typed.replace(/npm run (\w+)(?: --)?/, (_, name: string) => scripts[name] ?? `no script ${name}`);
  return new Promise((resolve) => {
    execFile("sh", ["-c", command], { cwd: copy, env, maxBuffer: 2 ** 24 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), output: `${stdout}${stderr}` });
    });
  });
}
