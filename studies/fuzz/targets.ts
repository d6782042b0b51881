/** What is fuzzed: scenarios, down to a short simulation of those that pass, and every reader of files and options. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { endpointsSchema } from "../../scripts/bench/connection.ts";
import { prepareText } from "../../scripts/io/experiment.ts";
import { parseSet } from "../../scripts/io/overrides.ts";
import { PACKAGE_ROOT } from "../../scripts/io/process.ts";
import { parseRecordedPrices } from "../../scripts/io/recorded-prices.ts";
import { parseScenario } from "../../scripts/io/scenario-text.ts";
import { runJob } from "../../simulator/experiment/index.ts";
import { parseAssertion } from "../../simulator/scenario/assertion.ts";
import { FILE_TARGETS } from "./file-targets.ts";
import type { FuzzTarget } from "./fuzz.ts";
import { mutatedData, mutatedText, pick } from "./mutations.ts";

const SCENARIOS = ["flagship", "quota-squeeze", "region-loss", "prompt-cache-locality", "batch-weighted"].map((name) =>
  readFileSync(join(PACKAGE_ROOT, "scenarios", `${name}.yaml`), "utf8"),
);
const BASE = join(PACKAGE_ROOT, "scenarios", "fuzz.yaml");
/** Requests of a simulation; more find no more. */
const REQUESTS = 40;

async function readAndRun(text: string): Promise<void> {
  const { inputs } = await prepareText(text, BASE);
  const { plan } = inputs;
  // What would take long is no fault.
  if (plan.strategies.length * plan.routers > 50) return;
  const short = {
    ...plan,
    replications: 1,
    requestsMax: REQUESTS,
    assertions: [],
    warmup: { kind: "none", amount: 0 } as const,
  };
  const job = runJob({ plan: short }, { replication: 0, strategyIndices: [0] });
  for (let steps = 0; steps < 10_000; steps++) if (job.next().done === true) return;
}

const PRICES =
  "instant,region,model,factor\n2026-05-04T00:00:00Z,us-east-1,,1.1\n2026-05-04T15:00:00+02:00,eu-west-1,m,0.9\n";
const ENDPOINTS =
  "api: openai\nauth: none\nmodels: { nova: m }\nendpoints:\n  us-east-1: { url: 'http://127.0.0.1:9/v1', roundTrip: 5ms }\n";
const ASSERTIONS = [
  "p95(e2e, class=chat) < 8s",
  "saving(a, b) > 5%",
  "residencyViolations == 0",
  "cost(strategy=a) < 1200",
];

/** Each reads what it made, and may refuse it with a problem. */
export const TARGETS: readonly FuzzTarget[] = [
  {
    name: "scenario data",
    async run(random, say) {
      let value: unknown = parse(pick(SCENARIOS, random));
      for (let changes = 1 + Math.floor(random.next() * 3); changes > 0; changes--) value = mutatedData(value, random);
      const text = stringify(value);
      say(text);
      await readAndRun(text);
    },
  },
  {
    name: "scenario text",
    async run(random, say) {
      const text = mutatedText(pick(SCENARIOS, random), random);
      say(text);
      await readAndRun(text);
    },
  },
  reader("recorded prices", [PRICES], (text) => parseRecordedPrices(text, "p.csv")),
  reader("endpoints", [ENDPOINTS], (text) => parseScenario(text, "e.yaml", endpointsSchema)),
  reader("--set", ["traffic[0].arrivals={poisson: 20/s}", "seed=7"], parseSet),
  reader("assertions", ASSERTIONS, (text) => parseAssertion(text, { strategies: ["a", "b"], classes: ["chat"] })),
  ...FILE_TARGETS,
];

function reader(name: string, samples: readonly string[], read: (text: string) => unknown): FuzzTarget {
  return {
    name,
    run(random, say) {
      const text = mutatedText(pick(samples, random), random);
      say(text);
      read(text);
    },
  };
}
