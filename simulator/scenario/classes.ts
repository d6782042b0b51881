/** `traffic`: classes of requests, where they come from, what they may use and how long they may take. */
import { z } from "zod";
import type { Problem } from "../base/errors.ts";
import { type RegionDirectory, requireRegion } from "../base/regions.ts";
import { durationMs, ownEntry, share, shareError } from "../base/schema-forms.ts";
import { DAY_MS, MINUTE_MS, WEEK_MS } from "../base/time.ts";
import {
  isRegionAllowed,
  type ResidencyRule,
  type ResidencyTarget,
  residencyMasks,
  residencySchema,
} from "../service/residency.ts";
import { arrivalSchema, scaledArrivals } from "../traffic/arrivals/index.ts";
import { type ClassTraffic, knownOrigin, traceNamesOf } from "../traffic/class-stream.ts";
import { type SessionSpec, sessionsSchema } from "../traffic/sessions.ts";
import { settleMaxTokens } from "../traffic/token-bounds.ts";
import { tokensSchema } from "../traffic/tokens.ts";
import type { Recording } from "../traffic/traffic.ts";
import type { RouteDraft, TargetDraft } from "./drafts.ts";
import type { ClassPlan } from "./plan.ts";
import type { Problems } from "./problems.ts";

const name = z.string().min(1).max(60);
const positiveDuration = durationMs.refine((ms) => ms > 0, "must be more than 0");

const sloSchema = z
  .strictObject({
    e2e: positiveDuration.optional().meta({ description: "From intended arrival to last byte" }),
    ttft: positiveDuration.optional().meta({ description: "From intended arrival to first token" }),
    share: share
      .refine(
        (part) => part > 0 && part < 1,
        shareError("must be more than 0 and less than 100%", "write it like 90% or 0.9"),
      )
      .optional()
      .meta({
        description:
          "Share of its requests that has to be served within e2e and ttft, failed ones counted as outside; 95% unless given",
      }),
  })
  .refine(({ e2e, ttft, share: part }) => part === undefined || e2e !== undefined || ttft !== undefined, {
    message: "a share of what? write the limit beside it, like e2e: 20s",
    path: ["share"],
  })
  .meta({ description: "Objectives of the class" });

const originShares = z
  .record(name, z.number().positive())
  .refine((shares) => Object.keys(shares).length > 0, "no origin is named; write a region, or shares of several")
  .refine(
    (shares) => Number.isFinite(Object.values(shares).reduce((sum, share) => sum + share, 0)),
    "the shares are too large to be added up; write shares such as 0.7 and 0.3",
  );

export const classSchema = z
  .strictObject({
    class: name.meta({ description: "Name of the traffic class" }),
    tags: z.record(name, z.string()).default({}).meta({ description: "team, product ...: for reports and audits" }),
    model: name.optional().meta({ description: "The scenario's model; may be left out where there is one" }),
    arrivals: arrivalSchema,
    tokens: tokensSchema.optional().meta({ description: "Token counts; from the recording unless given" }),
    sessions: sessionsSchema.optional(),
    origin: z.union([name, originShares]).optional().meta({
      description: "Where callers are: a region or origin, or shares of several; the first region unless given",
    }),
    slo: sloSchema.optional(),
    residency: residencySchema.optional(),
    targets: z.array(name).min(1).optional().meta({
      description: "Targets that it may use, by id; every one that sells its model and is legal for it unless given",
    }),
    account: name.default("default").meta({ description: "AWS account: quotas are per account" }),
    priority: z
      .number()
      .int()
      .min(0)
      .max(3)
      .default(1)
      .meta({ description: "Level in the queues of capacities with discipline: priority; 0 is served first" }),
    deferrable: z.boolean().default(false).meta({ description: "A strategy may defer its requests" }),
  })
  .meta({ description: "A class of traffic" });

export type ClassInput = z.output<typeof classSchema>;

/** The classes of a scenario with its `load` on the arrivals of each. */
export function underLoad({ traffic, load }: { readonly traffic: readonly ClassInput[]; readonly load: number }) {
  if (load === 1) return [...traffic];
  return traffic.map((each): ClassInput => ({ ...each, arrivals: scaledArrivals(each.arrivals, load) }));
}

const ANYWHERE: ResidencyRule = { label: "any", areas: [], countries: [], regions: [], inRegionOnly: false };

