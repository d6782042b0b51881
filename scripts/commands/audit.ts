/** `meridian audit`: reads decisions, live or simulated, and says where calls went and whether they were allowed to. */
import { EXIT_CODES, formatProblem, MeridianError } from "../../simulator/base/errors.ts";
import { type AllowedTargets, type ClassAudit, DecisionAudit } from "../../simulator/bench/read-decisions.ts";
import type { Plan } from "../../simulator/scenario/plan.ts";
import { readDecisions } from "../bedrock/decision-file.ts";
import { prepareExperiment } from "../io/experiment.ts";
import { type CommandDefinition, type CommandInput, jsonDocument } from "./command.ts";

export const auditCommand: CommandDefinition = {
  examples: [
    ["meridian audit decisions.jsonl --scenario a.yaml", "99 if a call went where the scenario's rules forbid it"],
    ["meridian audit audit.jsonl", "an audit that simulate --audit wrote, by its own word"],
    ["meridian audit decisions.jsonl --json | jq .classes", "counts by class as JSON"],
  ],
  configure: (command) => {
    command
      .argument("<files...>", "decision logs of meridian/bedrock, or audits of simulated runs; .jsonl or .jsonl.gz")
      .option("--scenario <file>", "judge by this scenario's residency rules, not by the log's own word");
  },
  run: runAudit,
};

async function runAudit({ args, options, terminal }: CommandInput): Promise<number> {
  const scenario = options.scenario as string | undefined;
  const audit = new DecisionAudit(scenario === undefined ? undefined : await rulesOf(scenario));
  for (const file of args) await readDecisions(file, (record, where) => audit.add(record, where));
  const classes = [...audit.classes.values()];
  if (classes.length === 0) {
    const fix = "give a log of meridian/bedrock, or an audit that simulate --audit wrote as .jsonl";
    throw new MeridianError("data", {
      code: "AUDIT_EMPTY",
      where: args.join(", "),
      what: "there are no decisions",
      fix,
    });
  }
  if (options.json === true) {
    const { violations, violationCount } = audit;
    terminal.out(
      jsonDocument("audit", { files: args, judgedBy: scenario ?? "log", classes, violationCount, violations }),
    );
  } else {
    terminal.out(tableOf(classes));
    for (const { where, request, class: name, what } of audit.violations)
      terminal.out(`${where}: request ${request} of ${name}: ${what}`);
    const requests = classes.reduce((sum, each) => sum + each.requests, 0);
    const by = scenario === undefined ? "by the log's own word" : `by the rules of ${scenario}`;
    terminal.out(`${count(audit.violationCount)} of ${count(requests)} requests broke a residency rule, ${by}.`);
  }
  if (audit.violationCount === 0) return EXIT_CODES.ok;
  const what = `${count(audit.violationCount)} requests went where they must not`;
  const fix = "see the lines above; the log names every attempt";
  terminal.problem(formatProblem({ code: "AUDIT_VIOLATIONS", what, fix }));
  return EXIT_CODES.assertion;
}

async function rulesOf(file: string): Promise<AllowedTargets> {
  const { plan } = (await prepareExperiment(file, { overrides: [], strategies: [] })).inputs;
  const byClass = (of: (each: Plan["classes"][number]) => readonly string[]) =>
    new Map(plan.classes.map((each) => [each.name, new Set(of(each))]));
  return {
    targetsOf: byClass(({ legal }) => plan.targets.flatMap(({ id }, t) => (legal[t] === 1 ? [id] : []))),
    regionsOf: byClass(({ allowedRegions }) => plan.regionNames.filter((_, r) => allowedRegions[r] === 1)),
  };
}

function tableOf(classes: readonly ClassAudit[]): string {
  const rows = classes.map((each) => [
    each.class,
    each.residency ?? "any",
    count(each.requests),
    count(each.served),
    count(each.attempts),
    count(each.violations),
    each.unpriced === each.requests ? "not known" : each.costUsd.toFixed(4),
    places(each.called) + (Object.keys(each.ranElsewhere).length === 0 ? "" : `; ran in ${places(each.ranElsewhere)}`),
  ]);
  const head = ["class", "residency", "requests", "served", "attempts", "violations", "USD", "called"];
  const widths = head.map((name, i) => Math.max(name.length, ...rows.map((row) => row[i]!.length)));
  return [head, ...rows]
    .map((row) =>
      row
        .map((cell, i) => (i >= 2 && i <= 6 ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

function places(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([region, n]) => `${region} ${count(n)}`)
    .join(", ");
}

function count(n: number): string {
  return n.toLocaleString("en-US");
}
