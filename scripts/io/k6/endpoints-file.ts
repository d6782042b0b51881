import { isIP } from "node:net";
import { z } from "zod";
import { MeridianError, type Problem } from "../../../simulator/errors.ts";
import { durationMs } from "../../../simulator/scenario/units.ts";
import { readTextFile } from "../read-text.ts";
import { parseScenario } from "../scenario-file.ts";
import { guardEndpoint, type Resolve } from "./endpoint-guard.ts";

/** Endpoints that somebody else runs. */
export interface EndpointSet {
  readonly urlOfRegion: ReadonlyMap<string, string>;
  readonly roundTripMs: ReadonlyMap<string, number>;
  /** Addresses that were checked, by host name. */
  readonly addresses: Readonly<Record<string, string>>;
  readonly credentials: Readonly<Record<string, string>>;
}

export interface EndpointOptions {
  /** Source regions that the scenario's targets call. */
  readonly regions: readonly string[];
  readonly allowedHosts: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly resolve?: Resolve;
}

const FILE_BYTES_MAX = 64 * 1024;

const endpointsSchema = z.strictObject({
  auth: z
    .enum(["none", "api-key", "sigv4"])
    .default("none")
    .meta({ description: "How calls are authorised; credentials come from the environment, as for the AWS SDKs" }),
  endpoints: z.record(
    z.string(),
    z.union([
      z.string(),
      z.strictObject({
        url: z.string(),
        roundTrip: durationMs.default(0).meta({ description: "Network round trip from here that latencies contain" }),
      }),
    ]),
  ),
});

const VARIABLES = {
  none: [],
  "api-key": ["AWS_BEARER_TOKEN_BEDROCK"],
  sigv4: ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"],
} as const;

/**
 * Reads the file that says where each region's endpoint is.
 *
 * @throws MeridianError usage with every problem at once: unknown keys, regions without an endpoint, hosts that may not
 *         be called, an API key that would travel in the clear; environment when credentials are missing
 */
export async function loadEndpoints(file: string, options: EndpointOptions): Promise<EndpointSet> {
  const kind = { code: "ENDPOINTS", noun: "endpoints file", bytesMax: FILE_BYTES_MAX, kind: "usage" } as const;
  const loaded = parseScenario(await readTextFile(file, kind), file, endpointsSchema);
  const { auth, endpoints } = loaded.value;
  const problems: Problem[] = [];
  const urlOfRegion = new Map<string, string>();
  const roundTripMs = new Map<string, number>();
  const addresses: Record<string, string> = {};
  for (const [region, entry] of Object.entries(endpoints)) {
    const url = typeof entry === "string" ? entry : entry.url;
    const where = `endpoints.${region}`;
    const guarded = await guardEndpoint(url, where, options.allowedHosts, options.resolve);
    if ("code" in guarded) {
      problems.push(guarded);
      continue;
    }
    if (auth === "api-key" && !guarded.isLoopback && !guarded.url.startsWith("https:")) {
      const what = "an API key would travel in the clear";
      problems.push({ code: "ENDPOINT_PLAIN_HTTP", what, where, fix: "use https, or auth: sigv4" });
    }
    urlOfRegion.set(region, guarded.url);
    roundTripMs.set(region, typeof entry === "string" ? 0 : entry.roundTrip);
    if (isIP(guarded.host) === 0) addresses[guarded.host] = guarded.address;
  }
  for (const region of options.regions) {
    if (Object.hasOwn(endpoints, region)) continue;
    const what = `the scenario calls ${region}, which has no endpoint here`;
    problems.push({ code: "ENDPOINT_MISSING", what, where: "endpoints", fix: `add ${region}: http://...` });
  }
  if (problems.length > 0) throw new MeridianError("usage", problems.map(loaded.place));
  return { urlOfRegion, roundTripMs, addresses, credentials: credentialsOf(auth, file, options.env) };
}

/** Handed to k6 in its environment, and written nowhere. */
function credentialsOf(
  auth: keyof typeof VARIABLES,
  file: string,
  env: EndpointOptions["env"],
): Readonly<Record<string, string>> {
  const needed: readonly string[] = VARIABLES[auth];
  const missing = needed.filter((name) => !env[name]);
  if (missing.length > 0) {
    throw new MeridianError("environment", {
      code: "CREDENTIALS_MISSING",
      what: `auth: ${auth} needs ${missing.join(" and ")} in the environment`,
      where: file,
      fix: `set ${missing.length === 1 ? "it" : "them"}, or use auth: none`,
    });
  }
  const names = auth === "sigv4" ? [...needed, "AWS_SESSION_TOKEN"] : needed;
  return Object.fromEntries(names.flatMap((name) => (env[name] ? [[name, env[name]] as const] : [])));
}