export interface ClassesInput {
  /** `traffic`. */
  readonly classes: readonly ClassInput[];
  readonly modelNames: readonly string[];
  /** `world.network.origins`: places of the scenario's own. */
  readonly origins: Readonly<Record<string, { readonly near?: string | undefined }>>;
  readonly regionNames: readonly string[];
  readonly originNames: readonly string[];
  readonly directory: RegionDirectory;
  readonly targets: readonly TargetDraft[];
  readonly routes: readonly (RouteDraft | null)[];
  readonly startMs: number;
  readonly problems: Problems;
}

/**
 * Every place that some class is called from, each once, in the scenario's order; unknown ones become problems. Then
 * those of the scenario's regions and origins that only rows of its recordings name.
 */
export function originsOf(
  {
    classes,
    origins: own,
    regionNames,
    directory,
    problems,
  }: Pick<ClassesInput, "classes" | "origins" | "regionNames" | "directory" | "problems">,
  recordings: Readonly<Record<string, Recording>> = {},
): readonly string[] {
  const custom = Object.keys(own);
  const places = [...new Set([...regionNames, ...custom, ...directory.keys()])];
  const origins = new Set<string>();
  classes.forEach((each, i) => {
    for (const origin of Object.keys(sharesOf(each, regionNames))) {
      if (problems.indexOf(origin, places, "origin", `traffic[${i}].origin`, "meridian list regions") >= 0)
        origins.add(origin);
    }
  });
  const known = Object.fromEntries([...regionNames, ...custom].map((name, index) => [name, index]));
  for (const { arrivals } of classes) {
    const recording = arrivals.process === "trace" ? ownEntry(recordings, arrivals.trace) : undefined;
    for (const label of recording?.kind === "trace" ? (recording.columns.originNames ?? []) : []) {
      const place = knownOrigin(label, known);
      if (place !== undefined) origins.add(place.name);
    }
  }
  return [...origins];
}

export function resolveClasses(input: ClassesInput): readonly ClassPlan[] {
  const { classes, modelNames, problems, targets, routes } = input;
  const names = classes.map((each) => each.class);
  const drafts = classes.map((each, i) => {
    const where = `traffic[${i}]`;
    if (names.indexOf(each.class) !== i) {
      problems.add(
        "CLASS_TWICE",
        `${where}.class`,
        `class "${each.class}" is there twice`,
        "give each class its own name",
      );
    }
    if (each.model === undefined && modelNames.length > 1) {
      problems.add(
        "MODEL_MISSING",
        `${where}.model`,
        "which model does this class call?",
        `name one of ${modelNames.join(", ")}`,
      );
    }
    const model =
      each.model === undefined ? 0 : Math.max(0, problems.indexOf(each.model, modelNames, "model", `${where}.model`));
    const sold = targets.map((_, t) => routes[t * modelNames.length + model] ?? null);
    return { each, where, model, sold };
  });
  const { verdicts, problems: residencyProblems } = residencyMasks(
    drafts.map(({ each, where }) => ({ name: each.class, where, rule: each.residency ?? ANYWHERE })),
    drafts.map(({ sold }) => targets.map((target, t) => residencyTarget(target, sold[t]!, input.regionNames))),
    input.directory,
  );
  if (problems.list.length === 0) problems.list.push(...residencyProblems);
  const targetIds = targets.map((target) => target.id);
  return drafts.map(({ each, where, model, sold }, i): ClassPlan => {
    for (const id of each.targets ?? []) problems.indexOf(id, targetIds, "target", `${where}.targets`);
    const reasons = targets.map((target, t) => {
      if (sold[t] === null) return `does not sell ${modelNames[model]}`;
      if (each.targets?.includes(target.id) === false) return "not among the targets of the class";
      if (target.tier === "batch" && !each.deferrable) return "batch is for deferrable classes";
      return verdicts[i]!.reasons[t]!;
    });
    const legal = Uint8Array.from(reasons, (reason) => (reason === null ? 1 : 0));
    if (!legal.includes(1) && problems.list.length === 0) {
      const because = targets.slice(0, 3).map((target, t) => `${target.id}: ${reasons[t]}`);
      const isSold = sold.some((each) => each !== null);
      problems.list.push(withoutTarget(`traffic[${i}]`, each.class, modelNames[model]!, because.join("; "), isSold));
    }
    return {
      name: each.class,
      model,
      tags: each.tags,
      sloE2eMs: each.slo?.e2e ?? Number.POSITIVE_INFINITY,
      sloTtftMs: each.slo?.ttft ?? Number.POSITIVE_INFINITY,
      sloShare: each.slo?.share ?? null,
      residency: each.residency?.label ?? null,
      legal,
      reasons,
      allowedRegions: Uint8Array.from(input.regionNames, (name) => {
        const facts = requireRegion(input.directory, name, "world.regions");
        return isRegionAllowed(each.residency ?? ANYWHERE, facts) ? 1 : 0;
      }),
      deferrable: each.deferrable,
      queueLevel: each.priority,
    };
  });
}

