/** Stores the derived figures, and compares them and the tables of docs/held-out.md with newly derived ones. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { markdownTable } from "markdown-table";
import { median } from "simple-statistics";
import { PACKAGE_ROOT } from "../../scripts/io/process.ts";
import { stableJson } from "../../scripts/io/text-files.ts";
import { invariant } from "../../simulator/base/errors.ts";
import { CALIBRATION } from "./conditions.ts";
import type { Figures } from "./figures.ts";
import type { CaseResult } from "./study.ts";
import { WORLDS } from "./worlds.ts";

const FILE = "results.json";
const PAGE = join(PACKAGE_ROOT, "docs", "held-out.md");

/** The kept figures of every case. */
export async function readResults(folder: string): Promise<readonly CaseResult[]> {
  const { cases } = JSON.parse(await readFile(join(folder, FILE), "utf8")) as { cases: readonly CaseResult[] };
  return cases;
}

/** Stores derived figures, and writes their tables into the page. */
export async function writeStudy(cases: readonly CaseResult[], folder: string): Promise<void> {
  const kept = rounded(await merged(cases, folder));
  await writeFile(join(folder, FILE), stableJson({ schemaVersion: 1, cases: kept }));
  const page = await readFile(PAGE, "utf8");
  await writeFile(PAGE, withStudyPart(page, studyTables(kept)));
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
  const isPageRight = studyPart(await readFile(PAGE, "utf8")) === studyTables(kept);
  if (!isPageRight) say("the page's tables are not those of the kept figures");
  if (differing.length === 0 && isPageRight) say(`${cases.length} cases derived; every figure is as kept`);
  return differing.length === 0 && isPageRight;
}

/** Replaces the kept cases of some worlds, in the order of the study. */
async function merged(cases: readonly CaseResult[], folder: string): Promise<readonly CaseResult[]> {
  const kept = await readResults(folder).catch(() => []);
  const others = kept.filter((each) => !cases.some(({ world }) => world === each.world));
  const place = ({ world }: CaseResult): number => WORLDS.findIndex(({ name }) => name === world);
  return [...others, ...cases].sort((a, b) => place(a) - place(b));
}

function isSameCase({ world, condition }: CaseResult): (other: CaseResult) => boolean {
  return (other) => other.world === world && other.condition === condition;
}

/** Rounds to a microsecond and a millionth, so that stored figures do not depend on the last bit of a sum. */
function rounded(cases: readonly CaseResult[]): readonly CaseResult[] {
  return JSON.parse(
    JSON.stringify(cases, (_key, value: unknown) =>
      typeof value === "number" ? Math.round(value * 1e6) / 1e6 : value,
    ),
  ) as readonly CaseResult[];
}

/** Errors of held-out p95 above this are failures, and shown bold. */
export const ERROR_SHARE_MAX = 0.05;

type Latency = Exclude<keyof Figures, "throttledShare" | "firstTargetShare" | "servedShare">;

const LATENCIES: readonly (readonly [Latency, string])[] = [
  ["e2eMsP50", "p50 E2E"],
  ["e2eMsP95", "p95 E2E"],
  ["e2eMsP99", "p99 E2E"],
  ["ttftMsP50", "p50 TTFT"],
  ["ttftMsP95", "p95 TTFT"],
  ["ttftMsP99", "p99 TTFT"],
];

/** The tables of docs/held-out.md: the headline, the cases, and what else was predicted. */
export function studyTables(cases: readonly CaseResult[]): string {
  const heldOut = cases.filter(({ condition }) => condition !== CALIBRATION.name);
  const fitted = cases.filter(({ condition }) => condition === CALIBRATION.name);
  return [
    `**Median error of p95 E2E over ${heldOut.length} held-out cases: ${share(medianError(heldOut, "e2eMsP95", "predicted"))}** (within 5 % in ${heldOut.filter(isWithin).length}). "As before" errs by ${share(medianError(heldOut, "e2eMsP95", "naive"))}, the endpoint's own program with other draws by ${share(medianError(heldOut, "e2eMsP95", "twin"))}.`,
    `Median and largest error over the held-out cases:\n\n${summaryTable(heldOut)}`,
    `Median error of p95 E2E by world and by what was changed:\n\n${groupTable(heldOut)}`,
    `p95 of E2E, each held-out case:\n\n${caseTable(heldOut)}`,
    `Everything else, predicted against measured:\n\n${otherTable(heldOut)}`,
    `On the calibration runs themselves (not held out):\n\n${caseTable(fitted)}`,
  ].join("\n\n");
}

/** Median over cases of the absolute relative error. */
export function medianError(cases: readonly CaseResult[], figure: Latency, by: "predicted" | "naive" | "twin"): number {
  return median(errorsOf(cases, figure, by));
}

function errorsOf(cases: readonly CaseResult[], figure: Latency, by: "predicted" | "naive" | "twin"): number[] {
  return cases.map((each) => Math.abs(errorOf(each, figure, by)));
}

