/** The page of tested claims: every verdict as `meridian claims` computes it with the bundled data. */
import { joinedCases, summaryOf } from "../../reports/claims/text.ts";
import { ASSUMPTIONS, assumptionsFrom } from "../../simulator/claims/assumptions.ts";
import { judgeClaims } from "../../simulator/claims/index.ts";
import { ceilings } from "../../simulator/claims/price-routing.ts";
import { loadReference } from "../io/reference.ts";
import { anchor, code, table, wrapped } from "./markdown.ts";

/** @throws MeridianError, when the bundled data cannot be read */
export async function claimsPage(): Promise<string> {
  const assumptions = assumptionsFrom();
  const claims = judgeClaims({ assumptions, ...(await loadReference()) });
  return [
    "# Claims, tested",
    wrapped(
      "What public write-ups say of routing over Amazon Bedrock's regions, under each billing rule and each meaning of their figures. Every figure is computed: one day of calls at the prices of the reading, counted in a ledger and billed in exact integers by the code that bills runs, or a comparison of the bundled price, quota and round-trip data. `holds only if` names what would have to be true; it is found by halving, so it is the smallest such value.",
    ),
    "```sh\nnpx meridian claims\nnpx meridian claims saving\nnpx meridian claims saving --set swing=52%\n```",
    table(
      ["claim", "says", "verdicts over billing rules and readings"],
      claims.map(({ id, says, cases }) => [`[${id}](#${anchor(id)})`, says, summaryOf(cases)]),
    ),
    "## Ceiling",
    wrapped(
      "With N regions whose prices are equal sine waves of amplitude a and phases spread evenly, following the cheapest saves at most a (N/π) sin(π/N) ([derivation](../model/pricing.md#what-price-routing-can-save-at-most)), if demand does not follow the price.",
    ),
    table(
      [`${(100 * assumptions.swing).toFixed(0)} % read as`, "a", "2 regions", "3", "5"],
      ceilings(assumptions.swing).map(({ reading, amplitude, byRegions }) => [
        reading,
        amplitude.toFixed(4),
        ...byRegions.map((share) => `${(100 * share).toFixed(1)} %`),
      ]),
    ),
    ...claims.flatMap(({ id, says, cases }) => [
      `## ${id}`,
      wrapped(says),
      table(
        ["billing", "reading", "found", "verdict", "only if, or why"],
        joinedCases(cases).map(({ billings, readings, found, verdict, condition }) => [
          billings.join("; "),
          readings.join("; "),
          found,
          verdict === "holds if" ? "holds only if" : verdict,
          condition,
        ]),
      ),
    ]),
    "## Assumptions",
    "`--set name=value` changes one for the command.",
    table(
      ["name", "value here", "meaning"],
      Object.entries(ASSUMPTIONS).map(([name, { value, doc }]) => [code(name), String(value), doc]),
    ),
  ].join("\n\n");
}
