import { isIP } from "node:net";
import { MeridianError, type Problem } from "../../../simulator/errors.ts";
import type { EndpointWay } from "../../../simulator/replay/make-replay-plan.ts";
import type { PlannedCall } from "../../../simulator/replay/planned-calls.ts";
import { readTextFile } from "../read-text.ts";
import { parseScenario } from "../scenario-file.ts";
import { guardEndpoint, type Resolve } from "./endpoint-guard.ts";
import { endpointWay, strayProblems } from "./endpoint-way.ts";
import { type EndpointsInput, endpointsSchema } from "./endpoints-schema.ts";

/** Endpoints that somebody else runs. */
export interface EndpointSet {
  readonly urlOfRegion: ReadonlyMap<string, string>;
  readonly roundTripMs: ReadonlyMap<string, number>;
  readonly waysOfRegion: ReadonlyMap<string, EndpointWay>;
  /** By model id, where the file says it. */
  readonly charsPerToken?: ReadonlyMap<string, number>;
  /** Addresses that were checked, by host name. */
  readonly addresses: Readonly<Record<string, string>>;
  readonly credentials: Readonly<Record<string, string>>;
}

export interface EndpointOptions {
  /** Source regions that the scenario's targets call. */
  readonly regions: readonly string[];
  /** What is called there; left out, it is not checked that the endpoints have names for it. */
  readonly calls?: readonly PlannedCall[];
  readonly allowedHosts: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly resolve?: Resolve;
}

const FILE_BYTES_MAX = 64 * 1024;

/**
 * Reads the file that says where each region's endpoint is and how it is called.
 *
 * @throws MeridianError usage with every problem at once: unknown keys, regions without an endpoint, models without a
 *         name, hosts that may not be called, an API key that would travel in the clear; environment when credentials
 *         are missing
 */
export async function loadEndpoints(file: string, options: EndpointOptions): Promise<EndpointSet> {
  const kind = { code: "ENDPOINTS", noun: "endpoints file", bytesMax: FILE_BYTES_MAX, kind: "usage" } as const;
  const loaded = parseScenario(await readTextFile(file, kind), file, endpointsSchema);
  const { endpoints, charsPerToken, ...common } = loaded.value;
  const problems: Problem[] = [...strayProblems(loaded.value)];
  const urlOfRegion = new Map<string, string>();
  const roundTripMs = new Map<string, number>();
  const waysOfRegion = new Map<string, EndpointWay>();
  const addresses: Record<string, string> = {};
  for (const [region, entry] of Object.entries(endpoints)) {
    const own = typeof entry === "string" ? { url: entry, roundTrip: 0 } : entry;
    const where = `endpoints.${region}`;
    const calls = options.calls?.filter((call) => call.region === region) ?? [];
    const { way, problems: found } = endpointWay(common, own, { where, calls });
    problems.push(...found);
    const { url, base } = splitBase(own.url);
    const guarded = await guardEndpoint(url, where, options.allowedHosts, options.resolve);
    if ("code" in guarded) {
      problems.push(guarded);
      continue;
    }
    problems.push(...baseProblems(base, where, guarded.url));
    if (way.auth.kind === "api-key" && !guarded.isLoopback && !guarded.url.startsWith("https:")) {
      const what = "an API key would travel in the clear";
      problems.push({ code: "ENDPOINT_PLAIN_HTTP", what, where, fix: "use https, or auth: sigv4 where there is that" });
    }
    urlOfRegion.set(region, guarded.url + base);
    roundTripMs.set(region, own.roundTrip);
    waysOfRegion.set(region, way);
    if (isIP(guarded.host) === 0) addresses[guarded.host] = guarded.address;
  }
  for (const region of options.regions) {
    if (Object.hasOwn(endpoints, region)) continue;
    const what = `the scenario calls ${region}, which has no endpoint here`;
    problems.push({ code: "ENDPOINT_MISSING", what, where: "endpoints", fix: `add ${region}: http://...` });
  }
  if (problems.length > 0) throw new MeridianError("usage", problems.map(loaded.place));
  const ways = options.regions.map((region) => waysOfRegion.get(region)!);
  return {
    urlOfRegion,
    roundTripMs,
    waysOfRegion,
    charsPerToken: charsById(charsPerToken, options.calls ?? []),
    addresses,
    credentials: credentialsOf(ways, file, options.env),
  };
}

function charsById(said: EndpointsInput["charsPerToken"], calls: readonly PlannedCall[]): ReadonlyMap<string, number> {
  const chars = new Map<string, number>();
  for (const { model, modelId } of calls) {
    const value = typeof said === "object" ? (said[model] ?? said[modelId]) : said;
    if (value !== undefined) chars.set(modelId, value);
  }
  return chars;
}

/** A URL without its path, which the guard takes, and the path that calls stand below. */
function splitBase(text: string): { readonly url: string; readonly base: string } {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || url.pathname === "/") return { url: text, base: "" };
  const base = url.pathname.replace(/\/+$/, "");
  url.pathname = "/";
  return { url: url.href, base };
}

function baseProblems(base: string, where: string, host: string): readonly Problem[] {
  const operation = /\/(chat\/completions|converse|converse-stream|invoke)$/.exec(base)?.[0];
  const fix = `write it like ${host}${operation === undefined ? "/v1" : base.slice(0, -operation.length)}`;
  if (operation !== undefined) {
    return [{ code: "ENDPOINT_URL", what: `the URL ends before ${operation}, which is added to it`, where, fix }];
  }
  return /^(\/[\w.~%-]+)*$/.test(base)
    ? []
    : [{ code: "ENDPOINT_URL", what: `the path ${base} has characters that need care`, where, fix }];
}

/** Handed to k6 in its environment, and written nowhere. Only what the called endpoints ask for. */
function credentialsOf(
  ways: readonly EndpointWay[],
  file: string,
  env: EndpointOptions["env"],
): Readonly<Record<string, string>> {
  const credentials: Record<string, string> = {};
  const problems: Problem[] = [];
  for (const { auth } of ways) {
    const needed = variablesOf(auth);
    const missing = needed.filter((name) => !env[name]);
    if (missing.length > 0) {
      problems.push({
        code: "CREDENTIALS_MISSING",
        what: `auth: ${auth.kind} needs ${missing.join(" and ")} in the environment`,
        where: file,
        fix: `set ${missing.length === 1 ? "it" : "them"}, or use auth: none`,
      });
    }
    for (const name of auth.kind === "sigv4" ? [...needed, "AWS_SESSION_TOKEN"] : needed) {
      if (env[name]) credentials[name] = env[name];
    }
  }
  const told = new Map(problems.map((problem) => [problem.what, problem]));
  if (told.size > 0) throw new MeridianError("environment", [...told.values()]);
  return credentials;
}

function variablesOf(auth: EndpointWay["auth"]): readonly string[] {
  if (auth.kind === "api-key") return [auth.variable];
  return auth.kind === "sigv4" ? ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] : [];
}
