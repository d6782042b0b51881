import Table from "cli-table3";
import type { ModelSummary, Spread } from "./summary.ts";

/** The bench's result for people: one line per model, then the agreement of the answers. */
export function benchTable(summaries: readonly ModelSummary[]): string {
  const speed = new Table({
    head: ["model", "engine kreq/s", "SimPy kreq/s", "engine / SimPy (min/median/max)"],
    style: { head: [], border: [] },
  });
  const answers = new Table({
    head: ["model", "answer", "engine", "SimPy", "difference", "allowed", ""],
    style: { head: [], border: [] },
  });
  for (const summary of summaries) {
    speed.push([
      summary.model.toUpperCase(),
      (summary.engineRequestsPerS.median / 1_000).toFixed(0),
      (summary.peerRequestsPerS.median / 1_000).toFixed(1),
      spreadText(summary.ratio),
    ]);
    for (const { what, engine, peer, difference, allowed } of summary.agreement) {
      const show = what === "throttled" ? percent : seconds;
      const verdict = Math.abs(difference) <= allowed ? "agrees" : "DIFFERS";
      answers.push([
        summary.model.toUpperCase(),
        what,
        show(engine),
        show(peer),
        percent(difference),
        percent(allowed),
        verdict,
      ]);
    }
  }
  return `${speed.toString()}\n${answers.toString()}`;
}

function spreadText({ min, median, max }: Spread): string {
  return [min, median, max].map((value) => value.toFixed(value < 10 ? 1 : 0)).join(" / ");
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(3)} s`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(2)} %`;
}
