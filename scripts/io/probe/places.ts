import { MeridianError, type Problem } from "../../../simulator/errors.ts";
import { guardEndpoint, type Resolve } from "../k6/endpoint-guard.ts";
import { loadEndpoints } from "../k6/endpoints-file.ts";

/** Where a region is called. */
export interface Place {
  readonly region: string;
  /** Scheme, host and port. */
  readonly url: string;
  readonly host: string;
  /** Hosts beyond loopback that a connection may lead to. */
  readonly allowedHosts: readonly string[];
  /** On this machine: nobody is paid, and the length of answers may be wished for. */
  readonly isLoopback: boolean;
}

export interface PlaceOptions {
  readonly regions: readonly string[];
  /** `--endpoint-url`, for all regions; undefined leaves it to the SDK. */
  readonly endpointUrl: string | undefined;
  readonly profile: string | undefined;
  readonly allowedHosts: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly resolve?: Resolve | undefined;
}

/**
 * The endpoint of each region: `--endpoint-url`, else as the AWS SDK finds it from environment, profile and partition.
 *
 * @throws MeridianError usage for a URL that is none or leads where nothing is called
 */
export async function placesOf(options: PlaceOptions): Promise<readonly Place[]> {
  const { regions, endpointUrl, profile, allowedHosts, resolve } = options;
  if (endpointUrl !== undefined) {
    const place = await guarded(endpointUrl, "--endpoint-url", options);
    return regions.map((region) => ({ ...place, region }));
  }
  // With it comes the SDK, which other verbs do not need.
  const { bedrockEndpoints } = await import("../bedrock/endpoints.ts");
  const endpoints = await bedrockEndpoints({ regions, profile, allowedHosts, resolve });
  return endpoints.map(({ region, url, host, isLoopback }) => {
    return { region, url, host, isLoopback, allowedHosts: [...allowedHosts, host] };
  });
}

/** Places of an endpoints file, as `meridian bench --target` reads it, and the credentials that the file asks for. */
export async function placesOfFile(
  file: string,
  options: PlaceOptions,
): Promise<{ readonly places: readonly Place[]; readonly credentials: Readonly<Record<string, string>> }> {
  const { regions, allowedHosts, env, resolve } = options;
  const set = await loadEndpoints(file, { regions, allowedHosts, env, ...(resolve === undefined ? {} : { resolve }) });
  const places: Place[] = [];
  for (const region of regions) {
    places.push({ ...(await guarded(set.urlOfRegion.get(region)!, region, options)), region });
  }
  return { places, credentials: set.credentials };
}

/** An API key is the secret itself: it does not travel in the clear. */
export function clearTextProblem(places: readonly Place[]): Problem | undefined {
  const open = places.find(({ url, isLoopback }) => !isLoopback && !url.startsWith("https:"));
  if (open === undefined) return undefined;
  return {
    code: "ENDPOINT_PLAIN_HTTP",
    what: "an API key would travel in the clear",
    where: open.url,
    fix: "use https, or credentials that sign (unset AWS_BEARER_TOKEN_BEDROCK)",
  };
}

async function guarded(text: string, where: string, options: PlaceOptions): Promise<Omit<Place, "region">> {
  const { allowedHosts, resolve } = options;
  const endpoint = await guardEndpoint(text, where, allowedHosts, resolve);
  if ("code" in endpoint) throw new MeridianError("usage", endpoint);
  const { url, host, isLoopback } = endpoint;
  return { url, host, isLoopback, allowedHosts };
}
