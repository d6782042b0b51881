/** All verbs of the command line, in the order of `meridian --help`. Adding one = its file and its entry here. */
import type { CommandEntry } from "./command.ts";

export const commands: readonly CommandEntry[] = [
  {
    name: "init",
    summary: "Write a first scenario from five answers, or from a file of recorded calls.",
    load: async () => (await import("./init.ts")).initCommand,
  },
  {
    name: "simulate",
    summary: "Run every strategy of a scenario on the same traffic and save a report.",
    load: async () => (await import("./simulate.ts")).simulateCommand,
  },
  {
    name: "sweep",
    summary: "Run a scenario at many points: load curves, break-even maps, tornado, sensitivity; resumable.",
    load: async () => (await import("./sweep.ts")).sweepCommand,
  },
  {
    name: "tune",
    summary: "Find a strategy's options on one part of the traffic, and judge them on another.",
    load: async () => (await import("./tune.ts")).tuneCommand,
  },
  {
    name: "plan",
    summary: "What to do: which quota to ask for, regions, profile, batch, reserved capacity, each with its run.",
    load: async () => (await import("./plan.ts")).planCommand,
  },
  {
    name: "shard",
    summary: "Run one machine's part of a sweep's jobs, without a queue.",
    load: async () => (await import("./shard.ts")).shardCommand,
  },
  {
    name: "worker",
    summary: "Work for sweeps that are sent over Redis, on any number of machines.",
    load: async () => (await import("./worker.ts")).workerCommand,
  },
  {
    name: "bench",
    summary: "Replay a scenario's traffic with k6 against endpoints, in real time, and save a measured run.",
    load: async () => (await import("./bench.ts")).benchCommand,
  },
  {
    name: "validate",
    summary: "Simulate, measure with k6, compare: is the simulator right within margins that were fixed before?",
    load: async () => (await import("./validate.ts")).validateCommand,
  },
  {
    name: "calibrate",
    summary: "Fit a world to measured calls, or tell whether a fitted one still holds.",
    load: async () => (await import("./calibrate.ts")).calibrateCommand,
  },
  {
    name: "traffic",
    summary: "Your own traffic: describe recorded requests of any format, fit a model to them, generate more.",
    load: async () => (await import("./traffic.ts")).trafficCommand,
  },
  {
    name: "import",
    summary: "Put recorded requests, bills and price lists into the store, each once.",
    load: async () => (await import("./import.ts")).importCommand,
  },
  {
    name: "bill",
    summary: "Read an export of the bill: spend by team, model and region, candidates for re-routing, odd days.",
    load: async () => (await import("./bill.ts")).billCommand,
  },
  {
    name: "project",
    summary: "Project the months after a bill: a fan of quantiles, price scenarios, and what drives the total.",
    load: async () => (await import("./project.ts")).projectCommand,
  },
  {
    name: "prices",
    summary: "Check the age of list prices, and take AWS's price lists into a book of your own.",
    load: async () => (await import("./prices.ts")).pricesCommand,
  },
  {
    name: "claims",
    summary: "Test what is said of routing: each claim under every billing rule and reading, with its condition.",
    load: async () => (await import("./claims.ts")).claimsCommand,
  },
  {
    name: "check",
    summary:
      "Check scenario files: every problem of a stage (form, then meaning) at once, each with its line and a fix.",
    load: async () => (await import("./check.ts")).checkCommand,
  },
  {
    name: "audit",
    summary: "Read decisions, live or simulated: where calls went, whether they were allowed to, what they cost.",
    load: async () => (await import("./audit.ts")).auditCommand,
  },
  {
    name: "report",
    summary: "Rebuild the reports of a saved run from its result.json.",
    load: async () => (await import("./report.ts")).reportCommand,
  },
  {
    name: "compare",
    summary: "Compare runs with a baseline run: what differs, what is shown to change, and gates for a build.",
    load: async () => (await import("./compare.ts")).compareCommand,
  },
  {
    name: "runs",
    summary: "List saved runs, tag them, name baselines, remove what is not needed.",
    load: async () => (await import("./runs.ts")).runsCommand,
  },
  {
    name: "sql",
    summary: "Query all saved runs with one SELECT.",
    load: async () => (await import("./sql.ts")).sqlCommand,
  },
  {
    name: "view",
    summary: "A local page over saved runs: list them, compare by ticking, see what is running.",
    load: async () => (await import("./view.ts")).viewCommand,
  },
  {
    name: "stats",
    summary: "Statistical procedures by name, and the best strategy of a saved run.",
    load: async () => (await import("./stats.ts")).statsCommand,
  },
  {
    name: "emulate",
    summary: "Start Bedrock-compatible endpoints with a scenario's physics behind them.",
    load: async () => (await import("./emulate.ts")).emulateCommand,
  },
  {
    name: "probe",
    summary: "Call endpoints now and then with the AWS SDK: time to first token, every gap, what fails and why.",
    load: async () => (await import("./probe.ts")).probeCommand,
  },
  {
    name: "list",
    summary: "List what a scenario can name: strategies, regions, traces, laws and more.",
    load: async () => (await import("./list.ts")).listCommand,
  },
  {
    name: "conformance",
    summary: "Try a strategy of your own in many situations, and measure what a decision costs.",
    load: async () => (await import("./conformance.ts")).conformanceCommand,
  },
  {
    name: "strategy",
    summary: "Begin a strategy of your own, or write a scenario's strategy as LiteLLM's configuration.",
    load: async () => (await import("./strategy.ts")).strategyCommand,
  },
  {
    name: "schema",
    summary: "Print the JSON Schema of scenario files, for editors.",
    load: async () => (await import("./schema.ts")).schemaCommand,
  },
  {
    name: "doctor",
    summary: "Check this machine: Node, k6, credentials (never shown), write access, clock; endpoints if asked to.",
    load: async () => (await import("./doctor.ts")).doctorCommand,
  },
];
