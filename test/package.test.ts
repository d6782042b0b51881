import assert from "node:assert/strict";
import { type SpawnSyncReturns, spawnSync } from "node:child_process";
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { after, before, describe, it } from "node:test";
import { prepareExperiment } from "../scripts/io/experiment.ts";
import { parseSet } from "../scripts/io/overrides.ts";
import { jobsOf, runExperiment } from "../scripts/io/run-experiment.ts";
import { PACKAGE_VARIABLE } from "../scripts/testing/package.ts";
import { installPackage, type PackedPackage, startupTable } from "../studies/performance/startup.ts";
import { OLD_NODE } from "./scripts/old-node.ts";

const ROOT = join(import.meta.dirname, "..");
const FILES_MAX = 450;
const BYTES_MAX = 3_000_000;

/** Enough requests for results that differ where the code differs. */
const FEW = "requests=500";

interface Manifest {
  readonly scripts: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly bin: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, string | { readonly types: string; readonly default: string }>>;
}

const manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as Manifest;

/** Fenced blocks of a page with these marks: `ts example a.ts` is a program, `text printed by a.ts` what it prints. */
function blocks(page: string, marks: RegExp): readonly { readonly name: string; readonly text: string }[] {
  const markdown = readFileSync(join(ROOT, page), "utf8");
  return [...markdown.matchAll(/^```([^\n]*)\n([\s\S]*?)^```/gm)].flatMap(([, mark, text]) => {
    const name = marks.exec(mark!)?.[1];
    return name === undefined ? [] : [{ name, text: text! }];
  });
}

const PAGES = ["README.md", "docs/library.md", "docs/bedrock-client.md"];
const examples = PAGES.flatMap((page) => blocks(page, /^ts example (\S+)$/));
/** What the command prints for the README's scenario; it begins with the sentence that its example prints. */
const [answer] = blocks("README.md", /^text output of (two-regions)$/);
const flat = (text: string) => text.replace(/\s+/g, " ").trim();
const printed = PAGES.flatMap((page) => blocks(page, /^text printed by (\S+)$/));

