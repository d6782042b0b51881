/** The emulator's own pages under `/_meridian/`: health, metrics, invocation log, audit, injected faults. */
import { didYouMean, suggestOneOf } from "../simulator/base/near-names.ts";
import { parseDurationMs, parseShare } from "../simulator/base/quantities.ts";
import { regionDirectory } from "../simulator/base/regions.ts";
import { FAULT_EFFECTS, type FaultEffect, type FaultInjector, type FaultRule } from "./backends/faults.ts";
import { POLICY_READINGS, type PolicyReading, type RegionPolicy } from "./backends/region-policy.ts";
import { isServiceErrorName, SERVICE_ERROR_NAMES, ServiceError } from "./http/errors.ts";
import {
  asInteger,
  asList,
  asNumber,
  asObject,
  asText,
  type JsonObject,
  optional,
  parseJsonObject,
} from "./http/request-body.ts";
import { sameSecret } from "./http/signature.ts";
import type { JsonReply, WireRequest } from "./http/wire.ts";
import type { CatalogData } from "./model/catalog.ts";
import { type InvocationLog, type LogIdentity, toLogRecord } from "./monitoring/invocation-log.ts";
import { metricData, metricStatistics } from "./monitoring/metric-queries.ts";
import { type Metrics, prometheusText } from "./monitoring/metrics.ts";

/** What the pages show and change. */
export interface AdminContext {
  readonly region: string;
  readonly log: InvocationLog;
  readonly metrics: Metrics;
  readonly faults: FaultInjector;
  readonly policy: Pick<RegionPolicy, "deny" | "denied" | "reading">;
  /** Names that faults and policies may use. */
  readonly names: KnownNames;
  readonly identity: LogIdentity;
  /** Required as a bearer token if set. */
  readonly token: string | undefined;
  readonly gauges: () => Readonly<Record<string, number>>;
}

/** A request of one of the pages. */
export interface AdminRequest {
  /** Method and path below the prefix, such as `GET metrics`. */
  readonly name: string;
  readonly query: URLSearchParams;
  readonly headers: WireRequest["headers"];
  readonly body: Buffer;
}

/**
 * Answers a request of the emulator's own pages.
 *
 * @throws ServiceError for an unknown page or an invalid body; the caller has checked the token
 */
export function handleAdmin(request: AdminRequest, context: AdminContext): JsonReply {
  const page = Object.hasOwn(PAGES, request.name) ? PAGES[request.name] : undefined;
  if (page === undefined) throw new ServiceError("UnknownOperationException");
  return page(request, context);
}

type Page = (request: AdminRequest, context: AdminContext) => JsonReply;

const PAGES: Readonly<Record<string, Page>> = {
  "GET health": (_request, { region, gauges }) => json({ status: "ok", region, ...gauges() }),
  "GET metrics": (_request, { metrics, gauges }) => ({
    status: 200,
    body: prometheusText(metrics.series(), gauges()),
    headers: { "content-type": "text/plain; version=0.0.4" },
  }),
  "POST metric-data": (request, { metrics, region }) => json(metricData(readJson(request), region, metrics.series())),
  "POST metric-statistics": (request, { metrics, region }) =>
    json(metricStatistics(readJson(request), region, metrics.series())),
  "GET invocations": ({ query }, { log, identity }) => ({
    status: 200,
    body: log.recent
      .last(limitOf(query))
      .map((outcome) => `${JSON.stringify(toLogRecord(outcome, identity))}\n`)
      .join(""),
    headers: { "content-type": "application/x-ndjson" },
  }),
  "GET audit": (_request, { log }) => json({ requests: log.recent.total, rows: log.audit() }),
  "GET faults": (_request, { faults }) => json({ rules: faults.rules().map(shownRule) }),
  "POST faults": (request, { faults, names }) => {
    const rule = readRule(readJson(request));
    refuseUnknownName("region with an endpoint here,", rule.region, names.endpoints);
    refuseUnknownName("model or profile", rule.modelId, names.models);
    faults.add(rule);
    return json({ rules: faults.rules().map(shownRule) });
  },
  "DELETE faults": (_request, { faults }) => {
    faults.clear();
    return json({ rules: [] });
  },
  "GET policy": (_request, { policy }) => shownPolicy(policy),
  "POST policy": (request, { policy, names }) => {
    const { denyRegions, askedOf, ...rest } = readJson(request);
    const other = Object.keys(rest)[0];
    if (other !== undefined) {
      throw invalidRule(
        `a policy has no member ${other.slice(0, 40)}; it has denyRegions, a list of regions, and askedOf.`,
      );
    }
    const regions = asList(denyRegions).map(asText);
    for (const region of regions) refuseUnknownName("region", region, names.regions);
    const reading = optional(askedOf, asText);
    refuseUnknownName("way to ask a policy,", reading, POLICY_READINGS);
    policy.deny(regions, reading as PolicyReading | undefined);
    return shownPolicy(policy);
  },
  "DELETE policy": (_request, { policy }) => {
    policy.deny([]);
    return shownPolicy(policy);
  },
};

