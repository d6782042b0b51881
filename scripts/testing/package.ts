/**
 * The package as users install it, compiled once for a run of the tests: tests start the command from it, because the
 * sources take twice as long to load and because it is what users run.
 */
import { execFile } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

/** Tells the processes that run tests where it is. */
export const PACKAGE_VARIABLE = "MERIDIAN_TEST_PACKAGE";

const COPIED = ["package.json", "scripts/meridian.mjs", "scripts/compiler-options.mjs"];
const LINKED = ["scenarios", "node_modules"];

export interface CompiledPackage {
  readonly folder: string;
  remove(): void;
}

/**
 * Compiles the package into a temporary folder.
 *
 * @param root     folder of the sources
 * @param programs sources of programs to compile with it: they lie in `dist/`, as the package's own
 * @throws what the build said where it failed
 */
export async function compilePackage(root: string, programs: readonly string[] = []): Promise<CompiledPackage> {
  const folder = mkdtempSync(join(tmpdir(), "meridian-package-"));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  try {
    for (const path of COPIED) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      copyFileSync(join(root, path), join(folder, path));
    }
    for (const name of LINKED) symlinkSync(join(root, name), join(folder, name), "junction");
    const build = [join(root, "scripts", "build.ts"), "--code-into", join(folder, "dist")];
    for (const program of programs) build.push("--with", program);
    await promisify(execFile)(process.execPath, build, { cwd: root });
    return { folder, remove };
  } catch (error) {
    remove();
    throw error;
  }
}
