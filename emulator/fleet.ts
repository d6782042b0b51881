import { MeridianError } from "../simulator/errors.ts";
import type { Plan } from "../simulator/scenario/plan.ts";
import { type FaultInjector, withFaults } from "./backends/faults.ts";
import { createWorldBackend, type WorldBackendOptions } from "./backends/world-backend.ts";
import { createApplicationProfiles, createControlPlane } from "./control-plane.ts";
import {
  type AuthMode,
  type Credentials,
  credentialsFromToken,
  TEST_ACCOUNT_ID,
  TEST_CREDENTIALS,
  TEST_IDENTITY_ARN,
} from "./http/authentication.ts";
import {
  type Certificate,
  DEFAULT_LISTENER_LIMITS,
  type Listener,
  type ListenerLimits,
  makeCertificate,
  startListener,
} from "./http/listener.ts";
import type { InferenceBackend } from "./model/backend.ts";
import { type CatalogData, catalogOf, createCatalog, DEFAULT_CATALOG, DEFAULT_REGIONS } from "./model/catalog.ts";
import { createClock, type EmulatorClock } from "./model/clock.ts";
import { createInvocationLog, type InvocationLog, type InvocationOutcome } from "./monitoring/invocation-log.ts";
import { createMetrics, type Metrics } from "./monitoring/metrics.ts";
import { createRegionService } from "./region-service.ts";

export interface FleetOptions {
  /** Makes the physics from the fleet's clock. */
  readonly backend: (clock: EmulatorClock) => InferenceBackend;
  /** Source regions, one listener each. */
  readonly regions?: readonly string[];
  /** Ports are taken upward from here in order of the regions; 0 takes free ones. */
  readonly basePort?: number;
  /** Loopback unless `token` is given too. */
  readonly host?: string;
  /** Secret of a fleet that other machines can reach: secret access key, API key and key of the admin pages. */
  readonly token?: string;
  /** `verify` checks SigV4 and API keys against the test credentials (or the token); `off` takes everybody. */
  readonly auth?: "verify" | "off";
  /** True also speaks TLS on the same ports, with a certificate made for the fleet. */
  readonly tls?: boolean;
  readonly catalog?: CatalogData;
  /** Emulator milliseconds per wall millisecond. */
  readonly scale?: number;
  /** Injected round trip between a caller's origin and a region, emulator ms; the backend's own where not given. */
  readonly roundTripMs?: NonNullable<InferenceBackend["roundTripMs"]>;
  readonly limits?: Partial<ListenerLimits & { readonly maxBodyBytes: number }>;
  readonly onOutcome?: (outcome: InvocationOutcome) => void;
  /** Told of faults of the emulator itself. */
  readonly onInternalError?: (error: unknown) => void;
}

export interface FleetEndpoint {
  readonly region: string;
  readonly port: number;
  /** `http://host:port`. */
  readonly url: string;
  /** `https://host:port` on the same port where TLS is on. */
  readonly tlsUrl: string | undefined;
}

/** A running fleet. */
export interface Fleet {
  readonly endpoints: readonly FleetEndpoint[];
  readonly clock: EmulatorClock;
  readonly credentials: Credentials | undefined;
  readonly certificate: Certificate | undefined;
  readonly log: InvocationLog;
  readonly metrics: Metrics;
  readonly faults: FaultInjector;
  /** Environment variables (name, value) that point the usual clients at a region's endpoint. */
  environment(region: string): readonly (readonly [name: string, value: string])[];
  connections(): number;
  /** Stops accepting, lets calls finish for up to `graceMs` (10 s), breaks the rest. */
  close(graceMs?: number): Promise<void>;
}

/** 25 MB, the service's limit for a body. */
const MAX_BODY_BYTES = 25_000_000;
const CLOSE_GRACE_MS = 10_000;
const LOOPBACK_HOSTS: readonly string[] = ["127.0.0.1", "::1", "localhost"];
const MIN_TOKEN_LENGTH = 16;

/**
 * Starts one Bedrock-compatible endpoint per source region in this process.
 *
 * @throws MeridianError EMULATOR_HOST_NEEDS_TOKEN, EMULATOR_PORT_RANGE, EMULATOR_PORT_TAKEN (kind environment or
 *         usage); nothing is left listening
 */
