/**
 * Reads a file of endpoints (`--target endpoints.yaml`) and decides which hosts may be called at all; some addresses never are,
 * even if their host is allowed by name: above all clouds' metadata services.
 */
import { lookup } from "node:dns/promises";
import { BlockList, isIP } from "node:net";
import { MeridianError, type Problem } from "../../simulator/base/errors.ts";
import type { EndpointWay, PlannedCall } from "../../simulator/bench/make-plan.ts";
import { parseScenario } from "../io/scenario-text.ts";
import { readTextFile } from "../io/text-files.ts";
import { type EndpointsInput, endpointsSchema, endpointWay, strayProblems } from "./connection.ts";

/** Endpoints that are already running, as a file gives them. */
export interface EndpointSet {
  readonly urlOfRegion: ReadonlyMap<string, string>;
  readonly roundTripMs: ReadonlyMap<string, number>;
  readonly waysOfRegion: ReadonlyMap<string, EndpointWay>;
  /** By model id, where the file says it. */
  readonly charsPerToken?: ReadonlyMap<string, number>;
  /** Addresses that were checked, by host name. */
  readonly addresses: Readonly<Record<string, string>>;
  readonly credentials: Readonly<Record<string, string>>;
  /** Regions whose endpoints are on other machines. */
  readonly remoteRegions: readonly string[];
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
  const remoteRegions: string[] = [];
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
    if (!guarded.isLoopback) remoteRegions.push(region);
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
    remoteRegions,
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

/** A URL without its path, as the guard takes it, and the path that is the base of all calls. */
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
  const distinct = new Map(problems.map((problem) => [problem.what, problem]));
  if (distinct.size > 0) throw new MeridianError("environment", [...distinct.values()]);
  return credentials;
}

function variablesOf(auth: EndpointWay["auth"]): readonly string[] {
  if (auth.kind === "api-key") return [auth.variable];
  return auth.kind === "sigv4" ? ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] : [];
}

/** An endpoint that may be called, and the address that its name led to. */
export interface GuardedEndpoint {
  /** `http://host:port` without a path. */
  readonly url: string;
  readonly host: string;
  readonly address: string;
  readonly isLoopback: boolean;
}

/** Resolves a name to all of its addresses; a test brings its own. */
export type Resolve = (host: string) => Promise<readonly string[]>;

/**
 * Decides whether a URL may be called: loopback always, another host only if it was allowed by name, and no host whose
 * name leads to a forbidden address. The address is what k6 will connect to, so a name cannot lead elsewhere later.
 *
 * @returns the endpoint, or what is wrong with it
 */
export async function guardEndpoint(
  text: string,
  where: string,
  allowedHosts: readonly string[],
  resolve: Resolve = resolveAll,
): Promise<GuardedEndpoint | Problem> {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const refuse = (code: string, what: string, fix: string): Problem => ({ code, what, where, fix });
  if (url === undefined || (url.protocol !== "http:" && url.protocol !== "https:") || url.hostname === "") {
    return refuse("ENDPOINT_URL", "this is not an http or https URL", "write it like http://127.0.0.1:7400");
  }
  if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "" || url.pathname !== "/") {
    return refuse(
      "ENDPOINT_URL",
      "an endpoint is scheme, host and port only",
      `write it like ${url.protocol}//${url.host}`,
    );
  }
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const addresses = isIP(host) > 0 ? [host] : await resolve(host).catch(() => []);
  if (addresses.length === 0) return refuse("ENDPOINT_UNKNOWN_HOST", `${host} has no address`, "check the name");
  const forbidden = isForbiddenName(host) ? "a metadata service" : addresses.find(isForbiddenAddress);
  if (forbidden !== undefined) {
    return refuse("ENDPOINT_FORBIDDEN", `${host} leads to ${forbidden}, which is never called`, "name another host");
  }
  const isLoopback = addresses.every(isLoopbackAddress);
  if (!isLoopback && !allowedHosts.includes(host)) {
    return refuse(
      "ENDPOINT_NOT_ALLOWED",
      `${host} is another machine`,
      `if it is yours to load, add --allow-host ${host}`,
    );
  }
  return { url: `${url.protocol}//${url.host}`, host, address: addresses[0]!, isLoopback };
}

async function resolveAll(host: string): Promise<readonly string[]> {
  return (await lookup(host, { all: true })).map(({ address }) => address);
}

/** Link-local, unspecified and multicast networks, and the metadata services that are elsewhere. */
const FORBIDDEN = new BlockList();
// Link-local holds the metadata services of AWS (also of ECS and EKS), Google, Azure, Oracle, Tencent and others.
FORBIDDEN.addSubnet("169.254.0.0", 16, "ipv4");
FORBIDDEN.addSubnet("0.0.0.0", 8, "ipv4");
FORBIDDEN.addSubnet("224.0.0.0", 3, "ipv4");
FORBIDDEN.addAddress("100.100.100.200", "ipv4"); // Alibaba
FORBIDDEN.addAddress("100.96.0.96", "ipv4"); // Volcengine
FORBIDDEN.addAddress("168.63.129.16", "ipv4"); // Azure's wire server
FORBIDDEN.addAddress("192.0.0.192", "ipv4"); // Oracle, classic
FORBIDDEN.addSubnet("fe80::", 10, "ipv6");
FORBIDDEN.addSubnet("ff00::", 8, "ipv6");
FORBIDDEN.addAddress("::", "ipv6");
FORBIDDEN.addSubnet("fd00:ec2::", 32, "ipv6"); // AWS
FORBIDDEN.addSubnet("fd20:ce::", 32, "ipv6"); // Google
FORBIDDEN.addSubnet("fd00:c1::", 32, "ipv6"); // Oracle
FORBIDDEN.addSubnet("fd00:42::", 32, "ipv6"); // Scaleway
FORBIDDEN.addSubnet("fd00:a9fe:a9fe::", 48, "ipv6"); // Akamai
// Tunnels of the past, which lead to whatever IPv4 address they hold: 6to4 and Teredo.
FORBIDDEN.addSubnet("2002::", 16, "ipv6");
FORBIDDEN.addSubnet("2001::", 32, "ipv6");

