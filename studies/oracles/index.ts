/**
 * `npm run oracles`: puts questions whose answers are known from theory to the engine, through public scenario files.
 * Options: --budget 20x500000 (replications x counted requests), --row <id> (repeatable), --list. See docs/oracles.md.
 */
import { EXIT_CODES } from "../../simulator/base/errors.ts";
import { didYouMean } from "../../simulator/base/near-names.ts";
import { readOptions, runCommand, usageError } from "../arguments.ts";
import { type Answer, answerLine, answerTable, ask } from "./ask.ts";
import { type Budget, FULL_BUDGET, type Oracle } from "./oracle.ts";
import { allOracles } from "./rows/index.ts";

const USAGE = "ORACLES_USAGE";

await runCommand(main);

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
  const values = readOptions(argv, USAGE, {
    budget: { type: "string" },
    row: { type: "string", multiple: true, default: [] },
    list: { type: "boolean", default: false },
  });
  return { budget: budgetOf(values.budget), oracles: pick(values.row), list: values.list };
}

function budgetOf(text: string | undefined): Budget {
  if (text === undefined) return FULL_BUDGET;
  const match = /^([1-9]\d*)x([1-9]\d*)$/.exec(text);
  if (match === null) throw usageError(USAGE, `"${text}" is not a budget`, "write it like 20x500000");
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
    throw usageError(USAGE, `there is no row "${row}"${near}`, "--list names them");
  });
}
