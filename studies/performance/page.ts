/** The measured tables in docs/model/performance.md: written anew by a full run, between two marks. */
import { readFile } from "node:fs/promises";
import { cpus } from "node:os";
import { join } from "node:path";
import writeFileAtomic from "write-file-atomic";
import { PACKAGE_ROOT } from "../../scripts/io/process.ts";
import { MeridianError } from "../../simulator/base/errors.ts";

const PAGE = join(PACKAGE_ROOT, "docs", "model", "performance.md");
const FROM = "<!-- measured by npm run perf: from here -->";
const TO = "<!-- measured by npm run perf: to here -->";

/** Replaces the tables of the page by these. */
export async function writeMeasured(tables: string): Promise<void> {
  await writeFileAtomic(PAGE, withMeasured(await readFile(PAGE, "utf8"), tables, machine()));
}

/**
 * A page with other tables between its marks.
 *
 * @throws MeridianError (usage) PERF_NO_MARKS for a page without the marks
 */
export function withMeasured(page: string, tables: string, where: string): string {
  const from = page.indexOf(FROM);
  const to = page.indexOf(TO);
  if (from < 0 || to < from) {
    throw new MeridianError("usage", {
      code: "PERF_NO_MARKS",
      where: PAGE,
      what: "the page has no place for measured tables",
      fix: `put the lines "${FROM}" and "${TO}" where they belong`,
    });
  }
  const lines = tables.trimEnd();
  return `${page.slice(0, from)}${FROM}\n\n${where}\n\n\`\`\`text\n${lines}\n\`\`\`\n\n${page.slice(to)}`;
}

function machine(): string {
  return `${cpus().length} cores, Node ${process.versions.node}; processor time of whole processes.`;
}
