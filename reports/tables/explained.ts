/** Sampled decisions: what each strategy saw, scored and chose, and what hindsight would have chosen, as tables and words. */

import type { RunResult } from "../../simulator/experiment/result.ts";
import type { ExplainedChoice, ExplainedRequest, WhatIf } from "../../simulator/experiment/result-detail.ts";
import { formatInstant, formatMs, formatShare, plural } from "../base/text.ts";
import { type Cell, leftColumn, type Row, rightColumn, type Table, textCell } from "./table.ts";

/** Whether decisions were explained. */
export function hasExplained(result: RunResult): boolean {
  return (result.explained?.requests.length ?? 0) > 0;
}

/** A sentence for each strategy: how often hindsight agrees, and what it would have saved. */
export function explainedText(result: RunResult): string {
  const requests = result.explained?.requests ?? [];
  const sentences = result.strategies.map(({ name }) => {
    const choices = requests.flatMap((each) => each.strategies.filter(({ strategy }) => strategy === name));
    const judged = choices.flatMap((choice) => pairOf(choice) ?? []);
    if (judged.length === 0) return `${name}: none of the samples ended within the run.`;
    const agreed = judged.filter(({ choice }) => choice.chosen === choice.hindsight).length;
    const savedUsd = judged.reduce((sum, { own, best }) => sum + own.costUsd - best.costUsd, 0);
    const costUsd = judged.reduce((sum, { own }) => sum + own.costUsd, 0);
    const rescued = judged.filter(({ own, best }) => !isGood(own) && isGood(best)).length;
    const soonerMs = judged.reduce((sum, { own, best }) => sum + own.e2eMs - best.e2eMs, 0) / judged.length;
    const time = `${formatMs(Math.abs(soonerMs))} ${soonerMs >= 0 ? "sooner" : "later"} on average`;
    const saving = costUsd > 0 ? `${formatShare(savedUsd / costUsd)} of their cost saved` : "nothing to save";
    const served = rescued > 0 ? `, ${plural(rescued, "request", "requests")} served in time that was not` : "";
    return `${name}: ${agreed} of ${judged.length} as hindsight would have chosen; by hindsight all would have ended ${time}, with ${saving}${served}.`;
  });
  return [
    `${plural(requests.length, "request", "requests")} of replication ${result.explained?.replication ?? 0}, evenly spread.`,
    ...sentences,
    "Hindsight sends the same request to each eligible target in a run of its own, on the same draws, and takes served before not served, within the objective before outside, then the cheaper, then the faster.",
  ].join(" ");
}

/** One row per sample and strategy: the choice, what came of it, and what hindsight would have made of it. */
export function decisionTable(result: RunResult): Table {
  return {
    id: "decisions",
    caption: "Sampled decisions, and what hindsight would have chosen",
    columns: [
      rightColumn("Request", "request"),
      leftColumn("Class", "class"),
      leftColumn("Arrived", "arrived_at"),
      leftColumn("Strategy", "strategy"),
      leftColumn("Chose", "chosen"),
      leftColumn("What came of it", "outcome"),
      leftColumn("Hindsight", "hindsight"),
      leftColumn("What would have come of it", "hindsight_outcome"),
    ],
    rows: eachChoice(result).map(({ request, choice, strategyIndex }): Row => {
      const pair = pairOf(choice);
      const isSame = pair !== undefined && choice.chosen === choice.hindsight;
      return {
        strategyIndex,
        cells: [
          { text: String(request.request), value: request.request },
          textCell(request.class),
          { text: formatInstant(request.arrivedAt), value: request.arrivedAt },
          textCell(choice.strategy),
          textCell(choice.chosen),
          textCell(pair === undefined ? "not ended in the run" : outcomeText(pair.own)),
          textCell(pair === undefined ? "" : isSame ? "the same" : choice.hindsight),
          textCell(pair === undefined || isSame ? "" : outcomeText(pair.best)),
        ],
      };
    }),
  };
}

