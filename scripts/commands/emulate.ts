/** `meridian emulate`: starts Bedrock-compatible endpoints and says how to point clients at them. */
import { rmSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Command, InvalidArgumentError, Option } from "commander";
import type { Fleet, FleetOptions } from "../../emulator/fleet.ts";
import { EXIT_CODES, formatProblem, MeridianError } from "../../simulator/base/errors.ts";
import { durationMs } from "../../simulator/base/schema-forms.ts";
import type { Plan } from "../../simulator/scenario/plan.ts";
import { prepareExperiment } from "../io/experiment.ts";
import { PACKAGE_ROOT } from "../io/process.ts";
import type { Terminal } from "../io/terminal.ts";
import { type KnownAnswer, parseKnownAnswer } from "../validate/known-answer.ts";
import { type CommandDefinition, type CommandInput, type CommonOptions, JSON_SCHEMA_VERSION } from "./command.ts";
import { addValueOptions, overridesOf, wholeNumber } from "./options.ts";

export const emulateCommand: CommandDefinition = {
  examples: [
    ["meridian emulate", "five regions from port 7400 on, with a world of our own"],
    ["meridian emulate scenarios/flagship.yaml", "the regions, quotas and machines of a scenario"],
    ["meridian emulate a.yaml --at 15h --origin us-east-1", "its afternoon, called from us-east-1"],
    ["meridian emulate a.yaml --scale 5", "five times faster than the wall; not for SDKs' own back-offs"],
    ["meridian emulate --tls", "HTTPS too, and API keys, with a certificate made for it"],
    ["meridian emulate --known-answer mmc:servers=8,mean=520ms", "queues whose answer is known, to measure a harness"],
    ["meridian emulate --json --base-port 0", "free ports, told in one line of JSON when ready"],
  ],
  configure,
  run: runEmulate,
};

const DEFAULT_SCENARIO = join(PACKAGE_ROOT, "scenarios", "emulator.yaml");

function configure(command: Command): void {
  command.argument("[scenario]", "scenario file; a world of our own unless given");
  addValueOptions(command);
  command
    .addOption(
      new Option("--base-port <n>", "first port; each region takes the next; 0 for free ones")
        .default(7400)
        .argParser(wholeNumber(0)),
    )
    .addOption(new Option("--scale <x>", "times faster than the wall").default(1).argParser(positive))
    .addOption(new Option("--at <time>", "where in the scenario to begin, e.g. 9h").argParser(duration))
    .option("--origin <name>", "where callers are who send no x-meridian-origin; no round trip unless given")
    .addOption(
      new Option("--auth <mode>", "check signatures and API keys").choices(["verify", "off"]).default("verify"),
    )
    .option("--tls", "speak TLS too, on the same ports")
    .option("--host <address>", "address to listen on; another than loopback needs --token", "127.0.0.1")
    .addOption(
      new Option(
        "--token <secret>",
        "secret key, API key and key of the admin pages, instead of the known test ones; in the environment other users do not see it",
      ).env("MERIDIAN_TOKEN"),
    )
    .addOption(
      new Option(
        "--known-answer <law>",
        "exact queues: mmc:servers=8,mean=520ms[,room=0][,stall=2s/20s], or mdc:",
      ).argParser(knownAnswer),
    );
}

async function runEmulate({ args, options, terminal, signal }: CommandInput): Promise<number> {
  const { inputs } = await prepareExperiment(args[0] ?? DEFAULT_SCENARIO, {
    overrides: overridesOf(options),
    strategies: [],
  });
  // Other verbs need not wait until the emulator's code is loaded.
  const { startFleet } = await import("../../emulator/fleet.ts");
  const fleet = await startFleet({
    ...(await fleetOptions(inputs.plan, options)),
    onInternalError: (error) => terminal.problem(internalProblem(error)),
  });
  const caFile = await certificateFile(fleet);
  try {
    for (const note of fleet.notes) terminal.note(note);
    announce(fleet, caFile?.path, options, terminal);
    await aborted(signal);
    terminal.note("draining: no new calls; those under way have 10 s, a second signal ends them at once");
  } finally {
    await fleet.close();
    await caFile?.remove();
  }
  return EXIT_CODES.ok;
}

async function fleetOptions(plan: Plan, options: CommonOptions): Promise<FleetOptions> {
  const origin = options.origin as string | undefined;
  if (origin !== undefined && !plan.originNames.includes(origin)) throw unknownOrigin(origin, plan.originNames);
  const [{ scenarioFleet }, { createQueueBackend }] = await Promise.all([
    import("../../emulator/fleet.ts"),
    import("../../emulator/backends/queue.ts"),
  ]);
  const world = scenarioFleet(plan, {
    ...(options.at === undefined ? {} : { startMs: options.at as number }),
    ...(origin === undefined ? {} : { origin }),
  });
  if (world.regions?.length === 0) throw nothingToCall();
  const law = options.knownAnswer as KnownAnswer | undefined;
  return {
    ...world,
    ...(law === undefined ? {} : { backend: (clock) => createQueueBackend(clock, { ...law, seed: plan.seed }) }),
    basePort: options.basePort as number,
    scale: options.scale as number,
    auth: options.auth as "verify" | "off",
    tls: options.tls === true,
    host: options.host as string,
    ...(options.token === undefined ? {} : { token: options.token as string }),
  };
}

