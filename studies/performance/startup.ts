/**
 * `npm run perf -- startup`: how long the installed command takes to start, against a Node that does nothing.
 * Options: --rounds N (default 15), --node FILE (another Node), --json.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { markdownTable } from "markdown-table";
import { PACKAGE_ROOT } from "../../scripts/io/process.ts";
import { EXIT_CODES } from "../../simulator/base/errors.ts";
import { median } from "../../simulator/base/statistics.ts";
import { readOptions, wholeNumber } from "../arguments.ts";

const USAGE = "STARTUP_USAGE";

/** A scenario as small as one can be. */
const SMALL = `name: small
requests: 1000
world:
  regions: [us-east-1, eu-west-1]
  models:
    nova: { id: amazon.nova-pro-v1:0, capacity: { kind: slots, servers: 12, service: { exponential: { mean: 4s } } } }
traffic:
  - class: chat
    arrivals: { poisson: 2/s }
    tokens: { input: 1200, output: 250 }
    origin: eu-west-1
strategies: [round-robin]
`;

/** What `npm pack --json` says of a tarball. */
export interface PackedPackage {
  readonly filename: string;
  /** Bytes of the tarball. */
  readonly size: number;
  readonly files: readonly { readonly path: string }[];
}

/**
 * Builds and packs the package and installs it into a folder, without a network: the packages that it depends on are
 * linked to those of the project, and no others.
 *
 * @param folder an empty folder
 * @param compiled where the code has been compiled already: its folder, from `scripts/build.ts --code-into`
 */
export function installPackage(folder: string, compiled?: string): PackedPackage {
  const options = ["--json", "--foreground-scripts=false", "--pack-destination", folder];
  if (compiled !== undefined) {
    options.push("--ignore-scripts");
    execFileSync(process.execPath, ["scripts/build.ts", "--code-from", compiled], { cwd: PACKAGE_ROOT });
  }
  const told = execFileSync("npm", ["pack", ...options], { cwd: PACKAGE_ROOT, encoding: "utf8" });
  const [packed] = JSON.parse(told) as readonly PackedPackage[];
  execFileSync("tar", ["-xzf", packed!.filename], { cwd: folder });
  const { dependencies } = JSON.parse(readFileSync(join(PACKAGE_ROOT, "package.json"), "utf8"));
  for (const name of Object.keys(dependencies)) {
    const place = join(folder, "node_modules", name);
    mkdirSync(dirname(place), { recursive: true });
    symlinkSync(join(PACKAGE_ROOT, "node_modules", name), place, "dir");
  }
  cpSync(join(folder, "package"), join(folder, "node_modules", "meridian"), { recursive: true });
  return packed!;
}

/** Measures every start in turn, round by round, so that other work of the machine meets all alike. */
export async function measureStartup(argv: readonly string[]): Promise<number> {
  const options = readOptions(argv, USAGE, {
    rounds: { type: "string", default: "15" },
    node: { type: "string", default: process.execPath },
    json: { type: "boolean", default: false },
  });
  const rounds = wholeNumber(USAGE, "rounds", options.rounds);
  const folder = mkdtempSync(join(tmpdir(), "meridian-startup-"));
  try {
    installPackage(folder);
    const command = join(folder, "node_modules", "meridian", "scripts", "meridian.mjs");
    const scenario = join(folder, "small.yaml");
    writeFileSync(scenario, SMALL);
    const starts: Readonly<Record<string, readonly string[]>> = {
      "node -e 0": ["-e", "0"],
      "meridian --version": [command, "--version"],
      "meridian --help": [command, "--help"],
      "meridian check small.yaml": [command, "check", scenario],
    };
    const timesMs = new Map(Object.keys(starts).map((name) => [name, [] as number[]]));
    for (let round = 0; round <= rounds; round++) {
      for (const [name, args] of Object.entries(starts)) {
        const tookMs = timeMs(options.node, args);
        // The first round fills the caches of files and of compiled code.
        if (round > 0) timesMs.get(name)!.push(tookMs);
      }
    }
    process.stdout.write(`${options.json ? JSON.stringify(Object.fromEntries(timesMs)) : startupTable(timesMs)}\n`);
    return EXIT_CODES.ok;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function timeMs(node: string, args: readonly string[]): number {
  const startedMs = performance.now();
  const { status, stderr } = spawnSync(node, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`${args.join(" ")} ended with ${status}: ${stderr}`);
  return performance.now() - startedMs;
}

/**
 * Medians, and each as a multiple of the first.
 *
 * @param timesMs times of each start; the first is what the others are compared with
 */
export function startupTable(timesMs: ReadonlyMap<string, readonly number[]>): string {
  const bare = median([...timesMs.values()][0]!);
  const rows = [...timesMs].map(([name, times]) => [
    `\`${name}\``,
    median(times).toFixed(0),
    (median(times) / bare).toFixed(1),
  ]);
  return markdownTable([["start", "median ms", "times bare Node"], ...rows], { align: ["l", "r", "r"] });
}
