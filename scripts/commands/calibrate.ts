/** `meridian calibrate`: fits a world to measured calls, or says whether a fitted one still holds. */
import { type Command, InvalidArgumentError, Option } from "commander";
import writeFileAtomic from "write-file-atomic";
import { EXIT_CODES, MeridianError } from "../../simulator/base/errors.ts";
import { parseDurationMs, parseShare } from "../../simulator/base/quantities.ts";
import { byEndpoint, type EndpointObservations, endpointCalls } from "../../simulator/calibrate/calls.ts";
import { CALLS_MIN, type EndpointFit, fitEndpoint } from "../../simulator/calibrate/fit-endpoint.ts";
import { driftOf, movedParameters } from "../../simulator/calibrate/intervals.ts";
import { BadRows } from "../../simulator/traffic/bad-rows.ts";
import type { Measurement } from "../calibrate/measurement.ts";
import { readMeasurements } from "../calibrate/measurements.ts";
import { driftText, fitText, parseWorldFile, renderWorldFile, type WorldFile } from "../calibrate/world-file.ts";
import { packageVersion } from "../io/process.ts";
import { WORLD_FILE_BYTES_MAX } from "../io/scenario-file.ts";
import type { Terminal } from "../io/terminal.ts";
import { environmentProblem, readTextFile, stableJson } from "../io/text-files.ts";
import { interrupted } from "../io/worker-pool.ts";
import { type CommandDefinition, type CommandInput, type CommonOptions, JSON_SCHEMA_VERSION } from "./command.ts";
import { addBadRowOptions, badRowsOf } from "./options.ts";

export const calibrateCommand: CommandDefinition = {
  examples: [
    ["meridian calibrate --from runs/a-bench-20260504t101500-1a2b3c4d", "fits what a bench measured"],
    ["meridian calibrate --from log.jsonl.gz --model sonnet=anthropic.claude-sonnet-4-5", "fits an invocation log"],
    ["meridian calibrate --from calls.csv --rtt 12ms --out lab.world.yaml", "fits calls of your own"],
    ["meridian calibrate --from runs/latest --compare fitted.world.yaml", "exit code 99 when the fit no longer holds"],
  ],
  configure,
  run: runCalibrate,
};

function configure(command: Command): void {
  command
    .requiredOption(
      "--from <path...>",
      "folders of measured runs, .json of meridian probe, and logs of any format of list formats",
    )
    .option("--strategy <name...>", "of measured runs, only these strategies", [])
    .option("--out <file>", "world file to write", "fitted.world.yaml")
    .option("--compare <file>", "write nothing: tell whether this world file still predicts what was measured")
    .addOption(
      new Option("--margin <share>", "with --compare: relative error of p50 and p95 up to which it holds")
        .default(0.1, "10%")
        .argParser(margin),
    )
    .option("--rtt <time...>", "round trip in the times where a source knows none: 12ms, or us-east-1=12ms", [])
    .option("--model <name=id...>", "name of a model in the world file, for sources that know ids only", []);
  addBadRowOptions(command);
}

async function runCalibrate({ options, terminal, signal }: CommandInput): Promise<number> {
  const badRows = new BadRows(badRowsOf(options));
  const stored = options.compare === undefined ? undefined : await readWorldFile(String(options.compare));
  const sources = options.from as readonly string[];
  const measurement = renamed(
    await readMeasurements(sources, {
      strategies: options.strategy as readonly string[],
      badRows,
      roundTripMs: roundTripsOf(options.rtt as readonly string[]),
    }),
    options.model as readonly string[],
  );
  for (const note of measurement.notes) terminal.note(`note: ${note}`);
  if (badRows.summary !== undefined) terminal.note(`note: ${badRows.summary}`);
  const fits: EndpointFit[] = [];
  for (const endpoint of byEndpoint(measurement.observations)) {
    // Fitting keeps the thread busy: a Ctrl-C gets its turn between endpoints.
    await new Promise((resolve) => setImmediate(resolve));
    if (signal.aborted) throw interrupted();
    terminal.note(`fitting ${endpoint.model} in ${endpoint.region}: ${endpoint.observations.length} calls`);
    const fit = fitEndpoint(endpoint);
    if (fit === undefined) terminal.note(`note: ${endpoint.model} in ${endpoint.region} ${tooFew}`);
    else fits.push(fit);
  }
  if (fits.length === 0) throw nothingToFit(measurement);
  if (stored !== undefined) return compare(stored, fits, byEndpoint(measurement.observations), options, terminal);
  return save(fits, measurement, { sources, badRows: badRows.count, options, terminal });
}

const tooFew = `has fewer than ${CALLS_MIN} answered calls that took any time, and was left out`;

interface SaveFacts {
  readonly sources: readonly string[];
  readonly badRows: number;
  readonly options: CommonOptions;
  readonly terminal: Terminal;
}

