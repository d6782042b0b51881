/** The request handler of one region's endpoint: body, route, authentication, then the operation. */
import { randomUUID } from "node:crypto";
import { type AdminContext, handleAdmin, requireToken } from "./admin.ts";
import type { ApplicationProfiles, ControlPlane } from "./control-plane.ts";
import { refuseForeignHost } from "./endpoint.ts";
import { type AuthMode, authenticate, authenticateHeaders } from "./http/authentication.ts";
import { ServiceError, type ServiceFault } from "./http/errors.ts";
import { type BodyLimits, RequestAborted, readBody } from "./http/request-body.ts";
import { type InferenceOperation, parseRoute, type Route } from "./http/router.ts";
import { faultReply, sendJson, type WireRequest, type WireResponse } from "./http/wire.ts";
import { countTokens, type ParsedCall, parseCall } from "./inference/call.ts";
import { serveInference } from "./inference/serve.ts";
import type { InferenceCall } from "./model/backend.ts";
import type { Catalog, ResolvedModel } from "./model/catalog.ts";
import type { EmulatorClock } from "./model/clock.ts";
import {
  countMessages,
  errorStyleOf,
  listModels,
  parseVendorCall,
  resolveVendorCall,
  type VendorContext,
} from "./vendor-apis/index.ts";
import { errorReply } from "./vendor-apis/vendor-api.ts";

/** What an endpoint shares with its fleet. */
export interface RegionContext {
  readonly region: string;
  readonly accountId: string;
  readonly auth: AuthMode;
  readonly clock: EmulatorClock;
  readonly catalog: Catalog;
  readonly applicationProfiles: ApplicationProfiles;
  readonly controlPlane: ControlPlane;
  readonly admin: AdminContext;
  readonly bodyLimits: BodyLimits;
  /** Names by which callers may reach the endpoint; undefined: any. */
  readonly hosts: readonly string[] | undefined;
  /** Round trip between a caller in `origin` (undefined: the fleet's default) and this endpoint, emulator ms. */
  readonly roundTripMs: (origin: string | undefined, requestMetadata: InferenceCall["requestMetadata"]) => number;
  /** Notified of the emulator's own faults, which the caller sees as InternalServerException. */
  readonly onInternalError: (error: unknown) => void;
}

/** Header that names the caller's origin, which decides the added round trip. */
export const ORIGIN_HEADER = "x-meridian-origin";

/** @returns the request handler of one region's endpoint; it never throws: every failure becomes an answer */
export function createRegionService(context: RegionContext): (request: WireRequest, response: WireResponse) => void {
  return (request, response) => {
    const requestId = randomUUID();
    response.on("error", () => response.destroy());
    answer(context, request, response, requestId).catch((error: unknown) => {
      if (error instanceof RequestAborted) return;
      const style = errorStyleOf(request.url ?? "");
      const refuse = (fault: ServiceFault): void => {
        const reply = style === undefined ? faultReply(fault) : errorReply(fault, style, requestId);
        sendJson(response, requestId, { ...reply, headers: { ...reply.headers, ...closingHeaders(fault, request) } });
      };
      // Nesting too deep for the stack is the caller's error; anything else that is not a ServiceError is a fault of ours.
      if (error instanceof ServiceError) refuse(error);
      else if (error instanceof RangeError) refuse(TOO_DEEP);
      else {
        context.onInternalError(error);
        refuse({ name: "InternalServerException" });
      }
    });
  };
}

const TOO_DEEP: ServiceFault = { name: "ValidationException", message: "The request is nested too deeply." };

async function answer(
  context: RegionContext,
  request: WireRequest,
  response: WireResponse,
  requestId: string,
): Promise<void> {
  const { method = "", url = "", headers } = request;
  refuseForeignHost(headers, context.hosts);
  const route = parseRoute(method, url);
  const scope = { region: context.region, nowMs: Date.now() };
  if (route.kind === "admin") requireToken(headers, context.admin.token);
  else authenticateHeaders(headers, context.auth, scope);
  await readBody(request, context.bodyLimits, (body) => {
    const arrivedMs = context.clock.nowMs();
    if (route.kind === "admin") {
      sendJson(response, requestId, handleAdmin({ ...route, headers, body }, context.admin));
      return;
    }
    const mark = url.indexOf("?");
    const path = mark < 0 ? url : url.slice(0, mark);
    const query = mark < 0 ? "" : url.slice(mark + 1);
    authenticate({ method, path, query, headers, body }, context.auth, scope);
    const exchange = { request, response, requestId, body, arrivedMs };
    if (route.kind === "inference") {
      infer(context, route, exchange);
      return;
    }
    if (route.kind === "vendor") {
      inferVendor(context, exchange, route.path);
      return;
    }
    const reply = replyOf(context, route, exchange);
    sendJson(response, requestId, { status: reply.status, body: JSON.stringify(reply.body) });
  });
}

