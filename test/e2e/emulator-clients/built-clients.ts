import { execFile } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const BUILD_LIMIT_MS = 900_000;
const RUN_LIMIT_MS = 120_000;

/** Clients that are installed or compiled once, in the user's cache folder; a new version of the sources is a new name. */
const BUILDS = {
  node: { name: "node-clients-1", command: "npm", args: ["install", "--no-audit", "--no-fund", "--ignore-scripts"] },
  go: { name: "go-client-1", command: "go", args: ["build", "-o", "client", "."] },
  java: {
    name: "java-client-1",
    command: "mvn",
    args: ["-q", "-B", "package", "dependency:copy-dependencies", "-DincludeScope=runtime"],
  },
  rust: { name: "rust-client-1", command: "cargo", args: ["build"] },
} as const;

/**
 * Builds the clients of one language from its folder beside this file.
 *
 * @returns the folder where they are; why they are missing where the tool of the language is
 * @throws if the tool is there and fails
 */
export async function builtClients(language: keyof typeof BUILDS): Promise<{ folder?: string; reason: string }> {
  const { name, command, args } = BUILDS[language];
  const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "meridian");
  const folder = join(cache, name);
  const sources = fileURLToPath(new URL(language, import.meta.url));
  if (!existsSync(folder)) {
    const isThere = await run(command, [language === "go" ? "version" : "--version"]).then(
      () => true,
      () => false,
    );
    if (!isThere) return { reason: `there is no ${command} here` };
    mkdirSync(dirname(folder), { recursive: true });
    const made = mkdtempSync(`${folder}.part-`);
    try {
      cpSync(sources, made, { recursive: true });
      await run(command, [...args], { cwd: made, timeout: BUILD_LIMIT_MS });
      renameSync(made, folder);
    } catch (error) {
      rmSync(made, { recursive: true, force: true });
      if (!existsSync(folder)) throw error;
    }
  }
  // The checks themselves may have changed since the packages were installed.
  if (language === "node") cpSync(sources, folder, { recursive: true });
  return { folder, reason: "" };
}

/** Runs a client without the host's own AWS settings, and reads what it printed as JSON. */
export async function runClient(
  command: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
) {
  const env = { PATH: process.env.PATH ?? "", HOME: "/nonexistent", AWS_EC2_METADATA_DISABLED: "true", ...environment };
  const { stdout } = await run(command, [...args], { env, timeout: RUN_LIMIT_MS });
  return JSON.parse(stdout);
}
