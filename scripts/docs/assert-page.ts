/** The page of `assert:` lines: grammar, metrics, arguments and values, each with an example that is parsed here. */
import { LATENCIES, METRICS, parseAssertion } from "../../simulator/scenario/assertion.ts";
import { code, table, wrapped } from "./markdown.ts";

/** What each metric measures, the unit of its value, and a line that uses it. */
const MEANINGS: Readonly<Record<string, readonly [meaning: string, value: string, example: string]>> = {
  p50: ["median latency of served requests", "duration", "p50(ttft) < 800ms"],
  p95: ["95th percentile of the latency of served requests", "duration", "p95(e2e, class=chat) < 8s"],
  p99: ["99th percentile of the latency of served requests", "duration", "p99(e2e, strategy=cheapest) < 20s"],
  mean: ["mean latency of served requests", "duration", "mean(wait) < 200ms"],
  throttled: ["share of attempts answered 429", "share", "throttled(strategy=cheapest) < 1%"],
  failed: ["share of requests that were not served, whatever the reason", "share", "failed() < 0.1%"],
  retried: ["share of requests with more than one attempt", "share", "retried(class=chat) < 5%"],
  goodput: [
    "share of the requests with an objective (`slo`) that were served within it",
    "share",
    "goodput(class=chat) > 90%",
  ],
  cost: ["total bill in USD under the scenario's billing rule, mean over replications", "number", "cost() < 1200"],
  saving: [
    "how much less the first strategy costs per served request than the second: 1 - cost(first) / cost(second)",
    "share",
    "saving(cheapest, single) > 5%",
  ],
  residencyViolations: [
    "requests that ran where their class's residency rule forbids it, over all replications",
    "number",
    "residencyViolations == 0",
  ],
  residencyRefusals: [
    "requests that no legal target could take, over all replications",
    "number",
    "residencyRefusals == 0",
  ],
};

const LATENCY_MEANINGS: Readonly<Record<string, string>> = {
  e2e: "from the intended arrival to the last byte, over all attempts and waits",
  ttft: "from the intended arrival to the first token",
  wait: "from the intended arrival to the start of the service that succeeded: queues, backoffs, failed attempts, the way there",
};

/** @throws MeridianError when an example of this page is no assertion; Error when a metric has no meaning here */
export function assertPage(): string {
  const known = { strategies: ["cheapest", "single"], classes: ["chat"] };
  const rows = METRICS.map((metric) => {
    const entry = MEANINGS[metric];
    if (entry === undefined) throw new Error(`say in scripts/docs/assert-page.ts what the metric ${metric} means`);
    const [meaning, value, example] = entry;
    parseAssertion(example, known);
    return [code(metric), meaning, value, code(example)];
  });
  return [
    "# Assertions",
    wrapped(
      "Gates of a scenario: lines under `assert:` that a run must meet. A gate that does not hold makes the exit code 99; all are listed in the report. `bench` holds a whole scenario to them, and a part of one (`--duration`, `--at`) only with `--assert`.",
    ),
    '```yaml\nassert:\n  - "p95(e2e, class=chat) < 8s"\n  - "throttled(strategy=cheapest) < 1%"\n  - "saving(cheapest, single) > 5%"\n  - "residencyViolations == 0"\n```',
    "## Grammar",
    "```text\nmetric(arguments) comparison value\n\ncomparison   <  <=  >  >=  ==\narguments    separated by commas; empty brackets may be left out\n```",
    "## Metrics",
    table(["metric", "measures", "value", "example"], rows),
    "## Arguments",
    table(
      ["argument", "meaning"],
      [
        ...LATENCIES.map((latency) => [code(latency), `first argument of the latencies: ${latencyMeaning(latency)}`]),
        ["`strategy=<label>`", "only this strategy; every strategy must meet the gate unless given"],
        ["`class=<name>`", "only requests of this class; all requests unless given"],
        ["two labels", "of `saving`: this one, against that one"],
      ],
    ),
    "## Values",
    table(
      ["value", "written"],
      [
        ["duration", "`250ms`, `8s`, `1h30m`; always with its unit"],
        ["share", "`5%` or `0.05`"],
        ["number", "`1200`, `1.2k`"],
      ],
    ),
    wrapped(
      "The estimate is compared, not an end of its interval: a mean over replications. An estimate that cannot be had (a p99 of too few requests, a cost per request when none was served) fails its gate. A name that the scenario does not have, or an unknown metric, is an error of the scenario (`ASSERTION_*`, exit code 2), found before the run.",
    ),
  ].join("\n\n");
}

function latencyMeaning(latency: string): string {
  const meaning = LATENCY_MEANINGS[latency];
  if (meaning === undefined) throw new Error(`say in scripts/docs/assert-page.ts what ${latency} is`);
  return meaning;
}