type PlainRoute = Route & { kind: "control" | "countTokens" | "countMessages" | "models" };

/** Answers of operations that run no model. */
function replyOf(context: RegionContext, route: PlainRoute, exchange: Exchange): { status: number; body: object } {
  switch (route.kind) {
    case "control":
      return context.controlPlane.handle({ ...route, body: exchange.body }, context.region);
    case "countTokens":
      return { status: 200, body: countTokens(context.catalog, route.modelId, exchange.body) };
    case "countMessages":
      return { status: 200, body: countMessages(vendorContext(context, route.path, exchange)) };
    case "models":
      return { status: 200, body: listModels(context.catalog, route.path) };
  }
}

interface Exchange {
  readonly request: WireRequest;
  readonly response: WireResponse;
  readonly requestId: string;
  readonly body: Buffer;
  readonly arrivedMs: number;
}

function infer(context: RegionContext, route: Route & { kind: "inference" }, exchange: Exchange): void {
  const { catalog, region, applicationProfiles, accountId } = context;
  const { request, requestId, body } = exchange;
  const resolved = catalog.resolve(route.modelId, region, applicationProfiles.lookup);
  const { operation } = route;
  reportingRefusals(context, requestId, operation, resolved.shownId, () => {
    const { headers } = request;
    const parsed = parseCall({ requestId, region, accountId, operation, resolved, headers, body });
    serve(context, exchange, parsed, resolved);
  });
}

function inferVendor(context: RegionContext, exchange: Exchange, path: string): void {
  const vendor = vendorContext(context, path, exchange);
  const call = resolveVendorCall(vendor);
  const { operation, resolved } = call;
  reportingRefusals(context, exchange.requestId, operation, resolved.shownId, () => {
    serve(context, exchange, parseVendorCall(vendor, call), resolved);
  });
}

function vendorContext(context: RegionContext, path: string, { request, requestId, body }: Exchange): VendorContext {
  const { catalog, region, accountId, applicationProfiles } = context;
  return {
    path,
    requestId,
    region,
    accountId,
    body,
    headers: request.headers,
    catalog,
    lookup: applicationProfiles.lookup,
  };
}

function serve(context: RegionContext, exchange: Exchange, parsed: ParsedCall, resolved: ResolvedModel): void {
  const { clock, admin } = context;
  const origin = exchange.request.headers[ORIGIN_HEADER];
  const { requestMetadata } = parsed.call;
  serveInference({
    clock,
    backend: admin.faults,
    response: exchange.response,
    parsed,
    shownId: resolved.shownId,
    burndown: resolved.model.burndown,
    arrivedMs: exchange.arrivedMs,
    oneWayMs: context.roundTripMs(typeof origin === "string" ? origin : undefined, requestMetadata) / 2,
    report: (outcome) => {
      admin.log.add(outcome);
      admin.metrics.add(outcome);
    },
  });
}

/** Runs an action; a refusal of it counts in log and metrics, and is thrown on. */
function reportingRefusals(
  context: RegionContext,
  requestId: string,
  operation: InferenceOperation,
  modelId: string,
  action: () => void,
): void {
  try {
    action();
  } catch (error) {
    if (error instanceof ServiceError) reportRefused(context, requestId, operation, modelId, error);
    throw error;
  }
}

function reportRefused(
  context: RegionContext,
  requestId: string,
  operation: InferenceOperation,
  modelId: string,
  error: ServiceError,
): void {
  const outcome = {
    requestId,
    timestampMs: Date.now(),
    region: context.region,
    inferenceRegion: undefined,
    operation,
    modelId,
    inputTokens: 0,
    cacheReadTokens: 0,
    cacheWriteTokens: 0,
    outputTokens: 0,
    wholeOutputTokens: 0,
    estimatedQuotaTokens: 0,
    latencyMs: undefined,
    firstTokenMs: undefined,
    requestMetadata: {},
    error: error.name,
  };
  context.admin.log.add(outcome);
  context.admin.metrics.add(outcome);
}

/** Errors after which part of the body may be on its way. */
const UNREAD: readonly string[] = [
  "RequestEntityTooLargeException",
  "ModelTimeoutException",
  "ServiceUnavailableException",
];

/** An HTTP/1.1 connection cannot be reused after a body that was not read to its end. */
function closingHeaders(error: ServiceFault, request: WireRequest): Record<string, string> {
  const unread = UNREAD.includes(error.name) || request.heldBody?.isAsked === false;
  const http1 = request.headers[":path"] === undefined;
  return unread && http1 ? { connection: "close" } : {};
}