export async function startFleet(options: FleetOptions): Promise<Fleet> {
  const { regions = DEFAULT_REGIONS, host = "127.0.0.1", token, basePort = 0, limits = {} } = options;
  refuseOpenHost(host, token, options.auth);
  refusePorts(basePort, regions.length);
  const credentials = token === undefined ? TEST_CREDENTIALS : credentialsFromToken(token);
  const auth: AuthMode = options.auth === "off" ? { kind: "off" } : { kind: "verify", credentials };
  const certificate = options.tls === true ? await makeCertificate(host) : undefined;
  const clock = createClock(options.scale ?? 1);
  const backend = options.backend(clock);
  const faults = withFaults(backend);
  const roundTripMs = options.roundTripMs ?? backend.roundTripMs?.bind(backend) ?? (() => 0);
  const catalog = createCatalog(options.catalog ?? DEFAULT_CATALOG);
  const applicationProfiles = createApplicationProfiles(catalog, TEST_ACCOUNT_ID);
  const controlPlane = createControlPlane(catalog, applicationProfiles, TEST_ACCOUNT_ID);
  const log = createInvocationLog(options.onOutcome);
  const metrics = createMetrics();
  const listeners: Listener[] = [];
  const connections = (): number => listeners.reduce((sum, listener) => sum + listener.connections(), 0);
  const gauges = () => ({ meridian_connections: connections(), meridian_clock_ms: Math.round(clock.nowMs()) });
  const identity = { accountId: TEST_ACCOUNT_ID, arn: TEST_IDENTITY_ARN };
  const listenerLimits = { ...DEFAULT_LISTENER_LIMITS, ...limits };

  const close = async (graceMs = CLOSE_GRACE_MS): Promise<void> => {
    await Promise.all(listeners.map((listener) => listener.drain(graceMs)));
    clock.stop();
  };
  for (const [index, region] of regions.entries()) {
    const onRequest = createRegionService({
      region,
      accountId: TEST_ACCOUNT_ID,
      auth,
      clock,
      catalog,
      applicationProfiles,
      controlPlane,
      admin: { region, log, metrics, faults, identity, token, gauges },
      bodyLimits: { maxBytes: limits.maxBodyBytes ?? MAX_BODY_BYTES, timeoutMs: listenerLimits.requestTimeoutMs },
      roundTripMs: (origin, requestMetadata) => roundTripMs(origin, region, requestMetadata),
      onInternalError: options.onInternalError ?? (() => {}),
    });
    const port = basePort === 0 ? 0 : basePort + index;
    try {
      listeners.push(await startListener({ host, port, certificate, limits: listenerLimits, onRequest }));
    } catch (error) {
      await close(0);
      throw portError(error, host, port);
    }
  }

  const endpoints = regions.map((region, index) => endpointOf(region, host, listeners[index]!.port, certificate));
  const verified = auth.kind === "verify" ? credentials : undefined;
  return {
    endpoints,
    clock,
    credentials: verified,
    certificate,
    log,
    metrics,
    faults,
    connections,
    close,
    environment(region) {
      const endpoint = endpoints.find((candidate) => candidate.region === region);
      return endpoint === undefined ? [] : environmentOf(endpoint, credentials);
    },
  };
}

/** Names that boto3, AWS CLI, JavaScript SDK and LiteLLM read. API keys only where there is TLS: boto3 insists. */
function environmentOf(endpoint: FleetEndpoint, credentials: Credentials): (readonly [string, string])[] {
  const { url, tlsUrl, region } = endpoint;
  const pairs: [string, string][] = [
    ["AWS_ENDPOINT_URL_BEDROCK_RUNTIME", url],
    ["AWS_ENDPOINT_URL_BEDROCK", url],
    ["AWS_BEDROCK_RUNTIME_ENDPOINT", url],
    ["AWS_REGION", region],
    ["AWS_DEFAULT_REGION", region],
    ["AWS_ACCESS_KEY_ID", credentials.accessKeyId],
    ["AWS_SECRET_ACCESS_KEY", credentials.secretAccessKey],
  ];
  if (tlsUrl === undefined) return pairs;
  const overTls = pairs.map(([name, value]): [string, string] => [name, value === url ? tlsUrl : value]);
  return [...overTls, ["AWS_BEARER_TOKEN_BEDROCK", credentials.bearerToken]];
}

function endpointOf(region: string, host: string, port: number, certificate: Certificate | undefined): FleetEndpoint {
  const reachable = host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host;
  const authority = `${reachable.includes(":") ? `[${reachable}]` : reachable}:${port}`;
  return {
    region,
    port,
    url: `http://${authority}`,
    tlsUrl: certificate === undefined ? undefined : `https://${authority}`,
  };
}

function refuseOpenHost(host: string, token: string | undefined, auth: FleetOptions["auth"]): void {
  if (LOOPBACK_HOSTS.includes(host)) return;
  if (token !== undefined && token.length >= MIN_TOKEN_LENGTH && auth !== "off") return;
  throw new MeridianError("usage", {
    code: "EMULATOR_HOST_NEEDS_TOKEN",
    what: `listening on ${host} lets other machines in`,
    where: "--host",
    fix: `give --token with at least ${MIN_TOKEN_LENGTH} characters and leave --auth on, or listen on 127.0.0.1`,
  });
}

function refusePorts(basePort: number, count: number): void {
  if (basePort === 0 || (Number.isInteger(basePort) && basePort >= 1 && basePort + count - 1 <= 65_535)) return;
  throw new MeridianError("usage", {
    code: "EMULATOR_PORT_RANGE",
    what: `${count} regions need ${count} ports from ${basePort} on, which are not all between 1 and 65535`,
    where: "--base-port",
    fix: "choose a base port such as 7400",
  });
}

function portError(error: unknown, host: string, port: number): MeridianError {
  const code = error instanceof Error && "code" in error ? String(error.code) : "unknown";
  return new MeridianError(
    "environment",
    {
      code: "EMULATOR_PORT_TAKEN",
      what: `cannot listen on ${host}:${port} (${code})`,
      where: "--base-port",
      fix: "stop what holds the port, or choose another --base-port",
    },
    { cause: error },
  );
}

/**
 * What makes a fleet of a resolved scenario: an endpoint in each region that some target calls, the models and profiles
 * that its targets name, and its world behind them.
 */
export function scenarioFleet(
  plan: Plan,
  options: WorldBackendOptions = {},
): Pick<FleetOptions, "regions" | "catalog" | "backend"> {
  const sources = new Set(plan.targets.filter(({ isAsync }) => !isAsync).map(({ region }) => region));
  return {
    regions: plan.regionNames.filter((_, region) => sources.has(region)),
    catalog: catalogOf(plan),
    backend: (clock) => createWorldBackend(clock, plan, options),
  };
}
