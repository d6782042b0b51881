/** Writes the reference pages that are made from the code: `npm run docs`. A test holds the committed ones to them. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { scenarioSchema } from "../../simulator/scenario/schema.ts";
import { commands } from "../commands/index.ts";
import { PACKAGE_ROOT } from "../io/process.ts";
import { cliPage, errorsPage } from "./cli-page.ts";
import { claimsPage, modelsPage } from "./data-pages.ts";
import { assertPage, scenarioPage } from "./scenario-page.ts";

const MADE = "<!-- Made from the code by `npm run docs`: change the code, not this page. -->";

/** Text of each page, by its path from the project's root. */
export async function referencePages(): Promise<ReadonlyMap<string, string>> {
  const verbs = await Promise.all(commands.map(async (entry) => ({ ...entry, ...(await entry.load()) })));
  const pages: Readonly<Record<string, string>> = {
    "docs/reference/cli.md": cliPage(verbs),
    "docs/reference/scenario.md": scenarioPage(scenarioSchema).text,
    "docs/reference/assert.md": assertPage(),
    "docs/reference/errors.md": errorsPage(),
    "docs/reference/models.md": modelsPage(),
    "docs/reference/claims.md": await claimsPage(),
  };
  return new Map(Object.entries(pages).map(([path, text]) => [path, `${MADE}\n\n${text}\n`]));
}

/** Says which pages changed, and which keys of the scenario have no meaning to show. */
async function writePages(): Promise<void> {
  for (const [path, text] of await referencePages()) {
    const file = join(PACKAGE_ROOT, path);
    const before = readIfThere(file);
    if (before !== text) writeFileSync(file, text);
    process.stdout.write(`${path}  ${before === text ? "as it was" : "written"}\n`);
  }
  const { unexplained } = scenarioPage(scenarioSchema);
  if (unexplained.length === 0) return;
  process.stdout.write(`\nkeys without a description in the schema:\n  ${unexplained.join("\n  ")}\n`);
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

if (process.argv[1] === import.meta.filename) {
  // A reader that has seen enough, such as `head`, ends the listing; the pages are written all the same.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
  await writePages();
}
