import { createHash } from "node:crypto";
import { EXIT_CODES, formatProblem, type Problem } from "../../simulator/errors.ts";
import type { RunResult } from "../../simulator/experiment/index.ts";
import { measuredResult } from "../../simulator/replay/measured-result.ts";
import type { PreparedExperiment } from "../io/experiment.ts";
import type { BenchedStrategy } from "../io/k6/bench.ts";
import { packageVersion } from "../io/package-info.ts";
import { stableJson } from "../io/stable-json.ts";
import type { Terminal } from "../io/terminal.ts";
import type { CommonOptions } from "./command.ts";

/** The measured run of benched strategies. */
export function benchResult(
  experiment: PreparedExperiment,
  benched: readonly BenchedStrategy[],
  place: string,
): RunResult {
  return measuredResult(experiment.inputs.plan, {
    runs: benched.map(({ run }) => run),
    reports: benched.map(({ report }) => report),
    place,
    provenance: {
      scenarioSha256: createHash("sha256").update(experiment.yaml).digest("hex"),
      meridianVersion: packageVersion(),
      traces: experiment.traces.map(({ name, sha256, attribution }) => ({ name, sha256, attribution })),
    },
  });
}

export async function printResult(result: RunResult, options: CommonOptions, terminal: Terminal): Promise<void> {
  if (options.json === true) {
    terminal.out(stableJson(result).trimEnd());
    return;
  }
  const { renderTerminal } = await import("../../reports/index.ts");
  terminal.out(renderTerminal(result, { colour: terminal.colour, width: terminal.width }));
}

/** Why a measured run proves nothing, as a problem that a person can mend. */
export function invalidRun(reason: string): Problem {
  const fix = "free the machine of other work, bench fewer requests a second, or mend what the reason names";
  return { code: "BENCH_INVALID", what: reason, fix };
}

/** Tells of gates that failed. */
export function assertionCode(result: RunResult, terminal: Terminal): number {
  const failed = result.assertions.filter((each) => !each.passed);
  for (const each of failed) {
    terminal.problem(formatProblem({ code: "ASSERTION_FAILED", what: `${each.text}; found ${each.found}` }));
  }
  return failed.length > 0 ? EXIT_CODES.assertion : EXIT_CODES.ok;
}
