/**
 * Builds the package: `npm run build` compiles the sources to dist/, where every file keeps the path of its source.
 * Programs for Node are bundled with shared chunks, k6 scripts each into one file; types come from the compiler.
 */
import { execFileSync } from "node:child_process";
import { globSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { type BuildOptions, build } from "esbuild";
import { PACKAGE_ROOT } from "./io/process.ts";

/** What the command starts: itself, and its worker threads. */
const PROGRAMS = ["scripts/cli.ts", "scripts/io/simulate-worker.ts"];
/** What k6 runs: one file each, as k6 has no packages. */
const K6_SCRIPTS = ["scenarios/k6/replay.ts", "scenarios/k6/native-executor.ts"];
/** Types of modules that bring none. */
const AMBIENT = globSync("simulator/**/*.d.ts", { cwd: PACKAGE_ROOT });
/** The oldest Node that the package runs on. */
const TARGET = "node20.15";

const DIST = join(PACKAGE_ROOT, "dist");

await buildPackage();

async function buildPackage(): Promise<void> {
  const library = librarySources();
  rmSync(DIST, { recursive: true, force: true });
  const common: BuildOptions = {
    absWorkingDir: PACKAGE_ROOT,
    outbase: ".",
    outdir: DIST,
    bundle: true,
    format: "esm",
    logLevel: "warning",
    legalComments: "none",
  };
  await build({
    ...common,
    entryPoints: [...library, ...PROGRAMS],
    platform: "node",
    target: TARGET,
    packages: "external",
    splitting: true,
    chunkNames: "chunks/[name]-[hash]",
  });
  await build({ ...common, entryPoints: K6_SCRIPTS, platform: "neutral", target: "es2022", external: ["k6", "k6/*"] });
  emitTypes(library);
}

/** What users import: the sources of the compiled files that package.json exports. */
function librarySources(): readonly string[] {
  const { exports } = JSON.parse(readFileSync(join(PACKAGE_ROOT, "package.json"), "utf8")) as {
    readonly exports: Readonly<Record<string, string | { readonly default: string }>>;
  };
  return Object.values(exports).flatMap((entry) =>
    typeof entry === "string" ? [] : [entry.default.replace(/^\.\/dist\/(.*)\.js$/, "$1.ts")],
  );
}

/** Types of the library's entries and of what they name, and of nothing else. */
function emitTypes(library: readonly string[]): void {
  const config = join(DIST, "tsconfig.json");
  writeFileSync(config, JSON.stringify(typesConfig([...library, ...PROGRAMS])));
  execFileSync(join(PACKAGE_ROOT, "node_modules", ".bin", "tsc"), ["-p", config], {
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

/** The compiler also holds the code to what the oldest Node has: its library is that of the year before. */
function typesConfig(files: readonly string[]): unknown {
  return {
    extends: "../tsconfig.json",
    compilerOptions: {
      noEmit: false,
      declaration: true,
      emitDeclarationOnly: true,
      rewriteRelativeImportExtensions: true,
      lib: ["es2023", "es2024.string"],
      rootDir: "..",
      outDir: ".",
    },
    include: [],
    files: [...files, ...AMBIENT].map((file) => `../${file}`),
  };
}