describe("the package, installed from its tarball", () => {
  let folder: string;
  let packed: PackedPackage;
  const inside = (...path: readonly string[]) => join(folder, "node_modules", "meridian", ...path);
  const run = (file: string, ...args: readonly string[]): SpawnSyncReturns<string> => {
    const { NODE_TEST_CONTEXT, MERIDIAN_HOST_NODE, GITHUB_STEP_SUMMARY, ...env } = process.env;
    return spawnSync(process.execPath, [file, ...args], { cwd: folder, encoding: "utf8", timeout: 120_000, env });
  };
  const meridian = (...args: readonly string[]) => run(inside(manifest.bin.meridian!), ...args);
  const simulate = ["simulate", "chat.yaml", "--json", "--quiet", "--set", FEW];
  let simulated: SpawnSyncReturns<string>;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "meridian-"));
    const compiled = process.env[PACKAGE_VARIABLE];
    packed = installPackage(folder, compiled === undefined ? undefined : join(compiled, "dist"));
    mkdirSync(join(folder, "node_modules", "@types"));
    symlinkSync(join(ROOT, "node_modules", "@types", "node"), join(folder, "node_modules", "@types", "node"), "dir");
    writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "app", type: "module", private: true }));
    const [twoRegions] = blocks("README.md", /^yaml (two-regions)$/);
    writeFileSync(join(folder, "two-regions.yaml"), twoRegions!.text);
    for (const { name, text } of blocks("docs/library.md", /^yaml file (\S+)$/))
      writeFileSync(join(folder, name), text);
    for (const { name, text } of examples) writeFileSync(join(folder, name), text);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it("is built before it is packed", () => {
    const { prepack, build } = manifest.scripts;
    assert.deepEqual([prepack, build], ["npm run build", "node scripts/build.ts"]);
  });

  it("is small, and holds no sources, tests or studies", () => {
    assert.ok(packed.files.length < FILES_MAX, `${packed.files.length} files`);
    assert.ok(packed.size < BYTES_MAX, `${packed.size} bytes`);
    const strange = packed.files.map(({ path }) => path).filter((path) => !isExpected(path));
    assert.deepEqual(strange, []);
    for (const path of ["LICENSE", "README.md", "CHANGELOG.md", "dist/LICENSES.txt", "scenarios/flagship.yaml"]) {
      assert.ok(
        packed.files.some((file) => file.path === path),
        path,
      );
    }
  });

  it("names no place outside of itself", () => {
    const compiled = globSync("dist/**/*.js", { cwd: inside() });
    assert.ok(compiled.length > 10);
    const outside = compiled.flatMap((path) => {
      const text = readFileSync(inside(path), "utf8");
      const places = text.match(/["'`](?:(?:\.\.\/)+|\/)[^"'`\s]*\/node_modules\/[^"'`\s]*["'`]/g) ?? [];
      const imports = [...text.matchAll(/(?:\bfrom|\bimport)\s*\(?"(\.[^"\n]+)"/g)].map(([, from]) => from!);
      const beyond = imports.filter((from) => relative(inside(), join(dirname(inside(path)), from)).startsWith(".."));
      return [...places, ...beyond, ...(text.includes(ROOT) ? [ROOT] : [])].map((name) => `${path}: ${name}`);
    });
    assert.deepEqual(outside, []);
  });

  it("has every file that its entries name", () => {
    const paths = new Set(packed.files.map(({ path }) => `./${path}`));
    const named = Object.values(manifest.exports).flatMap((entry) =>
      typeof entry === "string" ? [entry] : [entry.types, entry.default],
    );
    assert.deepEqual(
      [...named, ...Object.values(manifest.bin).map((path) => `./${path}`)].filter((path) => !paths.has(path)),
      [],
    );
    assert.ok(named.length > 10);
  });

  it("imports nothing of Node where it runs in browsers and in k6", () => {
    for (const entry of ["./strategies", "./core"]) {
      const { default: file } = manifest.exports[entry] as { readonly default: string };
      assert.deepEqual(
        importsBelow(inside(file)).filter((from) => /^node:|^[a-z@]/.test(from)),
        [],
        entry,
      );
    }
    for (const script of globSync("dist/scenarios/k6/*.js", { cwd: inside() })) {
      const foreign = importsBelow(inside(script)).filter((from) => !/^k6(\/|$)/.test(from));
      assert.deepEqual(foreign, [], script);
    }
  });

  it("has types for nodenext and for bundlers", () => {
    for (const resolution of [
      { module: "nodenext", moduleResolution: "nodenext" },
      { module: "esnext", moduleResolution: "bundler" },
    ]) {
      const config = {
        compilerOptions: {
          ...resolution,
          target: "es2022",
          strict: true,
          noEmit: true,
          types: ["node"],
          skipLibCheck: true,
        },
        files: examples.map(({ name }) => name),
      };
      writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
      const compiler = join(ROOT, "node_modules", "typescript", "bin", "tsc");
      const { status, stdout } = run(compiler, "--singleThreaded", "-p", join(folder, "tsconfig.json"));
      assert.equal(status, 0, stdout);
    }
  });

  it("runs the examples of its pages", () => {
    const file = join(folder, "examples.mjs");
    writeFileSync(file, runnerOf(examples.map(({ name }) => name)));
    const { status, stdout, stderr } = run(file);
    assert.equal(status, 0, stderr);
    const said = JSON.parse(stdout) as Readonly<Record<string, string>>;
    for (const { name } of examples) {
      const shown = printed.find((block) => block.name === name);
      const text = said[name]!;
      if (shown !== undefined) assert.equal(text, shown.text, name);
      else assert.ok(text.length > 40 && flat(answer!.text).startsWith(flat(text)), `${name}: ${text}`);
    }
  });

  it("checks and simulates by its command, with the results of the sources", async () => {
    assert.equal(meridian("--version").stdout, `${JSON.parse(readFileSync(inside("package.json"), "utf8")).version}\n`);
    const checked = meridian("check", "chat.yaml");
    assert.equal(checked.status, 0, checked.stderr);
    assert.match(checked.stdout, /^ok {2}chat\.yaml: 2 strategies, 2 regions/);
    simulated = meridian(...simulate);
    assert.equal(simulated.status, 0, simulated.stderr);
    const experiment = await prepareExperiment(join(folder, "chat.yaml"), {
      overrides: [parseSet(FEW)],
      strategies: [],
    });
    const result = await runExperiment(experiment, jobsOf(experiment, 1), {
      workers: 1,
      signal: new AbortController().signal,
      onProgress: () => {},
    });
    assert.deepEqual(JSON.parse(simulated.stdout), JSON.parse(JSON.stringify(result)));
  });

  it("runs on an older Node than that of a checkout, with the same results", {
    skip: OLD_NODE === undefined && "no older Node on this host",
  }, () => {
    const { NODE_TEST_CONTEXT, MERIDIAN_HOST_NODE, ...env } = process.env;
    const args = [inside(manifest.bin.meridian!), ...simulate];
    const { status, stdout, stderr } = spawnSync(OLD_NODE!, args, { cwd: folder, encoding: "utf8", env });
    assert.equal(status, 0, stderr);
    assert.equal(stdout, simulated.stdout);
  });

  it("finds its data, and lists it", () => {
    assert.match(meridian("list", "traces").stdout, /^azure/m);
    const flagship = meridian("check", inside("scenarios", "flagship.yaml"));
    assert.equal(flagship.status, 0, flagship.stderr);
  });
});

describe("the table of starts", () => {
  it("shows medians as multiples of the first", () => {
    const table = startupTable(
      new Map([
        ["node -e 0", [30, 20, 40]],
        ["meridian --help", [61, 59, 60]],
      ]),
    );
    assert.match(table, /\| `node -e 0` +\| +30 \| +1\.0 \|/);
    assert.match(table, /\| `meridian --help` \| +60 \| +2\.0 \|/);
  });
});

/** A program that runs others one after the other, and prints what each has printed. */
function runnerOf(names: readonly string[]): string {
  return `const said = {};
const { write } = process.stdout;
for (const name of ${JSON.stringify(names)}) {
  said[name] = "";
  process.stdout.write = (text) => { said[name] += text; return true; };
  await import("./" + name);
}
process.stdout.write = write;
process.stdout.write(JSON.stringify(said));
`;
}

function isExpected(path: string): boolean {
  return (
    /^(package\.json|README\.md|LICENSE|CHANGELOG\.md|scripts\/(?:meridian|compiler-options)\.mjs|scenarios\/scenario\.schema\.json)$/.test(
      path,
    ) ||
    /^dist\/(LICENSES\.txt|reference\.json|.*(\.js|\.d\.ts))$/.test(path) ||
    /^scenarios\/([\w-]+\.yaml|(reference|traces)\/.*\.(json|csv\.gz|md))$/.test(path)
  );
}

/** What a compiled file and the files that it imports import from elsewhere. */
function importsBelow(file: string, seen = new Set<string>()): readonly string[] {
  if (seen.has(file)) return [];
  seen.add(file);
  const found = [...readFileSync(file, "utf8").matchAll(/(?:\bfrom|\bimport)\s*\(?"([^"\n]+)"/g)].map(
    ([, from]) => from!,
  );
  return found.flatMap((from) => (from.startsWith(".") ? importsBelow(join(dirname(file), from), seen) : [from]));
}