function withoutTarget(where: string, name: string, model: string, because: string, isSold: boolean): Problem {
  const seller = isSold
    ? "add a target for its model"
    : "add a target that sells it to world.targets, a profile such as eu-west-1/eu or eu-west-1/global";
  return {
    code: "CLASS_WITHOUT_TARGET",
    where,
    what: `no target sells ${model} legally to class "${name}" (${because})`,
    fix: `${seller}, widen its residency rule, or say deferrable: true if it may wait for batch`,
  };
}

/** The traffic of each class as the generator takes it. */
export function resolveTraffic(
  input: ClassesInput,
  recordings: Readonly<Record<string, Recording>>,
  sessions: readonly (SessionSpec | null)[],
): readonly ClassTraffic[] {
  const { classes, origins, regionNames, originNames, directory } = input;
  return classes.map((each, i): ClassTraffic => {
    const shares = Object.entries(sharesOf(each, regionNames));
    const total = shares.reduce((sum, [, weight]) => sum + weight, 0);
    const { arrivals, tokens } = each;
    const own = Object.fromEntries(traceNamesOf(sourceOf(each)).map((name) => [name, recordings[name]!]));
    const settled =
      tokens &&
      input.problems.attempt(
        () => settleMaxTokens({ name: each.class, arrivals, tokens, recordings: own }),
        () => `traffic[${i}].tokens.maxTokens`,
      );
    return {
      name: each.class,
      arrivals,
      ...(settled === undefined ? {} : { tokens: settled }),
      ...(sessions[i] ? { sessions: sessions[i] } : {}),
      originShares: shares.map(([origin, weight]) => ({
        originIndex: originNames.indexOf(origin),
        share: weight / total,
        shapeShiftMs: untilMondayMs(input.startMs, localOffsetMinutes(origins, directory, origin)),
        utcShiftMs: untilMondayMs(input.startMs, 0),
      })),
      recordings: own,
      recordedOrigins: Object.fromEntries(originNames.map((name, index) => [name, index])),
    };
  });
}

function sourceOf({ arrivals, tokens }: ClassInput) {
  return { arrivals, ...(tokens === undefined ? {} : { tokens }) };
}

function sharesOf(each: ClassInput, regionNames: readonly string[]): Readonly<Record<string, number>> {
  if (each.origin === undefined) return { [regionNames[0]!]: 1 };
  return typeof each.origin === "string" ? { [each.origin]: 1 } : each.origin;
}

function residencyTarget(
  target: TargetDraft,
  route: RouteDraft | null,
  regionNames: readonly string[],
): ResidencyTarget {
  const source = regionNames[target.region]!;
  return { id: target.id, source, destinations: route?.reaches ?? [source] };
}

/** Clock of an origin: its region's, or of the region that a custom origin is near to; UTC otherwise. */
function localOffsetMinutes(origins: ClassesInput["origins"], directory: RegionDirectory, origin: string): number {
  const near = directory.has(origin) ? origin : origins[origin]?.near;
  return near === undefined || !directory.has(near) ? 0 : requireRegion(directory, near, "origin").utcOffsetMinutes;
}

/** Until the next Monday's midnight, which is a midnight too. 1 January 1970 was a Thursday. */
function untilMondayMs(startMs: number, offsetMinutes: number): number {
  const localMs = startMs + offsetMinutes * MINUTE_MS + 3 * DAY_MS;
  const sinceMs = ((localMs % WEEK_MS) + WEEK_MS) % WEEK_MS;
  return (WEEK_MS - sinceMs) % WEEK_MS;
}