/** One row per sample, strategy and eligible target: what was seen, the score, and what came of going there. */
export function sightTable(result: RunResult): Table {
  return {
    id: "sight",
    caption:
      "What each strategy saw of the targets, how it ranked them (the least first), and what going there would have meant",
    columns: [
      rightColumn("Request", "request"),
      leftColumn("Strategy", "strategy"),
      leftColumn("Target", "target"),
      leftColumn("", "role"),
      rightColumn("Score", "score"),
      rightColumn("Input (USD/M)", "price_in_usd_per_mtok"),
      rightColumn("Output (USD/M)", "price_out_usd_per_mtok"),
      rightColumn("Round trip", "rtt_ms"),
      rightColumn("In flight", "in_flight"),
      rightColumn("Mean E2E", "e2e_mean_ms"),
      rightColumn("p95 E2E", "e2e_p95_ms"),
      rightColumn("Failures", "failure_share"),
      rightColumn("Throttles", "throttle_share"),
      rightColumn("Headroom", "quota_headroom"),
      leftColumn("Ended", "end"),
      rightColumn("E2E", "e2e_ms"),
      rightColumn("Cost (USD)", "cost_usd"),
    ],
    rows: eachChoice(result).flatMap(({ request, choice, strategyIndex }) =>
      choice.targets.map((seen): Row => {
        const outcome = choice.outcomes.find(({ target }) => target === seen.target);
        const role = [
          ...(seen.target === choice.chosen ? ["chosen"] : []),
          ...(seen.target === choice.hindsight ? ["hindsight"] : []),
        ].join(", ");
        return {
          strategyIndex,
          cells: [
            { text: String(request.request), value: request.request },
            textCell(choice.strategy),
            textCell(seen.target),
            textCell(role),
            numberCell(seen.score, (value) => value.toPrecision(3)),
            numberCell(seen.priceInUsdPerMTok, (value) => String(Number(value.toPrecision(5)))),
            numberCell(seen.priceOutUsdPerMTok, (value) => String(Number(value.toPrecision(5)))),
            numberCell(seen.rttMs, formatMs),
            numberCell(seen.inFlight, String),
            numberCell(seen.e2eMsMean, formatMs),
            numberCell(seen.e2eMsP95, formatMs),
            numberCell(seen.failureShare, formatShare),
            numberCell(seen.throttleShare, formatShare),
            numberCell(seen.quotaHeadroom, formatShare),
            textCell(outcome?.end ?? ""),
            numberCell(outcome?.e2eMs ?? null, formatMs),
            numberCell(outcome?.costUsd ?? null, (value) => value.toPrecision(4)),
          ],
        };
      }),
    ),
  };
}

interface ChoiceRow {
  readonly request: ExplainedRequest;
  readonly choice: ExplainedChoice;
  readonly strategyIndex: number;
}

function eachChoice(result: RunResult): readonly ChoiceRow[] {
  const names = result.strategies.map(({ name }) => name);
  return (result.explained?.requests ?? []).flatMap((request) =>
    request.strategies.map((choice) => ({ request, choice, strategyIndex: names.indexOf(choice.strategy) })),
  );
}

/** The end under the own choice and under the best; undefined where the request had not ended. */
function pairOf(choice: ExplainedChoice): { choice: ExplainedChoice; own: WhatIf; best: WhatIf } | undefined {
  const own = choice.outcomes.find(({ target }) => target === choice.chosen);
  const best = choice.outcomes.find(({ target }) => target === choice.hindsight);
  return own === undefined || best === undefined ? undefined : { choice, own, best };
}

function isGood({ end, isWithinObjective }: WhatIf): boolean {
  return end === "served" && isWithinObjective !== false;
}

function outcomeText({ end, e2eMs, costUsd, attempts, isWithinObjective }: WhatIf): string {
  const late = isWithinObjective === false && end === "served" ? ", outside its objective" : "";
  const tries = attempts > 1 ? ` in ${attempts} attempts` : "";
  return `${end === "served" ? "served" : `not served (${end})`} after ${formatMs(e2eMs)}${tries}${late}, ${costUsd.toPrecision(3)} USD`;
}

function numberCell(value: number | null, text: (value: number) => string): Cell {
  return { text: value === null ? "" : text(value), value };
}
