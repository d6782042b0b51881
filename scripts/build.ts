/**
 * Builds the package: `npm run build` compiles the sources to dist/, where every file keeps the path of its source.
 * Programs for Node are bundled with shared chunks, k6 scripts and what browsers run each into one file; types come
 * from the compiler.
 * `--code-into <folder>` writes the code there and no types: the tests run the command as it will be installed.
 * `--code-from <folder>` takes the code that this wrote, and adds the types.
 * `--with <source>` compiles one more program with them, which is no part of the package: what is measured is the package's code.
 */
import { execFileSync } from "node:child_process";
import { cpSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { type BuildOptions, build, type Metafile, type Plugin } from "esbuild";
import { BROWSER_BUILD, BROWSER_PROGRAMS, ENGLISH_ONLY, NO_DEBUG_LOG } from "./browser/bundle.ts";
import { constantsAgain } from "./build/constants.ts";
import { joinChunks } from "./build/join-chunks.ts";
import { PACKAGE_ROOT } from "./io/process.ts";
import { checkReference } from "./io/reference.ts";

/** What the command starts: itself, and its worker threads. */
const PROGRAMS = ["scripts/cli.ts", "scripts/io/simulate-worker.ts", "scripts/sweep/sweep-worker.ts"];
/** What k6 runs: one file each, as k6 has no packages. */
const K6_SCRIPTS = ["scenarios/k6/replay.ts", "scenarios/k6/native-executor.ts"];
/** Types of modules that bring none. */
const AMBIENT = globSync("simulator/**/*.d.ts", { cwd: PACKAGE_ROOT });
/** Packages of many small files that are compiled in: loading them file by file would take most of the start. */
const COMPILED_IN = [
  ...["commander", "zod", "yaml", "csv-parse", "fastest-levenshtein", "seedrandom"],
  ...["@stdlib/stats-base-dists-t-quantile", "@stdlib/stats-base-dists-t-cdf", "@stdlib/stats-base-dists-normal-cdf"],
  ...["simple-statistics", "vega", "vega-lite"],
];
/** The oldest Node that the package runs on. */
const TARGET = "node20.15";

/**
 * commander asks for Node's modules by require, which compiled modules lack. It gets the two that it works with; what it
 * would start other programs with takes longer to load than all of commander, and no verb is a program of its own.
 */
const NODE_OF_COMMANDER: Plugin = {
  name: "node-of-commander",
  setup: ({ onResolve, onLoad }) => {
    onResolve({ filter: /^node:/ }, ({ path, kind, importer }) =>
      kind === "require-call" && /[\\/]commander[\\/]/.test(importer)
        ? { path, namespace: "node-of-commander" }
        : undefined,
    );
    onLoad({ filter: /.*/, namespace: "node-of-commander" }, ({ path }) => {
      if (path === "node:process") return { contents: "module.exports = process;" };
      return { contents: /^node:(events|path)$/.test(path) ? `export * from "${path}";` : "export {};" };
    });
  },
};

const { values: OPTIONS } = parseArgs({
  options: {
    "code-into": { type: "string" },
    "code-from": { type: "string" },
    with: { type: "string", multiple: true, default: [] },
  },
});
const DIST = resolve(OPTIONS["code-into"] ?? join(PACKAGE_ROOT, "dist"));

await buildPackage();

async function buildPackage(): Promise<void> {
  const { exports, dependencies } = readManifest();
  const library = librarySources(exports);
  rmSync(DIST, { recursive: true, force: true });
  if (OPTIONS["code-from"] !== undefined) {
    cpSync(OPTIONS["code-from"], DIST, { recursive: true });
    return emitTypes(library);
  }
  const common: BuildOptions = {
    absWorkingDir: PACKAGE_ROOT,
    outbase: ".",
    outdir: DIST,
    bundle: true,
    // Modules are named by where they are installed, not by where a link there leads on one machine.
    preserveSymlinks: true,
    format: "esm",
    logLevel: "warning",
    legalComments: "none",
    minifyWhitespace: true,
  };
  const { metafile, outputFiles } = await build({
    ...common,
    entryPoints: [...library, ...PROGRAMS, ...OPTIONS.with],
    platform: "node",
    target: TARGET,
    external: dependencies.filter((name) => !COMPILED_IN.includes(name)).flatMap((name) => [name, `${name}/*`]),
    // Its files for Node are CommonJS and ask for Node's modules by require.
    alias: { yaml: join(PACKAGE_ROOT, "node_modules", "yaml", "browser", "index.js") },
    plugins: [ENGLISH_ONLY, NO_DEBUG_LOG, NODE_OF_COMMANDER],
    metafile: true,
    write: false,
    splitting: true,
    chunkNames: "chunks/[name]-[hash]",
  });
  const compiled = (source: string) => join(DIST, source.replace(/\.ts$/, ".js"));
  const modules = await joinChunks(new Map(outputFiles.map(({ path, text }) => [path, text])), {
    start: [compiled("scripts/cli.ts"), chunkOf("scripts/commands/check.ts", metafile)],
    apart: [
      "scripts/io/simulate-worker.ts",
      "scripts/cli.ts",
      "simulator/routing.ts",
      "simulator/index.ts",
      "reports/index.ts",
    ].map(compiled),
    folder: join(DIST, "chunks"),
  });
  for (const [path, text] of modules) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, constantsAgain(path, text));
  }
  await build({ ...common, entryPoints: K6_SCRIPTS, platform: "neutral", target: "es2022", external: ["k6", "k6/*"] });
  const browser = await build({
    ...BROWSER_BUILD,
    outbase: ".",
    outdir: DIST,
    entryPoints: Object.values(BROWSER_PROGRAMS),
    metafile: true,
  });
  // Checking the reference data takes longer than all else that a start does with them.
  writeFileSync(join(DIST, "reference.json"), JSON.stringify(await checkReference()));
  const inputs = [metafile, browser.metafile].flatMap((one) => Object.keys(one.inputs));
  writeFileSync(join(DIST, "LICENSES.txt"), licencesOf(inputs));
  if (OPTIONS["code-into"] === undefined) emitTypes(library);
}