async function save(fits: readonly EndpointFit[], measurement: Measurement, facts: SaveFacts): Promise<number> {
  const { sources, badRows, options, terminal } = facts;
  const { modelIds } = measurement;
  const out = String(options.out);
  const text = renderWorldFile({ fits, modelIds, sources, meridian: packageVersion(), madeAt: new Date() });
  // What cannot be read back must not be written.
  parseWorldFile(text, out);
  await writeFileAtomic(out, text).catch((error: unknown) => {
    throw new MeridianError(
      "environment",
      environmentProblem("CALIBRATE_NOT_SAVED", error, out, "name a place that can be written to with --out"),
    );
  });
  if (options.json === true) {
    const { notes } = measurement;
    terminal.out(document({ kind: "calibrate", out, fits, badRows, notes }));
  } else terminal.out(fits.map(fitText).join("\n\n"));
  terminal.note(`world: ${out}`);
  return EXIT_CODES.ok;
}

function compare(
  stored: WorldFile,
  fits: readonly EndpointFit[],
  endpoints: readonly EndpointObservations[],
  options: CommonOptions,
  terminal: Terminal,
): number {
  const compared = fits.flatMap((fit) => {
    const { region, model } = fit;
    const spec = stored.capacityOf(region, model);
    const endpoint = endpoints.find((each) => each.region === region && each.model === model);
    if (spec === undefined || endpoint === undefined) return [];
    const errors = driftOf(spec, endpointCalls(endpoint.observations), !fit.variant.isWhole, Number(options.margin));
    return [{ region, model, errors, moved: movedParameters(spec, fit.spec, fit.estimates) }];
  });
  if (compared.length === 0) {
    throw new MeridianError("data", {
      code: "CALIBRATE_NOTHING_TO_COMPARE",
      what: "the world file has no model in a region that was measured",
      where: String(options.compare),
      fix: `measured: ${fits.map(({ model, region }) => `${model} in ${region}`).join(", ")}; --model names models`,
    });
  }
  const drifted = compared.some(({ errors }) => errors.some(({ isDrift }) => isDrift));
  if (options.json === true) {
    terminal.out(document({ kind: "drift", drifted, margin: options.margin, compared }));
  } else {
    terminal.out(
      compared.map(({ region, model, errors, moved }) => driftText(region, model, errors, moved)).join("\n\n"),
    );
    terminal.out(drifted ? "drifted: calibrate again" : "no drift beyond the margin was shown");
  }
  return drifted ? EXIT_CODES.assertion : EXIT_CODES.ok;
}

/** One JSON document; what has no limit says so in words. */
function document(body: Readonly<Record<string, unknown>>): string {
  const inWords = JSON.parse(
    JSON.stringify(body, (_key, value: unknown) => (value === Number.POSITIVE_INFINITY ? "unlimited" : value)),
  ) as Readonly<Record<string, unknown>>;
  return stableJson({ schemaVersion: JSON_SCHEMA_VERSION, ...inWords }).trimEnd();
}

async function readWorldFile(file: string): Promise<WorldFile> {
  const kind = { code: "WORLD_FILE", noun: "world file", bytesMax: WORLD_FILE_BYTES_MAX, kind: "usage" as const };
  return parseWorldFile(await readTextFile(file, kind), file);
}

/** `name=id` gives the model whose id begins with this id that name. */
function renamed(measurement: Measurement, pairs: readonly string[]): Measurement {
  const names = pairs.map((pair) => {
    const cut = pair.indexOf("=");
    if (cut > 0 && cut < pair.length - 1) return { name: pair.slice(0, cut), id: pair.slice(cut + 1) };
    throw new MeridianError("usage", {
      code: "CALIBRATE_MODEL_SYNTAX",
      what: "this is not name=id",
      where: `--model ${pair}`,
      fix: "write for example --model sonnet=anthropic.claude-sonnet-4-5",
    });
  });
  const nameOf = (model: string) => names.find(({ id }) => measurement.modelIds[model]?.startsWith(id))?.name ?? model;
  return {
    ...measurement,
    observations: measurement.observations.map((each) => ({ ...each, model: nameOf(each.model) })),
    modelIds: Object.fromEntries(Object.entries(measurement.modelIds).map(([model, id]) => [nameOf(model), id])),
  };
}

function roundTripsOf(texts: readonly string[]): ReadonlyMap<string, number> {
  return new Map(
    texts.map((text) => {
      const cut = text.indexOf("=");
      const ms = parseDurationMs(text.slice(cut + 1));
      if (ms !== undefined) return [cut < 0 ? "*" : text.slice(0, cut), ms];
      throw new MeridianError("usage", {
        code: "CALIBRATE_RTT_SYNTAX",
        what: "this is not a duration",
        where: `--rtt ${text}`,
        fix: "write for example --rtt 12ms or --rtt us-east-1=12ms",
      });
    }),
  );
}

function nothingToFit({ observations }: Measurement): MeridianError {
  return new MeridianError("data", {
    code: "CALIBRATE_TOO_FEW",
    what: `no endpoint has ${CALLS_MIN} answered calls with their times; ${observations.length} calls were read`,
    where: "--from",
    fix: "measure more: some hundreds of calls that overlap, of several sizes",
  });
}

function margin(text: string): number {
  const share = parseShare(text);
  if (share !== undefined && share > 0) return share;
  throw new InvalidArgumentError("It must be a share such as 10%.");
}
