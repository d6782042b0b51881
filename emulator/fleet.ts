/** A fleet: one Bedrock-compatible endpoint for each source region, in one process, over one backend. */
import { MeridianError } from "../simulator/base/errors.ts";
import type { Plan } from "../simulator/scenario/plan.ts";
import { knownNamesOf } from "./admin.ts";
import { type FaultInjector, withFaults } from "./backends/faults.ts";
import { createFixedLatencyBackend, type FixedLatencyOptions } from "./backends/queue.ts";
import { type RegionPolicy, withRegionPolicy } from "./backends/region-policy.ts";
import { createWorldBackend, type WorldBackendOptions } from "./backends/world-backend.ts";
import { createApplicationProfiles, createControlPlane } from "./control-plane.ts";
import { endpointOf, environmentOf, type FleetEndpoint, refuseOpenHost } from "./endpoint.ts";
import {
  type AuthMode,
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
import { BodyBudget } from "./http/request-body.ts";
import type { Credentials } from "./http/signature.ts";
import type { InferenceBackend } from "./model/backend.ts";
import {
  type Catalog,
  type CatalogData,
  catalogOf,
  createCatalog,
  DEFAULT_CATALOG,
  DEFAULT_REGIONS,
} from "./model/catalog.ts";
import { createClock, type EmulatorClock } from "./model/clock.ts";
import { notEnforced } from "./model/facts.ts";
import { createInvocationLog, type InvocationLog, type InvocationOutcome } from "./monitoring/invocation-log.ts";
import { createMetrics, type Metrics } from "./monitoring/metrics.ts";
import { createRegionService, type RegionContext } from "./region-service.ts";

/** Options of {@link startFleet}; all are optional. */
export interface FleetOptions {
  /** Source regions, one listener each. By default those that `scenario` calls, else five regions around the world. */
  readonly regions?: readonly string[];
  /** A resolved scenario: its regions, models and profiles, with its quotas, capacity and faults behind them. */
  readonly scenario?: Plan;
  /** Latency of every answer, emulator ms, of a fleet without `scenario`; 200 to the first token, then 10 per token. */
  readonly latency?: Partial<FixedLatencyOptions>;
  /** Creates the physics from the fleet's clock, in place of `scenario`'s and `latency`. */
  readonly backend?: (clock: EmulatorClock) => InferenceBackend;
  /** Models and profiles on offer; by default those of `scenario`, else `DEFAULT_CATALOG`. */
  readonly catalog?: CatalogData;
  /** First port; each region takes the next. 0, the default, takes free ports. */
  readonly basePort?: number;
  /** Address to listen on; `127.0.0.1` by default. Addresses beyond loopback require `token`. */
  readonly host?: string;
  /** Further names in the Host header by which callers reach a loopback fleet, such as `host.docker.internal`. */
  readonly allowedHosts?: readonly string[];
  /** Secret of a fleet that listens beyond loopback: secret access key, API key and key of the admin pages. */
  readonly token?: string;
  /** `verify` (default) checks SigV4 and API keys against `Fleet.credentials`; `off` accepts any credentials. */
  readonly auth?: "verify" | "off";
  /** True also serves TLS on the same ports, with a certificate made for the fleet. */
  readonly tls?: boolean;
  /** Emulator milliseconds per wall-clock millisecond; 1 by default. */
  readonly scale?: number;
  /** Added round trip between a caller's origin and a region, emulator ms; by default the backend's own. */
  readonly roundTripMs?: NonNullable<InferenceBackend["roundTripMs"]>;
  /** Limits of connections, headers, bodies and idle time that differ from the defaults. */
  readonly limits?: Partial<ListenerLimits & { readonly maxBodyBytes: number }>;
  /** Regions in which an organisation's policy denies running models; none by default. */
  readonly deniedRegions?: readonly string[];
  /** Called with the outcome of every inference request. */
  readonly onOutcome?: (outcome: InvocationOutcome) => void;
  /** Called with faults of the emulator itself. */
  readonly onInternalError?: (error: unknown) => void;
}

/** A running fleet. */
export interface Fleet {
  readonly endpoints: readonly FleetEndpoint[];
  readonly clock: EmulatorClock;
  /** What callers must sign with; undefined with `auth: "off"`. */
  readonly credentials: Credentials | undefined;
  readonly certificate: Certificate | undefined;
  readonly log: InvocationLog;
  readonly metrics: Metrics;
  readonly faults: FaultInjector;
  readonly policy: Pick<RegionPolicy, "deny" | "denied" | "reading">;
  /** What is not enforced because it is not known of a model, one line per model. */
  readonly notes: readonly string[];
  /**
   * URL of a region's endpoint for a client's `endpoint` option: HTTPS if TLS is on, else HTTP.
   *
   * @throws MeridianError EMULATOR_REGION_UNKNOWN if the fleet does not listen in the region
   */
  endpoint(region: string): string;
  /** Environment variables (name, value) that direct the usual clients to a region's endpoint; none if unknown. */
  environment(region: string): readonly (readonly [name: string, value: string])[];
  /** Open connections of all endpoints. */
  connections(): number;
  /** Stops accepting, lets running calls finish for up to `graceMs` (10 s by default), disconnects the rest. */
  close(graceMs?: number): Promise<void>;
}

/** 25 MB, the service's limit of a body. */
const MAX_BODY_BYTES = 25_000_000;
/** Memory of all bodies that are being read. */
const MAX_BODIES_BYTES = 512_000_000;
const CLOSE_GRACE_MS = 10_000;

/**
 * Starts Bedrock-compatible endpoints in this process, one for each source region.
 *
 * @param options regions, physics and addresses
 * @returns the running fleet; close it when done
 * @throws MeridianError EMULATOR_HOST_NEEDS_TOKEN, EMULATOR_HOST_UNKNOWN, EMULATOR_PORT_RANGE (kind usage),
 *         EMULATOR_PORT_TAKEN (kind environment); nothing is left listening
 * @example
 * const fleet = await startFleet({ regions: ["us-east-1"], latency: { firstTokenMs: 50, perTokenMs: 5 } });
 * const client = new BedrockRuntimeClient({
 *   region: "us-east-1",
 *   endpoint: fleet.endpoint("us-east-1"),
 *   credentials: fleet.credentials!,
 * });
 * // ... calls of the code under test ...
 * await fleet.close();
 */
export async function startFleet(options: FleetOptions = {}): Promise<Fleet> {
  const { scenario, host = "127.0.0.1", basePort = 0 } = options;
  const offer = scenario === undefined ? plainFleet(options.latency) : scenarioFleet(scenario);
  const regions = options.regions ?? offer.regions;
  refuseOpenHost(host, options.token, options.auth);
  refusePorts(basePort, regions.length);
  const certificate = options.tls === true ? await makeCertificate(host) : undefined;
  const clock = createClock(options.scale ?? 1);
  const backend = (options.backend ?? offer.backend)(clock);
  const catalog = createCatalog(options.catalog ?? offer.catalog);
  const listeners: Listener[] = [];
  const connections = (): number => listeners.reduce((sum, listener) => sum + listener.connections(), 0);
  const shared = sharedServices(options, { clock, backend, catalog, connections, regions });
  const limits = { ...DEFAULT_LISTENER_LIMITS, ...options.limits };

  const close = async (graceMs = CLOSE_GRACE_MS): Promise<void> => {
    await Promise.all(listeners.map((listener) => listener.drain(graceMs)));
    clock.stop();
  };
  for (const [index, region] of regions.entries()) {
    const onRequest = createRegionService(shared.contextOf(region));
    const port = basePort === 0 ? 0 : basePort + index;
    try {
      listeners.push(await startListener({ host, port, certificate, limits, onRequest }));
    } catch (error) {
      await close(0);
      throw portError(error, host, port);
    }
  }

  const endpoints = regions.map((region, index) => endpointOf(region, host, listeners[index]!.port, certificate));
  const { credentials, log, metrics, faults, policy } = shared;
  return {
    endpoints,
    clock,
    credentials: options.auth === "off" ? undefined : credentials,
    certificate,
    log,
    metrics,
    faults,
    policy,
    notes: notEnforced(catalog.data.models),
    connections,
    close,
    endpoint(region) {
      const endpoint = endpoints.find((candidate) => candidate.region === region);
      if (endpoint === undefined) throw unknownRegion(region, regions);
      return endpoint.tlsUrl ?? endpoint.url;
    },
    environment(region) {
      const endpoint = endpoints.find((candidate) => candidate.region === region);
      return endpoint === undefined ? [] : environmentOf(endpoint, credentials);
    },
  };
}

/** What a fleet offers, and the physics behind it. */
type Offer = Required<Pick<FleetOptions, "regions" | "catalog" | "backend">>;

/**
 * What a scenario makes of a fleet: an endpoint in each region that one of its targets calls, the models and profiles
 * that they name, and its world behind them.
 *
 * @param plan    a resolved scenario
 * @param options where in the scenario to start, the callers' origin, the keys of the random draws
 * @returns regions, catalog and backend, as `startFleet` takes them
 */
export function scenarioFleet(plan: Plan, options: WorldBackendOptions = {}): Offer {
  const sources = new Set(plan.targets.filter(({ isAsync }) => !isAsync).map(({ region }) => region));
  return {
    regions: plan.regionNames.filter((_, region) => sources.has(region)),
    catalog: catalogOf(plan),
    backend: (clock) => createWorldBackend(clock, plan, options),
  };
}

function plainFleet(latency: Partial<FixedLatencyOptions> = {}): Offer {
  return {
    regions: DEFAULT_REGIONS,
    catalog: DEFAULT_CATALOG,
    backend: (clock) => createFixedLatencyBackend(clock, latency),
  };
}

interface FleetParts {
  readonly clock: EmulatorClock;
  readonly backend: InferenceBackend;
  readonly catalog: Catalog;
  readonly connections: () => number;
  readonly regions: readonly string[];
}

/** Everything that the endpoints of a fleet have in common. */
function sharedServices(options: FleetOptions, { clock, backend, catalog, connections, regions }: FleetParts) {
  const { token } = options;
  const credentials = token === undefined ? TEST_CREDENTIALS : credentialsFromToken(token);
  const auth: AuthMode = options.auth === "off" ? { kind: "off" } : { kind: "verify", credentials };
  const applicationProfiles = createApplicationProfiles(catalog, TEST_ACCOUNT_ID);
  const controlPlane = createControlPlane(catalog, applicationProfiles, TEST_ACCOUNT_ID);
  const roundTripMs = options.roundTripMs ?? backend.roundTripMs?.bind(backend) ?? (() => 0);
  const log = createInvocationLog(options.onOutcome);
  const metrics = createMetrics();
  const policy = withRegionPolicy(backend, TEST_IDENTITY_ARN);
  policy.deny(options.deniedRegions ?? []);
  const faults = withFaults(policy, clock);
  const gauges = () => ({ meridian_connections: connections(), meridian_clock_ms: Math.round(clock.nowMs()) });
  const identity = { accountId: TEST_ACCOUNT_ID, arn: TEST_IDENTITY_ARN };
  const bodyLimits = {
    maxBytes: options.limits?.maxBodyBytes ?? MAX_BODY_BYTES,
    timeoutMs: options.limits?.requestTimeoutMs ?? DEFAULT_LISTENER_LIMITS.requestTimeoutMs,
    budget: new BodyBudget(MAX_BODIES_BYTES),
  };
  const contextOf = (region: string): RegionContext => ({
    region,
    accountId: TEST_ACCOUNT_ID,
    auth,
    clock,
    catalog,
    applicationProfiles,
    controlPlane,
    admin: {
      region,
      log,
      metrics,
      faults,
      policy,
      names: knownNamesOf(catalog.data, regions),
      identity,
      token,
      gauges,
    },
    bodyLimits,
    // Beyond loopback, where the fleet has any name, the token keeps strangers out.
    hosts: token === undefined ? [options.host ?? "127.0.0.1", ...(options.allowedHosts ?? [])] : undefined,
    roundTripMs: (origin, requestMetadata) => roundTripMs(origin, region, requestMetadata),
    onInternalError: options.onInternalError ?? (() => {}),
  });
  return { contextOf, credentials, log, metrics, faults, policy };
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

/** What the system says of an address to listen on that is not its own, or a name that leads nowhere. */
const NO_ADDRESS: readonly string[] = ["EADDRNOTAVAIL", "ENOTFOUND", "EAI_AGAIN", "EINVAL"];

function portError(error: unknown, host: string, port: number): MeridianError {
  const code = error instanceof Error && "code" in error ? String(error.code) : "unknown";
  if (NO_ADDRESS.includes(code)) {
    return new MeridianError(
      "usage",
      {
        code: "EMULATOR_HOST_UNKNOWN",
        what: `this machine has no address ${host} (${code})`,
        where: "--host",
        fix: "name an address of this machine: 127.0.0.1, or 0.0.0.0 for all of them",
      },
      { cause: error },
    );
  }
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

function unknownRegion(region: string, regions: readonly string[]): MeridianError {
  return new MeridianError("usage", {
    code: "EMULATOR_REGION_UNKNOWN",
    what: `the fleet does not listen in "${region}"`,
    where: "endpoint",
    fix: `name one of ${regions.join(", ")}, or add it to the regions of the fleet`,
  });
}