/** Names of metadata services, whatever they resolve to here. */
const FORBIDDEN_NAMES = [
  "metadata.google.internal",
  "metadata.goog",
  "metadata.azure.internal",
  "metadata.azure.com",
  "metadata.tencentyun.com",
  "metadata.platformequinix.com",
  "instance-data",
  "instance-data.ec2.internal",
  "metadata",
];

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet("127.0.0.0", 8, "ipv4");
LOOPBACK.addAddress("::1", "ipv6");

export function isLoopbackAddress(address: string): boolean {
  return isIn(LOOPBACK, address);
}

/**
 * Whether an address may never be called. An IPv6 address that only wraps an IPv4 one (mapped, compatible, NAT64) is
 * judged by that one, and may not wrap loopback.
 *
 * @example isForbiddenAddress("64:ff9b::169.254.169.254") // => true
 * @example isForbiddenAddress("64:ff9b::192.0.2.7") // => false
 * @example isForbiddenAddress("127.0.0.1") // => false
 */
export function isForbiddenAddress(address: string): boolean {
  if (isIn(FORBIDDEN, address)) return true;
  const wrapped = isIP(address) === 6 ? wrappedIPv4(address) : [];
  return wrapped.some(({ address: inner, isMapped }) => isIn(FORBIDDEN, inner) || (!isMapped && isIn(LOOPBACK, inner)));
}

/** @example isForbiddenName("Metadata.Google.Internal.") // => true */
export function isForbiddenName(host: string): boolean {
  return FORBIDDEN_NAMES.includes(host.toLowerCase().replace(/\.$/, ""));
}

function isIn(list: BlockList, address: string): boolean {
  return list.check(address, isIP(address) === 6 ? "ipv6" : "ipv4");
}

/** IPv6 addresses that hold an IPv4 address, in full, and at which bytes; `isMapped`: as sockets of both kinds write it. */
const WRAPPERS: readonly { readonly prefix: RegExp; readonly at: readonly number[]; readonly isMapped?: true }[] = [
  { prefix: /^0000:0000:0000:0000:0000:ffff:/, at: [12, 13, 14, 15], isMapped: true },
  { prefix: /^0000:0000:0000:0000:0000:0000:/, at: [12, 13, 14, 15] },
  { prefix: /^0064:ff9b:0000:0000:0000:0000:/, at: [12, 13, 14, 15] },
  // The local prefix of NAT64 (RFC 8215), with the four lengths that RFC 6052 allows below it.
  { prefix: /^0064:ff9b:0001:/, at: [6, 7, 9, 10] },
  { prefix: /^0064:ff9b:0001:/, at: [7, 9, 10, 11] },
  { prefix: /^0064:ff9b:0001:/, at: [9, 10, 11, 12] },
  { prefix: /^0064:ff9b:0001:/, at: [12, 13, 14, 15] },
  { prefix: /:0[02]00:5efe:[0-9a-f]{4}:[0-9a-f]{4}$/, at: [12, 13, 14, 15] },
];

/** Where an address may be read in several ways, such readings are the wrong ones. */
const NEVER_MEANT = /^(0|22[4-9]|2[3-5]\d)\./;

/** What an IPv6 address wraps; several where one may be read in several ways. */
function wrappedIPv4(address: string): readonly { readonly address: string; readonly isMapped: boolean }[] {
  const groups = groupsOf(address);
  if (groups.join("") === `${"0".repeat(31)}1`) return [];
  const bytes = groups.flatMap((group) => [group.slice(0, 2), group.slice(2)]).map((byte) => Number.parseInt(byte, 16));
  const found = WRAPPERS.filter(({ prefix }) => prefix.test(groups.join(":"))).map(({ at, isMapped = false }) => ({
    address: at.map((index) => bytes[index]).join("."),
    isMapped,
  }));
  return found.length === 1 ? found : found.filter(({ address: inner }) => !NEVER_MEANT.test(inner));
}

/** The eight groups of an IPv6 address, four digits each. */
function groupsOf(address: string): readonly string[] {
  // URL writes every IPv6 address in one form: in hexadecimal, with the longest run of zeros left out.
  const text = new URL(`http://[${address.replace(/%.*$/, "")}]`).hostname.slice(1, -1);
  const [left = "", right] = text.split("::");
  const of = (part: string) => part.split(":").filter((group) => group !== "");
  const missing = right === undefined ? 0 : 8 - of(left).length - of(right).length;
  return [...of(left), ...Array<string>(missing).fill("0"), ...of(right ?? "")].map((group) => group.padStart(4, "0"));
}
