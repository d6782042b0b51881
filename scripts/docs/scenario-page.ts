/**
 * The pages of the scenario file: a table for each block, made from the schema that checks scenarios; and `assert:` lines, their
 * grammar, metrics, arguments and values, each with an example that is parsed here.
 */
import type { z } from "zod";
import { LATENCIES, METRICS, parseAssertion } from "../../simulator/scenario/assertion.ts";
import { anchor, code, table, wrapped } from "./markdown.ts";
import {
  addRows,
  alternativesOf,
  isTagged,
  NUMBER_LAW,
  REQUIRED,
  type Row,
  type SchemaNode,
  schemaTree,
  tagOf,
} from "./scenario-rows.ts";

/**
 * Blocks with a section of their own, by their place in the file. Where the same block stands in another place too,
 * the table there links to its section.
 */
const SECTIONS: readonly (readonly [path: string, title: string, about: string])[] = [
  ["", "The file", "Keys of the top level."],
  ["world", "world", "Regions, models and their limits."],
  ["world.models.<name>", "models", "One entry for each model, under a name of the scenario's own."],
  ["world.models.<name>.capacity", "capacity", "What one region can serve. Laws: [capacity](../model/capacity.md)."],
  ["world.targets[]", "targets", "What a strategy can choose."],
  ["world.profiles", "profiles", "Inference profiles. Meaning: [residency](../model/residency.md)."],
  ["world.quotas[]", "quotas", "Limits of an account. Meaning: [quota](../model/quota.md)."],
  ["world.provisioned[]", "provisioned", "Provisioned throughput. Meaning: [tiers](../model/tiers.md)."],
  ["world.reserved[]", "reserved", "The reserved tier. Meaning: [tiers](../model/tiers.md)."],
  ["world.tiers", "tiers", "Service tiers. Meaning: [tiers](../model/tiers.md)."],
  ["world.prices", "prices", "Prices and billing rules. Meaning: [prices](../model/pricing.md)."],
  ["world.network", "network", "Distances. Meaning: [network](../model/network.md)."],
  ["world.faults[]", "faults", "What goes wrong, when. Meaning: [routing and faults](../model/service-routing.md)."],
  ["traffic[]", "traffic", "One entry for each class of requests."],
  ["traffic[].arrivals", "arrivals", "When requests come. Meaning: [traffic](../model/traffic.md)."],
  ["traffic[].tokens", "tokens", "How long prompts and answers are."],
  ["traffic[].tokens.input", "law of a length", "A probability law whose values are tokens."],
  ["traffic[].arrivals.renewal.interarrival", "law of a duration", "A probability law whose values are times."],
  ["world.models.<name>.capacity.noise", "law of a number", "A probability law whose values are plain numbers."],
  ["traffic[].residency", "residency", "Where a class may be called and run."],
  ["strategies[]", "strategies", "How requests are routed. A page for each: [strategies](../strategies/)."],
  ["client", "client", "Retries, time limits and hedges. Meaning: [client](../model/client.md)."],
  ["client.retry", "retry", "What follows a failed attempt."],
  ["validation", "validation", "Margins of `meridian validate`. Meaning: [validate](../validate.md)."],
];

export interface ScenarioPage {
  readonly text: string;
  /** Keys about which the schema says nothing. */
  readonly unexplained: readonly string[];
}

