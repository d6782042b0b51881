/** Tested claims as text: one line for each claim, and its cases with equal ones joined. */
import { printable } from "../../simulator/base/errors.ts";
import type { ClaimCase, Verdict } from "../../simulator/claims/claim.ts";
import type { JudgedClaim } from "../../simulator/claims/index.ts";
import { ceilings } from "../../simulator/claims/price-routing.ts";
import { type TerminalOptions, terminalTable, wrap } from "../text/terminal.ts";

/** Cases that came out alike under several billing rules or readings. */
export interface JoinedCase extends Omit<ClaimCase, "billing" | "reading"> {
  readonly billings: readonly string[];
  readonly readings: readonly string[];
}

/** One case for each different outcome: first the readings of a billing rule are joined, then the rules. */
export function joinedCases(cases: readonly ClaimCase[]): readonly JoinedCase[] {
  const byReading = join(
    cases.map(({ billing, reading, ...rest }) => ({ ...rest, billings: [billing], readings: [reading] })),
    ({ billings, found, verdict, condition }) => [billings, found, verdict, condition],
    (a, b) => ({ ...a, readings: [...a.readings, ...b.readings] }),
  );
  return join(
    byReading,
    ({ readings, found, verdict, condition }) => [readings, found, verdict, condition],
    (a, b) => ({ ...a, billings: [...a.billings, ...b.billings] }),
  );
}

function join(
  cases: readonly JoinedCase[],
  keyOf: (one: JoinedCase) => readonly unknown[],
  merge: (a: JoinedCase, b: JoinedCase) => JoinedCase,
): readonly JoinedCase[] {
  const joined = new Map<string, JoinedCase>();
  for (const one of cases) {
    const key = JSON.stringify(keyOf(one));
    const before = joined.get(key);
    joined.set(key, before === undefined ? one : merge(before, one));
  }
  return [...joined.values()];
}

const VERDICTS: readonly Verdict[] = ["holds", "holds if", "fails"];

/**
 * How often each verdict came out, in words.
 *
 * @example summaryOf([{ billing: "any", reading: "", found: "", verdict: "fails", condition: "" }]) // => "fails"
 */
export function summaryOf(cases: readonly ClaimCase[]): string {
  const counts = VERDICTS.map((verdict) => [verdict, cases.filter((one) => one.verdict === verdict).length] as const);
  const present = counts.filter(([, count]) => count > 0);
  const name = (verdict: Verdict) => (verdict === "holds if" ? "holds only if" : verdict);
  if (present.length === 1) return name(present[0]![0]);
  return present.map(([verdict, count]) => `${name(verdict)} ${count}`).join(", ");
}

/** @param only the claim that is shown with its cases; all of them in one line each when left out */
export function renderClaimsText(
  claims: readonly JudgedClaim[],
  swing: number,
  options: TerminalOptions & { readonly only: boolean },
): string {
  const lines = options.only
    ? claims.flatMap((claim) => caseLines(claim, options))
    : [
        ...claims.flatMap(({ id, says, cases }) => [`${id}: ${summaryOf(cases)}`, ...indented(says, options.width)]),
        "",
        ...wrap(
          "Verdicts count billing rules times readings. `meridian claims <claim>` shows each with its condition.",
          options.width,
        ),
      ];
  return [...lines, "", ...ceilingLines(swing, options)].join("\n");
}

const LABELS: Readonly<Record<Verdict, string>> = { holds: "note", "holds if": "only if", fails: "because" };

function caseLines({ says, cases }: JudgedClaim, { width }: TerminalOptions): readonly string[] {
  return [
    ...wrap(says, width),
    ...joinedCases(cases).flatMap(({ billings, readings, found, verdict, condition }) => [
      "",
      ...wrap(`${verdict === "holds if" ? "HOLDS ONLY IF" : verdict.toUpperCase()}: ${printable(found)}`, width),
      ...indented(`billing: ${billings.join("; ")}`, width),
      ...indented(`reading: ${readings.join("; ")}`, width),
      ...(condition === "" ? [] : indented(`${LABELS[verdict]}: ${condition}`, width)),
    ]),
  ];
}

function indented(text: string, width: number): readonly string[] {
  return wrap(printable(text), width - 2).map((line) => `  ${line}`);
}

function ceilingLines(swing: number, { width }: TerminalOptions): readonly string[] {
  return [
    ...wrap("What following prices can save at most, closed form a (N/pi) sin(pi/N), phases spread evenly:", width),
    ...terminalTable(
      [
        ["swing read as", "a", "2 regions", "3", "5"],
        ...ceilings(swing).map(({ reading, amplitude, byRegions }) => [
          reading,
          amplitude.toFixed(4),
          ...byRegions.map((share) => `${(100 * share).toFixed(1)} %`),
        ]),
      ],
      { aligns: ["left", "right", "right", "right", "right"], gap: 2, widths: [26, 8, 11, 9, 9] },
    ),
  ];
}
