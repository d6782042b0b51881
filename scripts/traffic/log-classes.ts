/** Traffic classes made from a recording: one for each tenant and model in it, so that a log runs in any world. */
import { dirname, isAbsolute, relative, resolve } from "node:path";
import { z } from "zod";
import { MeridianError } from "../../simulator/base/errors.ts";
import { nearNames } from "../../simulator/base/near-names.ts";
import { MINUTE_MS } from "../../simulator/base/time.ts";
import { shortModelName } from "../../simulator/traffic/labels.ts";
import type { RecordedRow } from "../../simulator/traffic/recorded-rows.ts";
import type { RecordedColumns } from "../../simulator/traffic/traffic.ts";
import type { Override } from "../io/overrides.ts";
import { loadScenario } from "../io/scenario-file.ts";
import { loadTagger, tagRow } from "../io/tag-rules.ts";
import type { TraceFileOptions } from "../io/trace-file.ts";
import { loadTrace, type RecordedTrace } from "../io/traces.ts";

/** A recording in place of a scenario's own traffic. */
export interface LogTraffic {
  /** What has to be put over the scenario. */
  readonly overrides: readonly Override[];
  /** The recording, so that it is read once; its notes say what of it does not run. */
  readonly trace: RecordedTrace;
}

export interface LogTrafficOptions extends TraceFileOptions {
  /** Model of the scenario by short name of a model in the recording. */
  readonly models: ReadonlyMap<string, string>;
  /** File of rules that tag requests which lack a tag, from the working directory. */
  readonly tags?: string | undefined;
}

/** The parts of a scenario that decide what its classes may be. */
const frameSchema = z.looseObject({
  world: z.looseObject({
    regions: z.array(z.union([z.string(), z.looseObject({ name: z.string().optional() })])),
    models: z.record(z.string(), z.looseObject({ id: z.string().optional() })),
  }),
  traffic: z.array(z.looseObject({ class: z.string(), model: z.string().optional() })).optional(),
});
type Frame = z.output<typeof frameSchema>;
type Template = Readonly<Record<string, unknown>>;

/** What `--map-model` calls requests that name no model. */
const UNNAMED = "unnamed";

/** More classes than this are no longer read one by one: then there is one for each model. */
const CLASSES_MAX = 12;

/**
 * Reads a recording and makes the traffic of a scenario from it. Each class keeps what the scenario says of the class of
 * its tenant, its model, or else of its first class: objectives, residency, targets. The run begins with the recording
 * and is as long.
 *
 * @param path of the recording, from the working directory
 * @throws MeridianError data TRACE_*; usage TRAFFIC_NO_MODEL where the scenario has none of the recording's models
 */
export async function trafficOfLog(
  scenarioFile: string,
  path: string,
  options: LogTrafficOptions,
  overrides: readonly Override[],
): Promise<LogTraffic> {
  const frame = (await loadScenario(scenarioFile, frameSchema, overrides)).value;
  const name = isAbsolute(path) ? path : relative(resolve(dirname(scenarioFile)), resolve(path)) || ".";
  const tagger = options.tags === undefined ? undefined : await loadTagger(options.tags);
  const { tags, ...reading } = options;
  const trace = await loadTrace(name, dirname(scenarioFile), {
    ...reading,
    ...(tagger === undefined ? {} : { retag: (row: RecordedRow) => tagRow(row, tagger, reading.tag ?? null) }),
  });
  if (trace.recording.kind !== "trace") throw noRequests(path);
  const { columns } = trace.recording;
  const { groups, left } = groupsOf(columns, frame, options.models);
  const rules = tags === undefined || isAbsolute(tags) ? tags : relative(resolve(dirname(scenarioFile)), resolve(tags));
  const classes = groups.map((group) => classOf(group, { name, columns, frame, tag: options.tag ?? null, rules }));
  const origin = `--traffic ${path}`;
  const put = (key: string, value: unknown): Override => ({ path: [key], value, origin });
  const startMs = columns.startEpochMs;
  const lastMs = columns.arrivalMs.at(-1)!;
  return {
    trace: { ...trace, notes: [...trace.notes, ...left, ...(tagger?.notes() ?? [])] },
    overrides: [
      put("traffic", classes),
      put("duration", `${(Math.floor(lastMs / MINUTE_MS) + 1) * 60}s`),
      put("requests", undefined),
      ...(startMs === undefined ? [] : [put("start", new Date(Math.floor(startMs / 1000) * 1000).toISOString())]),
    ],
  };
}

/** The requests of one class. */
interface Group {
  readonly name: string;
  /** Its team or, by `label`, its class label. */
  readonly tenant: string | undefined;
  readonly label: "tenant" | "class";
  /** Short name in the recording. */
  readonly logModel: string | undefined;
  readonly model: string;
  readonly rows: readonly number[];
}

