import { styleText } from "node:util";
import CliTable from "cli-table3";
import type { QuantityResult, StrategyValidation, ValidationResult } from "../../simulator/validation/result.ts";
import { openQuestions } from "../../simulator/validation/validate.ts";
import {
  intervalWords,
  marginWords,
  outcomeWords,
  signedDifference,
  valueWords,
} from "../../simulator/validation/words.ts";
import { printable } from "../format.ts";
import { NO_BORDERS, wrap } from "../terminal-table.ts";
import { conditionWords, harnessWords, methodWords } from "./words.ts";

export interface ValidationTerminalOptions {
  readonly colour: boolean;
  /** Columns to fill; never fewer than 80 are used. */
  readonly width: number;
}

/** The harness's error, the verdict, and a table of what must be equivalent for each strategy. */
export function renderValidationTerminal(result: ValidationResult, options: ValidationTerminalOptions): string {
  const width = Math.max(80, options.width);
  const lines = [
    ...wrap(printable(harnessWords(result)), width),
    "",
    ...wrap(printable(result.verdict), width),
    ...result.invalid.flatMap((reason) => wrap(`INVALID: ${printable(reason)}`, width)),
    ...result.strategies.flatMap((strategy) => ["", ...strategyLines(strategy, options, width)]),
    "",
    ...wrap(printable(conditionWords(result)), width),
    ...wrap(methodWords(result), width),
    ...result.notes.flatMap((note) => wrap(printable(note), width)),
  ];
  return `${lines.join("\n")}\n`;
}

function strategyLines(
  strategy: StrategyValidation,
  { colour }: ValidationTerminalOptions,
  width: number,
): readonly string[] {
  const table = new CliTable({
    colAligns: ["left", "right", "right", "right", "right", "right", "left"],
    style: { head: [], border: [], compact: true, "padding-left": 0, "padding-right": 2 },
    chars: NO_BORDERS,
  });
  table.push(["", "simulated", "measured", "difference", "90 % interval", "margin", ""]);
  for (const quantity of strategy.total.quantities) table.push(cellsOf(quantity, colour));
  const elsewhere = openQuestions(strategy).filter(({ group }) => group !== strategy.total);
  return [
    `${printable(strategy.name)}: ${strategy.outcome}`,
    ...table
      .toString()
      .split("\n")
      .map((line) => line.trimEnd()),
    ...elsewhere.flatMap(({ group, quantity }) => {
      const words = `${group.name}: ${quantity.name} ${signedDifference(quantity)} (${intervalWords(quantity)})`;
      return wrap(`  ${printable(words)}, ${outcomeWords(quantity)}`, width);
    }),
  ];
}

function cellsOf(quantity: QuantityResult, colour: boolean): string[] {
  const style = { equivalent: "green", different: "red", undecided: "yellow", "too few": "yellow" } as const;
  const words = outcomeWords(quantity).replace(/: about (\d+) requests needed/, ", needs $1");
  return [
    printable(quantity.name),
    valueWords(quantity.simulated, quantity.unit),
    valueWords(quantity.measured, quantity.unit),
    signedDifference(quantity),
    intervalWords(quantity),
    marginWords(quantity),
    colour ? styleText(style[quantity.outcome], words, { validateStream: false }) : words,
  ];
}
