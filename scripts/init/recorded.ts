/** What a file of recorded calls answers by itself: how many, over how long, from which regions, with which model. */
import { existsSync } from "node:fs";
import { relative, resolve } from "node:path";
import { AWS_REGIONS } from "../../simulator/base/regions.ts";
import { describeTraffic, type TrafficDescription } from "../../simulator/traffic/describe.ts";
import { shortModelName } from "../../simulator/traffic/labels.ts";
import type { CommonOptions } from "../commands/command.ts";
import { loadReference } from "../io/reference.ts";
import { readTraffic } from "../traffic/read.ts";
import { type Answers, DEFAULTS } from "./answers.ts";

const MINUTE_MS = 60_000;
const MINUTES_MAX = 24 * 60;
/** So short a recording is repeated for an hour. */
const MINUTES_MIN = 60;
const REGIONS_MAX = 4;

/**
 * Reads the calls as `traffic describe` does.
 *
 * @param folder where the scenario will be: the path of the calls is relative to it
 * @returns answers that the calls give, the defaults for the rest
 * @throws MeridianError data TRACE_*
 */
export async function recordedAnswers(from: string, folder: string, options: CommonOptions): Promise<Answers> {
  const { columns, format, notes } = await readTraffic([from], options);
  const seen = describeTraffic(columns, notes);
  const { models } = await loadReference();
  // Descriptions shorten names; the facts know whole ids, profiles and ARNs.
  const most = columns.modelNames?.find((name) => shortModelName(name) === seen.models[0]?.name);
  const way = relative(folder, resolve(from)).replaceAll("\\", "/");
  return {
    ...DEFAULTS,
    regions: regionsSeen(seen),
    model: (most === undefined ? undefined : models.idOf(most)) ?? DEFAULTS.model,
    recorded: {
      trace: format === "bundled" && !existsSync(from) ? from : way,
      requests: seen.rows,
      minutes: Math.min(MINUTES_MAX, Math.max(MINUTES_MIN, Math.ceil(seen.spanMs / MINUTE_MS))),
      start: seen.start,
      tokens:
        seen.input.known === 0 || seen.output.known === 0
          ? null
          : { inputMean: seen.input.mean, outputMean: seen.output.mean, outputMax: seen.output.max },
      reading: typeof options.format === "string" ? [`format: ${options.format}`] : [],
    },
  };
}

/** The regions that calls came from, the busiest first, with the default ones where there is but one. */
function regionsSeen({ origins }: TrafficDescription): readonly string[] {
  const known = new Set(AWS_REGIONS.map(({ id }) => id));
  const seen = origins.map(({ name }) => name).filter((name) => known.has(name));
  if (seen.length > 1) return seen.slice(0, REGIONS_MAX);
  return [...new Set([...seen, ...DEFAULTS.regions])].slice(0, 2);
}