/** The compiled file of a source that is loaded at run time. */
function chunkOf(source: string, { outputs }: Metafile): string {
  const [path] = Object.entries(outputs).find(([, { entryPoint }]) => entryPoint === source)!;
  return resolve(PACKAGE_ROOT, path);
}

/** Licences of the packages that are compiled in. */
function licencesOf(inputs: readonly string[]): string {
  const names = inputs.flatMap((path) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? []);
  const texts = [...new Set(names)].sort().map((name) => {
    const folder = join(PACKAGE_ROOT, "node_modules", name);
    const file = globSync("LICEN[SC]E*", { cwd: folder })[0];
    const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Readonly<Record<string, string>>;
    const text = file === undefined ? `Licence: ${manifest.license}` : readFileSync(join(folder, file), "utf8");
    return `${name} ${manifest.version}\n\n${text.trim()}\n`;
  });
  return `Packages that are compiled into this folder, with their licences.\n\n${texts.join("\n---\n\n")}`;
}

interface Manifest {
  readonly exports: Readonly<Record<string, string | { readonly default: string }>>;
  readonly dependencies: readonly string[];
}

function readManifest(): Manifest {
  const { exports, dependencies } = JSON.parse(readFileSync(join(PACKAGE_ROOT, "package.json"), "utf8"));
  return { exports, dependencies: Object.keys(dependencies) };
}

/** What users import: the sources of the compiled files that package.json exports. */
function librarySources(exports: Manifest["exports"]): readonly string[] {
  return Object.values(exports).flatMap((entry) =>
    typeof entry === "string" ? [] : [entry.default.replace(/^\.\/dist\/(.*)\.js$/, "$1.ts")],
  );
}

/** Types of the library's entries and of what they name, and of nothing else. */
function emitTypes(library: readonly string[]): void {
  const config = join(DIST, "tsconfig.json");
  writeFileSync(config, JSON.stringify(typesConfig(library)));
  execFileSync(join(PACKAGE_ROOT, "node_modules", ".bin", "tsc"), ["-p", config, "--singleThreaded"], {
    stdio: ["ignore", "inherit", "inherit"],
    shell: process.platform === "win32",
  });
  rmSync(config);
  const reached = new Set<string>();
  for (const entry of library) follow(join(DIST, entry.replace(/\.ts$/, ".d.ts")), reached);
  for (const file of globSync("**/*.d.ts", { cwd: DIST })) {
    if (!reached.has(join(DIST, file))) rmSync(join(DIST, file));
  }
}

/** Keeps a declaration file and all that it imports, and lets it import by the names of the compiled files. */
function follow(file: string, reached: Set<string>): void {
  if (reached.has(file)) return;
  reached.add(file);
  const text = readFileSync(file, "utf8");
  const imports = /((?:\bfrom|\bimport)\s*\(?\s*"\.[^"]+)\.ts"/g;
  writeFileSync(file, text.replace(imports, '$1.js"'));
  for (const [, start] of text.matchAll(imports)) {
    follow(resolve(dirname(file), `${start!.slice(start!.indexOf('"') + 1)}.d.ts`), reached);
  }
}

/** Holds all of the code to its types, except where it is taken as it is: then that has been done. */
function typesConfig(library: readonly string[]): unknown {
  const noCheck = OPTIONS["code-from"] !== undefined;
  return {
    extends: "../tsconfig.json",
    compilerOptions: {
      noEmit: false,
      declaration: true,
      emitDeclarationOnly: true,
      rewriteRelativeImportExtensions: true,
      noCheck,
      rootDir: "..",
      outDir: ".",
    },
    include: [],
    files: [...library, ...(noCheck ? [] : PROGRAMS), ...AMBIENT].map((file) => `../${file}`),
  };
}
