/**
 * `npx tsx scripts/oracles.ts`: asks the engine, through public scenario files, what theory knows the answer to.
 * Options: --budget 20x500000 (replications x counted requests), --row <id> (repeatable), --list. See docs/oracles.md.
 */
import { parseArgs } from "node:util";
import { EXIT_CODES, MeridianError } from "../simulator/errors.ts";
import { didYouMean } from "../simulator/world/near-names.ts";
import { allOracles } from "./oracles/load.ts";
import { type Budget, FULL_BUDGET, type Oracle } from "./oracles/oracle.ts";
import { type Answer, ask } from "./oracles/run.ts";
import { answerLine, answerTable } from "./oracles/table.ts";

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof MeridianError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = error.exitCode;
}

async function main(argv: readonly string[]): Promise<number> {
  const { budget, oracles, list } = readArguments(argv);
  if (list) {
    process.stdout.write(`${oracles.map(({ id, model, quantity }) => `${id}: ${model}, ${quantity}`).join("\n")}\n`);
    return EXIT_CODES.ok;
  }
  const answers: Answer[] = [];
  for (const oracle of oracles) {
    const answer = await ask(oracle, budget);
    answers.push(answer);
    process.stderr.write(`${answerLine(answer, budget)}\n`);
  }
  const failed = answers.filter(({ isMet }) => !isMet).length;
  process.stdout.write(`${answerTable(answers)}\n\n${answers.length - failed} of ${answers.length} rows met\n`);
  return failed === 0 ? EXIT_CODES.ok : EXIT_CODES.assertion;
}

function readArguments(argv: readonly string[]): { budget: Budget; oracles: readonly Oracle[]; list: boolean } {
  const { values } = parseOrRefuse(argv);
  return { budget: budgetOf(values.budget), oracles: pick(values.row), list: values.list };
}

function parseOrRefuse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      options: {
        budget: { type: "string" },
        row: { type: "string", multiple: true, default: [] },
        list: { type: "boolean", default: false },
      },
    });
  } catch (error) {
    throw usage(error instanceof Error ? error.message : String(error), "see the top of scripts/oracles.ts");
  }
}

function budgetOf(text: string | undefined): Budget {
  if (text === undefined) return FULL_BUDGET;
  const match = /^([1-9]\d*)x([1-9]\d*)$/.exec(text);
  if (match === null) throw usage(`"${text}" is not a budget`, "write it like 20x500000");
  return { replications: Number(match[1]), requests: Number(match[2]) };
}

function pick(rows: readonly string[]): readonly Oracle[] {
  const all = allOracles();
  if (rows.length === 0) return all;
  return rows.map((row) => {
    const oracle = all.find(({ id }) => id === row);
    if (oracle !== undefined) return oracle;
    const near = didYouMean(
      row,
      all.map(({ id }) => id),
    );
    throw usage(`there is no row "${row}"${near}`, "--list names them");
  });
}

function usage(what: string, fix: string): MeridianError {
  return new MeridianError("usage", { code: "ORACLES_USAGE", what, fix });
}