function groupsOf(columns: RecordedColumns, frame: Frame, asked: ReadonlyMap<string, string>) {
  const rows = Array.from(columns.arrivalMs.keys());
  const modelName = (row: number) => shortModelName(columns.modelNames?.[columns.modelIndex![row]!] ?? "");
  // Where no column says who a request is for, its class label does.
  const label = columns.tenantNames === undefined && columns.classNames !== undefined ? "class" : "tenant";
  const [labelNames, labelIndex] =
    label === "class" ? [columns.classNames, columns.classIndex] : [columns.tenantNames, columns.tenantIndex];
  const tenantName = (row: number) => labelNames?.[labelIndex![row]!] ?? "";
  const byPair = new Map<string, number[]>();
  for (const row of rows) {
    const key = JSON.stringify([modelName(row), tenantName(row)]);
    const list = byPair.get(key) ?? [];
    byPair.set(key, list);
    list.push(row);
  }
  const known = modelsOf([...new Set(rows.map(modelName))], frame, asked);
  const pairs = [...byPair].map(([key, list]) => ({ pair: JSON.parse(key) as [string, string], list }));
  const isSplit = labelNames !== undefined && pairs.length <= CLASSES_MAX;
  const groups = new Map<string, Group & { rows: number[] }>();
  const lost = new Map<string, number>();
  for (const { pair, list } of pairs) {
    const [logModel, tenant] = pair;
    const model = known.get(logModel);
    if (model === undefined) {
      lost.set(logModel, (lost.get(logModel) ?? 0) + list.length);
      continue;
    }
    const key = isSplit ? `${tenant || "untagged"} ${model}` : model;
    const group = groups.get(`${key} ${logModel}`) ?? {
      name: "",
      tenant: isSplit ? tenant : undefined,
      label,
      logModel: columns.modelNames === undefined ? undefined : logModel,
      model,
      rows: [] as number[],
    };
    group.rows.push(...list);
    groups.set(`${key} ${logModel}`, group);
  }
  if (groups.size === 0) throw noModel([...lost.keys()], frame);
  const left = [...lost].map(([model, count]) => {
    const share = `${count.toLocaleString("en-US")} of ${rows.length.toLocaleString("en-US")} requests`;
    const why = model === "" ? "name no model" : `ask for ${model}, which the scenario has no model for`;
    return `${share} ${why}, and were left out; --map-model ${model || UNNAMED}=<name> gives ${model === "" ? "them" : "it"} one`;
  });
  return { groups: named([...groups.values()]), left };
}

/** Names by tenant, by model, or by both where one is not enough. */
function named(groups: readonly Group[]): readonly Group[] {
  const isOf = (key: "tenant" | "model") => new Set(groups.map((group) => group[key])).size === groups.length;
  const taken = new Set<string>();
  return groups.map((group) => {
    const tenant = group.tenant === "" ? "untagged" : group.tenant;
    const plain = isOf("model")
      ? group.model
      : tenant !== undefined && isOf("tenant")
        ? tenant
        : `${tenant ?? ""} ${group.model}`.trim();
    let name = plain.slice(0, 56);
    for (let i = 2; taken.has(name); i++) name = `${plain.slice(0, 52)} ${i}`;
    taken.add(name);
    return { ...group, name };
  });
}

/** The scenario's model of each model in the recording. */
function modelsOf(
  names: readonly string[],
  { world }: Frame,
  asked: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  const models = Object.entries(world.models);
  const known = new Map<string, string>();
  for (const name of names) {
    const given = asked.get(name === "" ? UNNAMED : name);
    const found =
      given ?? models.find(([key, { id = "" }]) => key === name || shortModelName(id) === name || id === name)?.[0];
    if (found !== undefined) known.set(name, found);
    else if (name === "" && models.length === 1) known.set(name, models[0]![0]);
  }
  return known;
}

interface ClassFrame {
  readonly name: string;
  readonly columns: RecordedColumns;
  readonly frame: Frame;
  readonly tag: string | null;
  /** File of tag rules, as the scenario names it. */
  readonly rules: string | undefined;
}

function classOf(group: Group, { name, columns, frame, tag, rules }: ClassFrame): Template {
  const templates = frame.traffic ?? [];
  const template: Template =
    templates.find((each) => each.class === group.tenant || each.class === group.name) ??
    templates.find((each) => each.model === group.model) ??
    templates[0] ??
    {};
  const { tokens, origin, ...kept } = template;
  const only = {
    ...(group.tenant === undefined ? {} : { [group.label]: group.tenant }),
    ...(group.logModel === undefined ? {} : { model: group.logModel }),
  };
  const own = originsOf(group, columns, frame) ?? origin;
  return {
    ...kept,
    class: group.name,
    model: group.model,
    ...(group.tenant ? { tags: { ...(template.tags as object | undefined), team: group.tenant } } : {}),
    arrivals: {
      trace: name,
      ...(rules === undefined ? {} : { tags: rules, ...(tag === null ? {} : { tag }) }),
      ...(Object.keys(only).length > 0 ? { only } : {}),
    },
    ...(columns.isWithoutTokens === true && tokens !== undefined ? { tokens } : {}),
    ...(own === undefined ? {} : { origin: own }),
  };
}

/** How many requests came from each region that the scenario has; undefined where it has none of them. */
function originsOf({ rows }: Group, { originIndex, originNames }: RecordedColumns, { world }: Frame) {
  if (originIndex === undefined || originNames === undefined) return undefined;
  const regions = world.regions.map((region) => (typeof region === "string" ? region : region.name));
  const counts: Record<string, number> = {};
  for (const row of rows) {
    const name = originNames[originIndex[row]!]!;
    if (regions.includes(name)) counts[name] = (counts[name] ?? 0) + 1;
  }
  return Object.keys(counts).length === 0 ? undefined : counts;
}

/** One line to copy: every model of the recording, each to be given one of the scenario's. */
function noModel(names: readonly string[], { world }: Frame): MeridianError {
  const own = Object.keys(world.models);
  const named = names.filter((name) => name !== "").join(", ");
  const pairs = names.map((name) => `${name || UNNAMED}=${nearNames(name, own)[0] ?? own[0]}`);
  return new MeridianError("usage", {
    code: "TRAFFIC_NO_MODEL",
    where: "--traffic",
    what: `the scenario has no model for ${named || "requests that name none"}`,
    fix: `its models are ${own.join(", ")}: write --map-model ${pairs.join(" ")}`,
  });
}

function noRequests(path: string): MeridianError {
  const what = "this is not a recording of requests";
  return new MeridianError("usage", {
    code: "TRAFFIC_NO_REQUESTS",
    where: `--traffic ${path}`,
    what,
    fix: "give a log of requests",
  });
}