function errorOf(each: CaseResult, figure: Latency, by: "predicted" | "naive" | "twin"): number {
  return each[by][figure] / each.measured[figure] - 1;
}

function isWithin(each: CaseResult): boolean {
  return Math.abs(errorOf(each, "e2eMsP95", "predicted")) <= ERROR_SHARE_MAX;
}

function summaryTable(cases: readonly CaseResult[]): string {
  const spread = (figure: Latency, by: "predicted" | "naive" | "twin"): string => {
    const errors = errorsOf(cases, figure, by);
    return `${share(median(errors))} / ${share(Math.max(...errors))}`;
  };
  return markdownTable(
    [
      ["", "Fitted world", "As before", "Same program, other draws"],
      ...LATENCIES.map(([figure, name]) => [
        name,
        spread(figure, "predicted"),
        spread(figure, "naive"),
        spread(figure, "twin"),
      ]),
    ],
    { align: ["l", "r", "r", "r"] },
  );
}

const CHANGES: Readonly<Record<CaseResult["condition"], string>> = {
  base: "nothing",
  load: "load alone",
  strategy: "strategy alone",
  both: "load and strategy",
};

function groupTable(cases: readonly CaseResult[]): string {
  const groups = new Map<string, CaseResult[]>();
  const join = (name: string, each: CaseResult): void => {
    groups.set(name, [...(groups.get(name) ?? []), each]);
  };
  for (const each of cases) join(each.world, each);
  for (const each of cases) join(CHANGES[each.condition], each);
  const rows = [...groups].map(([name, own]) => [
    name,
    `${own.filter(isWithin).length} of ${own.length}`,
    ...(["predicted", "naive", "twin"] as const).map((by) => share(medianError(own, "e2eMsP95", by))),
  ]);
  return markdownTable([["", "Within 5 %", "Fitted world", "As before", "Other draws"], ...rows], {
    align: ["l", "r", "r", "r", "r"],
  });
}

function caseTable(cases: readonly CaseResult[]): string {
  return markdownTable(
    [
      ["World", "Load", "Strategy", "Measured", "95 % interval", "Predicted", "Error", "As before", "Other draws"],
      ...cases.map((each) => {
        const { low, high } = each.e2eMsP95Interval;
        const error = signed(errorOf(each, "e2eMsP95", "predicted"));
        return [
          each.world,
          `× ${each.load}`,
          each.strategy,
          ms(each.measured.e2eMsP95),
          `${whole(low)} – ${ms(high)}`,
          ms(each.predicted.e2eMsP95),
          isWithin(each) ? error : `**${error}**`,
          signed(errorOf(each, "e2eMsP95", "naive")),
          `${signed(errorOf(each, "e2eMsP95", "twin"))} ± ${share(each.twinE2eP95Spread)}`,
        ];
      }),
    ],
    { align: ["l", "l", "l", "r", "r", "r", "r", "r", "r"] },
  );
}

function otherTable(cases: readonly CaseResult[]): string {
  const error = (each: CaseResult, figure: Latency): string => signed(errorOf(each, figure, "predicted"));
  const both = (each: CaseResult, figure: "throttledShare" | "firstTargetShare"): string =>
    `${share(each.predicted[figure])} / ${share(each.measured[figure])}`;
  return markdownTable(
    [
      ["World", "Load", "Strategy", ...["p50 E2E", "p99 E2E", "p50 TTFT", "p95 TTFT"], "429", "First region"],
      ...cases.map((each) => [
        each.world,
        `× ${each.load}`,
        each.strategy,
        error(each, "e2eMsP50"),
        error(each, "e2eMsP99"),
        error(each, "ttftMsP50"),
        error(each, "ttftMsP95"),
        both(each, "throttledShare"),
        both(each, "firstTargetShare"),
      ]),
    ],
    { align: ["l", "l", "l", "r", "r", "r", "r", "r", "r"] },
  );
}

function whole(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

function ms(value: number): string {
  return `${whole(value)} ms`;
}

function share(value: number): string {
  return `${(100 * value).toFixed(1)} %`;
}

function signed(value: number): string {
  const text = share(Math.abs(value));
  return `${value < 0 ? "−" : "+"}${text}`;
}

const FROM = "<!-- study: written by npm run study -- --write -->";
const TO = "<!-- end of study -->";

/** The text between the marks of the page. */
export function studyPart(page: string): string {
  const [from, to] = marks(page);
  return page.slice(from, to).trim();
}

/** The page with the text between its marks replaced. */
export function withStudyPart(page: string, tables: string): string {
  const [from, to] = marks(page);
  return `${page.slice(0, from)}\n\n${tables}\n\n${page.slice(to)}`;
}

function marks(page: string): readonly [from: number, to: number] {
  const from = page.indexOf(FROM);
  const to = page.indexOf(TO);
  invariant(from >= 0 && to > from, "the page has both marks");
  return [from + FROM.length, to];
}
