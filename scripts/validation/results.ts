import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stableJson } from "../io/stable-json.ts";
import { FOREIGN_WORLDS } from "./foreign/worlds.ts";
import { studyPart, withStudyPart } from "./page.ts";
import type { CaseResult } from "./study.ts";
import { studyTables } from "./table.ts";

const FILE = "results.json";

/** The kept figures of every case. */
export async function readResults(folder: string): Promise<readonly CaseResult[]> {
  const { cases } = JSON.parse(await readFile(join(folder, FILE), "utf8")) as { cases: readonly CaseResult[] };
  return cases;
}

/** Keeps derived figures, and puts their tables on the page beside the folder. */
export async function writeStudy(cases: readonly CaseResult[], folder: string): Promise<void> {
  const kept = rounded(await merged(cases, folder));
  await writeFile(join(folder, FILE), stableJson({ schemaVersion: 1, cases: kept }));
  const page = await readFile(pageOf(folder), "utf8");
  await writeFile(pageOf(folder), withStudyPart(page, studyTables(kept)));
}

/** True when the derived figures are the kept ones, and the page's tables are those of the kept ones. */
export async function checkStudy(
  cases: readonly CaseResult[],
  folder: string,
  say: (line: string) => void,
): Promise<boolean> {
  const kept = await readResults(folder);
  const differing = rounded(cases).filter(
    (each) => stableJson(each) !== stableJson(kept.find(isSameCase(each)) ?? null),
  );
  for (const { world, condition } of differing) say(`${world}/${condition}: the derived figures are not the kept ones`);
  const isPageRight = studyPart(await readFile(pageOf(folder), "utf8")) === studyTables(kept);
  if (!isPageRight) say("the page's tables are not those of the kept figures");
  if (differing.length === 0 && isPageRight) say(`${cases.length} cases derived; every figure is as kept`);
  return differing.length === 0 && isPageRight;
}

/** Some worlds' cases in the place of the kept ones; the order is the study's. */
async function merged(cases: readonly CaseResult[], folder: string): Promise<readonly CaseResult[]> {
  const kept = await readResults(folder).catch(() => []);
  const others = kept.filter((each) => !cases.some(({ world }) => world === each.world));
  const place = ({ world }: CaseResult): number => FOREIGN_WORLDS.findIndex(({ name }) => name === world);
  return [...others, ...cases].sort((a, b) => place(a) - place(b));
}

function isSameCase({ world, condition }: CaseResult): (other: CaseResult) => boolean {
  return (other) => other.world === world && other.condition === condition;
}

/** To a microsecond and a millionth: what is kept does not hang on the last bit of a sum. */
function rounded(cases: readonly CaseResult[]): readonly CaseResult[] {
  return JSON.parse(
    JSON.stringify(cases, (_key, value: unknown) =>
      typeof value === "number" ? Math.round(value * 1e6) / 1e6 : value,
    ),
  ) as readonly CaseResult[];
}

function pageOf(folder: string): string {
  return join(folder, "..", "validation.md");
}
