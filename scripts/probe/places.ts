/** Where a probe calls each region, and with which identity. */
import { MeridianError, type Problem } from "../../simulator/base/errors.ts";
import type { EndpointWay } from "../../simulator/bench/make-plan.ts";
import { guardEndpoint, loadEndpoints, type Resolve } from "../bench/endpoints-file.ts";
import { findIdentity, type Identity, identityOf } from "./identity.ts";

/** Where a region is called, and with which identity. */
export interface Place {
  readonly region: string;
  /** Scheme, host and port, and the path that calls stand below, where there is one. */
  readonly url: string;
  readonly host: string;
  /** Hosts beyond loopback that a connection may lead to. */
  readonly allowedHosts: readonly string[];
  /** On this machine: calls are free, and the length of answers may be requested. */
  readonly isLoopback: boolean;
  readonly identity: Identity;
  /** What models are called there, where it is not their own id. */
  readonly names: EndpointWay["models"];
}

export interface PlaceOptions {
  readonly regions: readonly string[];
  /** Endpoints file, as `meridian bench --target` reads it, with the credentials that it asks for. */
  readonly endpoints: string | undefined;
  /** `--endpoint-url`, for all regions; undefined leaves it to the SDK. */
  readonly endpointUrl: string | undefined;
  readonly profile: string | undefined;
  readonly allowedHosts: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly resolve?: Resolve | undefined;
}

const IDENTITY_LIMIT_MS = 20_000;

/**
 * The endpoint of each region: of the endpoints file, `--endpoint-url`, else as the AWS SDK finds it from environment,
 * profile and partition; with the file's credentials, else those that the SDK finds.
 *
 * @throws MeridianError usage for a URL that is none or leads where nothing is called; environment without credentials
 */
export async function placesOf(options: PlaceOptions): Promise<readonly Place[]> {
  const places = options.endpoints === undefined ? await sdkPlaces(options) : await filePlaces(options);
  const open = places.find(
    ({ url, isLoopback, identity }) => identity.isApiKey && !isLoopback && !url.startsWith("https:"),
  );
  if (open !== undefined) throw new MeridianError("usage", keyInTheClear(open.url));
  return places;
}

async function sdkPlaces(options: PlaceOptions): Promise<readonly Place[]> {
  const { regions, endpointUrl, profile, allowedHosts, env, resolve } = options;
  const find = () => findIdentity({ env, profile, instanceMetadata: true, limitMs: IDENTITY_LIMIT_MS });
  if (endpointUrl !== undefined) {
    const guarded = await guard(endpointUrl, "--endpoint-url", options);
    const identity = await find().catch((error: unknown) => {
      // An emulator may want none; if it does, its refusal says whose it wants.
      if (guarded.isLoopback && error instanceof MeridianError && error.kind === "environment") return identityOf({});
      throw error;
    });
    return regions.map((region) => ({ ...guarded, region, url: guarded.origin, identity, names: {} }));
  }
  // With it comes the SDK, which other verbs do not need.
  const { bedrockEndpoints } = await import("../bench/bedrock/endpoints.ts");
  const endpoints = await bedrockEndpoints({ regions, profile, allowedHosts, resolve });
  const identity = await find();
  return endpoints.map(({ region, url, host, isLoopback }) => {
    return { region, url, host, isLoopback, allowedHosts: [...allowedHosts, host], identity, names: {} };
  });
}

async function filePlaces(options: PlaceOptions): Promise<readonly Place[]> {
  const { regions, allowedHosts, env, resolve } = options;
  const file = options.endpoints!;
  const set = await loadEndpoints(file, { regions, allowedHosts, env, ...(resolve === undefined ? {} : { resolve }) });
  const places: Place[] = [];
  for (const region of regions) {
    const { api, auth, models } = set.waysOfRegion.get(region)!;
    if (api !== "bedrock") throw new MeridianError("usage", otherApi(api, region, file));
    const url = set.urlOfRegion.get(region)!;
    const { host, isLoopback } = await guard(new URL(url).origin, region, options);
    // Each region its own: a key of one endpoint is nothing for another.
    const identity = identityOf(variablesOf(auth, env));
    places.push({ region, url, host, isLoopback, allowedHosts, identity, names: models });
  }
  return places;
}

/** By the SDK's names, whatever variable the file takes a key from. */
function variablesOf(auth: EndpointWay["auth"], env: PlaceOptions["env"]): Readonly<Record<string, string>> {
  if (auth.kind === "none") return {};
  const names: readonly (readonly [sdk: string, from: string])[] =
    auth.kind === "api-key"
      ? [["AWS_BEARER_TOKEN_BEDROCK", auth.variable]]
      : ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"].map((name) => [name, name] as const);
  return Object.fromEntries(names.flatMap(([name, from]) => (env[from] ? [[name, env[from]] as const] : [])));
}

async function guard(text: string, where: string, options: PlaceOptions) {
  const { allowedHosts, resolve } = options;
  const endpoint = await guardEndpoint(text, where, allowedHosts, resolve);
  if ("code" in endpoint) throw new MeridianError("usage", endpoint);
  const { url: origin, host, isLoopback } = endpoint;
  return { origin, host, isLoopback, allowedHosts };
}

/** An API key is the secret itself. */
function keyInTheClear(where: string): Problem {
  return {
    code: "ENDPOINT_PLAIN_HTTP",
    what: "an API key would travel in the clear",
    where,
    fix: "use https, or credentials that sign (unset AWS_BEARER_TOKEN_BEDROCK)",
  };
}

function otherApi(api: string, region: string, file: string): Problem {
  return {
    code: "PROBE_API",
    what: `a probe speaks Bedrock's own API, and ${region} speaks ${api}`,
    where: file,
    fix: "name other regions with --region; meridian bench speaks to this one",
  };
}