/** @throws Error when a section's path leads nowhere: the schema has moved on and SECTIONS has not */
export function scenarioPage(schema: z.ZodType): ScenarioPage {
  const root = schemaTree(schema);
  const resolve = (node: SchemaNode): SchemaNode => {
    const name = /^#\/\$defs\/(.+)$/.exec(node.$ref ?? "")?.[1];
    const target = name === undefined ? undefined : root.$defs?.[name];
    return target === undefined ? node : { ...target, ...node };
  };
  const titles = new Map<string, string>();
  const roots = SECTIONS.map(([path, title]) => {
    const node = nodeAt(root, path, resolve);
    if (node === undefined) throw new Error(`scripts/docs/scenario-page.ts: the schema has no ${path}`);
    if (!titles.has(shapeOf(node))) titles.set(shapeOf(node), title);
    return node;
  });
  const number = SECTIONS.findIndex(([, title]) => title === NUMBER_LAW);
  const lawKeys = alternativesOf(roots[number]!)
    .map(resolve)
    .find((each) => each.properties !== undefined)?.properties;
  const withoutLaw = (node: SchemaNode): SchemaNode | undefined => withoutKeys(node, lawKeys ?? {});
  const unexplained: string[] = [];
  const linkOf = (node: SchemaNode): string | undefined => titles.get(shapeOf(resolve(node)));
  const tableOf = (place: string, node: SchemaNode): string => {
    const rows: Row[] = [];
    const extrasOf = node === roots[number] ? () => undefined : withoutLaw;
    addRows({ node, key: "", isRequired: false, rows, resolve, linkOf, extrasOf, isRoot: true });
    for (const row of rows) if (row.meaning === "") unexplained.push(`${place}${row.key}`);
    return table(["key", "type", "default", "meaning"], rows.map(cellsOf));
  };
  const sections = SECTIONS.map(([path, title, about], i) => {
    const node = roots[i]!;
    const place = path === "" ? "" : `${code(path)}. `;
    const head = [`## ${title}`, wrapped(`${place}${about}`)];
    if (!isTagged(node)) return [...head, tableOf(path === "" ? "" : `${path}: `, node)].join("\n\n");
    const kinds = alternativesOf(node).map(resolve);
    return [
      ...head,
      ...kinds.flatMap((kind) => {
        const [key, value] = tagOf(kind)!;
        const { [key]: _, ...properties } = kind.properties!;
        const text = `${kind.description ?? ""}.`;
        return [
          `### ${title}, ${key}: ${value}`,
          wrapped(text),
          tableOf(`${path} (${value}): `, { ...kind, properties }),
        ];
      }),
    ].join("\n\n");
  });
  const index = SECTIONS.map(([, title]) => `[${title}](#${anchor(title)})`).join(", ");
  return { text: [INTRODUCTION, wrapped(`Blocks: ${index}.`), ...sections].join("\n\n"), unexplained };
}

function cellsOf({ key, type, defaultText, meaning }: Row): readonly string[] {
  const isShown = defaultText !== "" && defaultText !== "{}";
  return [
    key === "" ? "the block itself" : code(key),
    type,
    !isShown ? "" : defaultText === REQUIRED ? REQUIRED : code(defaultText),
    meaning,
  ];
}

const INTRODUCTION = [
  "# Scenario file",
  wrapped(
    "Every key of a scenario, as the schema that checks it says. A dot goes down a level, `[]` is each entry of a list, `<name>` a name of your choice. Unknown keys are refused, so a misspelt key never changes a result in silence. Editors complete and check keys with [scenario.schema.json](../../scenarios/scenario.schema.json).",
  ),
  table(
    ["type", "written"],
    [
      ["duration", "`250ms`, `45s`, `30m`, `1h30m`, `2d`; always with its unit"],
      ["rate", "`20/s`, `1.2k/min`, `50M/d`"],
      ["number", "`64`, `200k`, `1.5M`, `2G`"],
      ["share", "`31%` or `0.31`"],
      ["whole number, decimal", "`3`, `1.5`: digits alone"],
      ["text", "any text; a name of something where the meaning says so"],
    ],
  ),
].join("\n\n");

/** The block without these keys, when it has them all, just so, and perhaps others. */
function withoutKeys(node: SchemaNode, keys: Readonly<Record<string, SchemaNode>>): SchemaNode | undefined {
  const { properties } = node;
  if (properties === undefined) return undefined;
  const isWhole = Object.entries(keys).every(([key, each]) => JSON.stringify(properties[key]) === JSON.stringify(each));
  if (!isWhole) return undefined;
  const others = Object.entries(properties).filter(([key]) => !Object.hasOwn(keys, key));
  return { ...node, properties: Object.fromEntries(others) };
}

/** What a block looks like, whatever is said of it in its place. */
function shapeOf(node: SchemaNode): string {
  const { description, defaultText, $defs, $ref, ...shape } = node;
  return JSON.stringify(shape, (key, value) => (key === "default" ? undefined : value));
}

function nodeAt(root: SchemaNode, path: string, resolve: (node: SchemaNode) => SchemaNode): SchemaNode | undefined {
  const steps = path === "" ? [] : path.replaceAll("[]", ".[]").split(".");
  let nodes: readonly SchemaNode[] = [root];
  for (const step of steps) {
    nodes = nodes.map(resolve).flatMap((node) => [node, ...alternativesOf(node).map(resolve)]);
    nodes = nodes.flatMap((node) => {
      if (step === "[]") return node.items ?? [];
      if (step === "<name>") return typeof node.additionalProperties === "object" ? node.additionalProperties : [];
      return node.properties?.[step] ?? [];
    });
  }
  return nodes[0] === undefined ? undefined : resolve(nodes[0]);
}

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
    if (entry === undefined) throw new Error(`say in scripts/docs/scenario-page.ts what the metric ${metric} means`);
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
  if (meaning === undefined) throw new Error(`say in scripts/docs/scenario-page.ts what ${latency} is`);
  return meaning;
}
