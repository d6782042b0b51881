/** `meridian claims`: what public write-ups say of routing, each tested under every billing rule and reading. */
import { renderClaimsText } from "../../reports/claims/text.ts";
import { EXIT_CODES, MeridianError } from "../../simulator/base/errors.ts";
import { suggestOneOf } from "../../simulator/base/near-names.ts";
import { ASSUMPTIONS, assumptionsFrom } from "../../simulator/claims/claim.ts";
import { CLAIMS, judgeClaims } from "../../simulator/claims/index.ts";
import { loadReference } from "../io/reference.ts";
import { type CommandDefinition, type CommandInput, jsonDocument } from "./command.ts";

export const claimsCommand: CommandDefinition = {
  examples: [
    ["meridian claims", "every claim with its verdicts, and the ceiling of price routing"],
    ["meridian claims saving", "one claim under each billing rule and reading, with conditions"],
    ["meridian claims saving --set swing=52% movableShare=80%", "the same with other assumptions"],
    ["meridian claims --json", "everything for a script"],
  ],
  configure: (command) =>
    void command
      .argument("[claim]", CLAIMS.map(({ id }) => id).join(", "))
      .option("--set <name=value...>", `change an assumption: ${Object.keys(ASSUMPTIONS).join(", ")}`),
  run: runClaims,
};

async function runClaims({ args, options, terminal }: CommandInput): Promise<number> {
  const only = args[0];
  const chosen = only === undefined ? CLAIMS : CLAIMS.filter(({ id }) => id === only);
  if (chosen.length === 0) {
    const fix = suggestOneOf(
      only!,
      CLAIMS.map(({ id }) => id),
    );
    throw new MeridianError("usage", { code: "CLAIMS_UNKNOWN", what: `there is no claim "${only}"`, fix });
  }
  const assumptions = assumptionsFrom((options.set as readonly string[] | undefined) ?? []);
  const claims = judgeClaims({ assumptions, ...(await loadReference()) }, chosen);
  if (options.json === true) terminal.out(jsonDocument("claims", { assumptions, claims }));
  else {
    const { colour, width } = terminal;
    terminal.out(renderClaimsText(claims, assumptions.swing, { colour, width, only: only !== undefined }));
  }
  return EXIT_CODES.ok;
}
