/** Golden pictures: a drawn SVG against the one in the repository, which a person has looked at. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";

const UPDATE_COMMAND = "UPDATE_GOLDEN=1 npm run unit -- golden/reports";

export interface GoldenOptions {
  /** Folder of the golden pictures. */
  readonly folder: string;
  /** File name without `.svg`. */
  readonly name: string;
  /** Write the picture instead of comparing it. */
  readonly update: boolean;
}

/**
 * Compares a picture with its golden file, numbers rounded. A picture that changed is saved beside the old one as
 * `<name>.changed.svg`, so that the two can be looked at side by side.
 *
 * @throws AssertionError when there is no golden picture, or another one
 */
export function assertPicture(svg: string, { folder, name, update }: GoldenOptions): void {
  const golden = join(folder, `${name}.svg`);
  const changed = join(folder, `${name}.changed.svg`);
  const text = comparable(svg);
  if (update) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(golden, text);
  }
  assert.ok(existsSync(golden), missingMessage(golden));
  if (readFileSync(golden, "utf8") === text) {
    rmSync(changed, { force: true });
    return;
  }
  writeFileSync(changed, text);
  assert.fail(
    `${shown(golden)} changed: compare it with ${shown(changed)}; if the new one is right, run ${UPDATE_COMMAND}`,
  );
}

/** What to do about a chart that has no golden picture yet. */
export function missingMessage(golden: string): string {
  return `run ${UPDATE_COMMAND} to write ${shown(golden)}, and look at it`;
}

/**
 * One element a line; numbers in attributes with three decimals, so that a golden file survives another platform's
 * `Math`. Text that people read (labels, alt text) stays as it is.
 */
export function comparable(svg: string): string {
  const rounded = svg.replace(/ (?!aria-label=)[\w:-]+="[^"]*"/g, (attribute) =>
    attribute.replace(/-?\d+\.\d+(e-?\d+)?/g, (number) => String(Math.round(Number(number) * 1000) / 1000 + 0)),
  );
  return `${rounded.replaceAll("><", ">\n<")}\n`;
}

function shown(file: string): string {
  return relative(process.cwd(), file).replaceAll("\\", "/");
}