/** The one thing on stdout: a table and what to export for people, one line of JSON for programs. */
function announce(fleet: Fleet, caFile: string | undefined, options: CommonOptions, terminal: Terminal): void {
  if (options.json !== true) {
    terminal.out(fleetText(fleet, { caFile, colour: terminal.colour }));
    return;
  }
  const endpoints = fleet.endpoints.map((endpoint) => ({
    ...endpoint,
    environment: Object.fromEntries(fleet.environment(endpoint.region)),
  }));
  const document = { schemaVersion: JSON_SCHEMA_VERSION, kind: "emulator", ready: true, endpoints, caFile };
  terminal.out(JSON.stringify(document));
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

function internalProblem(error: unknown): string {
  return formatProblem({
    code: "EMULATOR_FAULT",
    what: `a request was answered 500 by a fault of the emulator: ${error instanceof Error ? error.message : error}`,
  });
}

function unknownOrigin(origin: string, known: readonly string[]): MeridianError {
  return new MeridianError("usage", {
    code: "ORIGIN_UNKNOWN",
    what: `the scenario has no callers in "${origin}"`,
    where: "--origin",
    fix: `name one of ${known.join(", ")}, or add it to the origin of a class`,
  });
}

function nothingToCall(): MeridianError {
  return new MeridianError("usage", {
    code: "EMULATOR_WITHOUT_ENDPOINT",
    what: "all targets of the scenario are batch, which is no endpoint to call",
    where: "world.targets",
    fix: "add a region or a profile to the targets",
  });
}

function positive(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && value > 0 && value <= 1000) return value;
  throw new InvalidArgumentError("It must be a number above 0, 1000 at most.");
}

function duration(text: string): number {
  const parsed = durationMs.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new InvalidArgumentError("It must be a time such as 90m or 9h.");
}

function knownAnswer(text: string): KnownAnswer {
  const law = parseKnownAnswer(text);
  if (law !== undefined) return law;
  throw new InvalidArgumentError("It must be like mmc:servers=8,mean=520ms or mdc:servers=1,mean=1s,room=0.");
}

export interface FleetTextOptions {
  /** Where the certificate lies that clients must trust. */
  readonly caFile: string | undefined;
  readonly colour: boolean;
}

/** What a person needs to point clients at a fleet; its last line is `ready`. */
export function fleetText(fleet: Fleet, { caFile, colour }: FleetTextOptions): string {
  const bold = (text: string) => (colour ? `\u001b[1m${text}\u001b[22m` : text);
  const first = fleet.endpoints[0]!;
  const width = Math.max(...fleet.endpoints.map(({ region }) => region.length));
  const rows = fleet.endpoints.map(({ region, url, tlsUrl }) =>
    [`  ${region.padEnd(width)}  ${url}`, ...(tlsUrl === undefined ? [] : [tlsUrl])].join("  "),
  );
  const exports = [
    ...fleet.environment(first.region),
    ...(caFile === undefined ? [] : [["AWS_CA_BUNDLE", caFile] as const, ["NODE_EXTRA_CA_CERTS", caFile] as const]),
  ].map(([name, value]) => `  export ${name}=${value}`);
  return [
    bold("Endpoints"),
    ...rows,
    "",
    bold(`For boto3, the AWS CLI, the JavaScript SDK and LiteLLM (${first.region}; test credentials, publicly known)`),
    ...exports,
    "",
    bold("Pages of its own"),
    `  ${first.url}/_meridian/metrics  (also health, invocations, audit, faults: docs/emulator.md)`,
    "",
    "ready",
  ].join("\n");
}

/** Writes the fleet's certificate where clients can be pointed at it; undefined without TLS. */
export async function certificateFile(
  fleet: Fleet,
): Promise<{ readonly path: string; remove(): Promise<void> } | undefined> {
  if (fleet.certificate === undefined) return undefined;
  const folder = await mkdtemp(join(tmpdir(), "meridian-emulator-"));
  const path = join(folder, "ca.pem");
  await writeFile(path, fleet.certificate.certPem);
  // A second signal ends the process without coming back here.
  const atExit = (): void => rmSync(folder, { recursive: true, force: true });
  process.once("exit", atExit);
  return {
    path,
    async remove() {
      process.off("exit", atExit);
      await rm(folder, { recursive: true, force: true });
    },
  };
}
