/** The emulator's own pages under `/_meridian/`: health, metrics, invocation log, audit, injected faults. */
import type { FaultInjector, FaultRule } from "./backends/faults.ts";
import { sameSecret } from "./http/authentication.ts";
import { isServiceErrorName, ServiceError } from "./http/errors.ts";
import { asInteger, asObject, asText, type JsonObject, optional, parseJsonObject } from "./http/request-body.ts";
import type { JsonReply, WireRequest } from "./http/wire.ts";
import { type InvocationLog, type LogIdentity, toLogRecord } from "./monitoring/invocation-log.ts";
import { type Metrics, metricData, prometheusText } from "./monitoring/metrics.ts";

/** What the pages show and change. */
export interface AdminContext {
  readonly region: string;
  readonly log: InvocationLog;
  readonly metrics: Metrics;
  readonly faults: FaultInjector;
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
 * @throws ServiceError for an unknown page, a missing token or an invalid body
 */
export function handleAdmin(request: AdminRequest, context: AdminContext): JsonReply {
  requireToken(request.headers, context.token);
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
  "POST faults": (request, { faults }) => {
    faults.add(readRule(readJson(request)));
    return json({ rules: faults.rules().map(shownRule) });
  },
  "DELETE faults": (_request, { faults }) => {
    faults.clear();
    return json({ rules: [] });
  },
};

/**
 * Reads a fault rule: `{region?, modelId?, times?, afterTokens?, error, message?}`; `error` is the name of an error of the
 * service, `reset` or `silence`.
 *
 * @throws ServiceError ValidationException or SerializationException
 */
export function readRule(body: JsonObject): FaultRule {
  const error = asText(body.error);
  const message = optional(body.message, asText);
  const times = optional(body.times, asInteger);
  const afterTokens = optional(body.afterTokens, asInteger);
  const region = optional(body.region, asText);
  const modelId = optional(body.modelId, asText);
  if (error !== "reset" && error !== "silence" && !isServiceErrorName(error)) {
    throw new ServiceError("ValidationException", "The error must be the name of a service error, reset or silence.");
  }
  if ((times ?? 1) < 1 || (afterTokens ?? 1) < 1) {
    throw new ServiceError("ValidationException", "times and afterTokens must be 1 or more.");
  }
  return {
    ...(region === undefined ? {} : { region }),
    ...(modelId === undefined ? {} : { modelId }),
    ...(times === undefined ? {} : { times }),
    ...(afterTokens === undefined ? {} : { afterTokens }),
    effect: error === "reset" || error === "silence" ? error : { name: error, message },
  };
}

/** JSON has no Infinity: an unlimited rule has no `times`. */
function shownRule({ effect, times, ...rest }: FaultRule): object {
  const named = typeof effect === "string" ? { error: effect } : { error: effect.name, message: effect.message };
  return { ...rest, ...named, ...(Number.isFinite(times) ? { times } : {}) };
}

function requireToken(headers: WireRequest["headers"], token: string | undefined): void {
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