function shownPolicy(policy: AdminContext["policy"]): JsonReply {
  return json({ denyRegions: policy.denied(), askedOf: policy.reading() });
}

/** Members of a fault rule. */
const RULE_MEMBERS: readonly string[] = [
  ...["kind", "error", "message", "region", "model", "modelId", "class"],
  ...["times", "share", "at", "for", "afterTokens", "lasts", "gap"],
];

/**
 * Reads a fault rule, with the fields that a scenario gives a fault of `kind: stream`: `{error, message?, region?, model?, class?, times?, share?, at?, for?, afterTokens?, lasts?, gap?}`;
 * `error` is the name of an error of the service, `reset`, `silence`, `empty` or `drip`; times are texts such as `250ms`.
 *
 * @throws ServiceError ValidationException or SerializationException
 */
export function readRule(body: JsonObject): FaultRule {
  const unknown = Object.keys(body).find((name) => !RULE_MEMBERS.includes(name));
  if (unknown !== undefined) {
    throw invalidRule(`a fault has no member ${unknown.slice(0, 40)}; it has ${RULE_MEMBERS.join(", ")}.`);
  }
  const effect = effectOf(asText(body.error), optional(body.message, asText));
  const share = optional(body.share, (value) => (typeof value === "string" ? parseShare(value) : asNumber(value)));
  if (body.kind !== undefined && body.kind !== "stream") throw invalidRule('the only kind of fault here is "stream".');
  const [times, afterTokens] = [countOf(body, "times", 1), countOf(body, "afterTokens", 0)];
  if (share !== undefined && !(share > 0 && share <= 1)) throw invalidRule("share must be above 0 and at most 1.");
  const rule = {
    region: optional(body.region, asText),
    modelId: optional(body.modelId ?? body.model, asText),
    class: optional(body.class, asText),
    times,
    share,
    atMs: durationOf(body, "at"),
    forMs: durationOf(body, "for"),
    afterTokens,
    lastsMs: durationOf(body, "lasts"),
    gapMs: durationOf(body, "gap"),
  };
  if (rule.lastsMs !== undefined && effect !== "silence") throw invalidRule("lasts is for silence only.");
  if ((rule.gapMs === undefined) === (effect === "drip")) throw invalidRule("gap is for drip, which needs it.");
  if (effect === "empty" && (afterTokens ?? 0) > 0) throw invalidRule("an empty answer has no afterTokens.");
  const given = Object.entries(rule).filter(([, value]) => value !== undefined);
  return { ...(Object.fromEntries(given) as Omit<FaultRule, "effect">), effect };
}

function effectOf(error: string, message: string | undefined): FaultEffect {
  if (isServiceErrorName(error)) return { name: error, message };
  if (FAULT_EFFECTS.includes(error)) return error as FaultEffect;
  const near = didYouMean(error, [...FAULT_EFFECTS, ...SERVICE_ERROR_NAMES]);
  throw invalidRule(
    `error must be the name of a service error, or one of ${FAULT_EFFECTS.join(", ")}, not ${error.slice(0, 60)}${near}.`,
  );
}

function countOf(body: JsonObject, name: string, least: number): number | undefined {
  const value = optional(body[name], asInteger);
  if ((value ?? least) < least) throw invalidRule(`${name} must be ${least} or more.`);
  return value;
}

function durationOf(body: JsonObject, name: string): number | undefined {
  const text = optional(body[name], asText);
  const ms = text === undefined ? undefined : parseDurationMs(text);
  if (text !== undefined && (ms === undefined || (ms === 0 && name !== "at"))) {
    throw invalidRule(`${name} must be a length of time such as 250ms, 5s or 2m.`);
  }
  return ms;
}

function invalidRule(message: string): ServiceError {
  return new ServiceError("ValidationException", message);
}

/** As it was given, with what is left of `times`. JSON has no Infinity: an unlimited rule has no `times`. */
function shownRule({ effect, times, atMs, forMs, lastsMs, gapMs, ...rest }: FaultRule): object {
  const named = typeof effect === "string" ? { error: effect } : { error: effect.name, message: effect.message };
  const durations = { at: shownMs(atMs), for: shownMs(forMs), lasts: shownMs(lastsMs), gap: shownMs(gapMs) };
  return { ...rest, ...named, ...durations, ...(Number.isFinite(times) ? { times } : {}) };
}

function shownMs(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : `${ms}ms`;
}

/** @throws ServiceError AccessDeniedException without the fleet's token, if it has one */
export function requireToken(headers: WireRequest["headers"], token: string | undefined): void {
  if (token === undefined) return;
  const given = /^Bearer\s+(\S+)\s*$/i.exec(headers.authorization ?? "")?.[1] ?? "";
  if (!sameSecret(given, token)) throw new ServiceError("AccessDeniedException", "This page needs the fleet's token.");
}

/** Requires the JSON content type, which a web page cannot send to another origin without a preflight request. */
function readJson({ headers, body }: AdminRequest): JsonObject {
  if (!(headers["content-type"] ?? "").startsWith("application/json")) {
    throw new ServiceError("ValidationException", "The content type must be application/json.");
  }
  return asObject(
    parseJsonObject(body, () => new ServiceError("SerializationException", "The body is not a JSON object.")),
  );
}

function limitOf(query: URLSearchParams): number {
  const limit = Number(query.get("limit") ?? 1000);
  return Number.isFinite(limit) ? limit : 1000;
}

function json(body: object): JsonReply {
  return { status: 200, body: JSON.stringify(body) };
}

export interface KnownNames {
  /** Regions in which the fleet listens. */
  readonly endpoints: readonly string[];
  /** Those of AWS, and others that calls may run in. */
  readonly regions: readonly string[];
  /** Ids of models and profiles. */
  readonly models: readonly string[];
}

/**
 * @param data      what the fleet offers
 * @param endpoints regions in which it listens
 * @example knownNamesOf({ models: [], profiles: [] }, ["us-east-1"]).endpoints // => ["us-east-1"]
 */
export function knownNamesOf({ models, profiles }: CatalogData, endpoints: readonly string[]): KnownNames {
  const reached = profiles.flatMap(({ destinationsBySource }) => Object.values(destinationsBySource).flat());
  return {
    endpoints,
    regions: [...new Set([...endpoints, ...reached, ...regionDirectory([]).keys()])],
    models: [...models.map(({ modelId }) => modelId), ...profiles.map(({ profileId }) => profileId)],
  };
}

/**
 * Refuses a name that is not known; undefined is no name.
 *
 * @throws ServiceError ValidationException, with the nearest name and all that are known
 */
export function refuseUnknownName(what: string, name: string | undefined, known: readonly string[]): void {
  if (name === undefined || known.includes(name)) return;
  throw new ServiceError(
    "ValidationException",
    `there is no ${what} ${name.slice(0, 60)}; ${suggestOneOf(name, known)}.`,
  );
}
