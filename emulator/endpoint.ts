/**
 * Where a region's endpoint is reached, how clients are directed to it, and who can reach it: beyond loopback only callers
 * with the fleet's token, on loopback only those who call it by a name of loopback, so that a web page cannot.
 */
import { isIP } from "node:net";
import { MeridianError } from "../simulator/base/errors.ts";
import { ServiceError } from "./http/errors.ts";
import type { Certificate } from "./http/listener.ts";
import type { Credentials } from "./http/signature.ts";
import type { WireRequest } from "./http/wire.ts";

/** Where one region listens. */
export interface FleetEndpoint {
  readonly region: string;
  readonly port: number;
  /** `http://host:port`. */
  readonly url: string;
  /** `https://host:port`, the same port, if TLS is on. */
  readonly tlsUrl: string | undefined;
}

/**
 * @param host address that the fleet listens on; clients reach a wildcard address through loopback
 * @returns where clients reach a region's listener
 */
export function endpointOf(
  region: string,
  host: string,
  port: number,
  certificate: Certificate | undefined,
): FleetEndpoint {
  const reachable = host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host;
  const authority = `${reachable.includes(":") ? `[${reachable}]` : reachable}:${port}`;
  return {
    region,
    port,
    url: `http://${authority}`,
    tlsUrl: certificate === undefined ? undefined : `https://${authority}`,
  };
}

/**
 * The environment variables that direct boto3, the AWS CLI, the JavaScript SDK and LiteLLM to an endpoint. The API key is
 * among them only with TLS, which boto3 requires for it.
 *
 * @returns pairs of name and value
 */
export function environmentOf(endpoint: FleetEndpoint, credentials: Credentials): (readonly [string, string])[] {
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

const LOOPBACK_HOSTS: readonly string[] = ["127.0.0.1", "::1", "localhost"];
const MIN_TOKEN_LENGTH = 16;

/** @throws MeridianError EMULATOR_HOST_NEEDS_TOKEN for an address beyond loopback without a long token */
export function refuseOpenHost(host: string, token: string | undefined, auth: "verify" | "off" | undefined): void {
  if (LOOPBACK_HOSTS.includes(host)) return;
  if (token !== undefined && token.length >= MIN_TOKEN_LENGTH && auth !== "off") return;
  throw new MeridianError("usage", {
    code: "EMULATOR_HOST_NEEDS_TOKEN",
    what: `listening on ${host} lets other hosts connect`,
    where: "--host",
    fix: `give --token with at least ${MIN_TOKEN_LENGTH} characters and leave --auth on, or listen on 127.0.0.1`,
  });
}

/**
 * @param headers of a request
 * @param allowed names besides those of loopback; undefined allows every name
 * @throws ServiceError AccessDeniedException if the request was sent to another name
 */
export function refuseForeignHost(headers: WireRequest["headers"], allowed: readonly string[] | undefined): void {
  if (allowed === undefined) return;
  const authority = headers.host ?? headers[":authority"];
  const name = hostName(typeof authority === "string" ? authority : "");
  if (isLoopback(name) || allowed.some((other) => other.toLowerCase() === name)) return;
  throw new ServiceError(
    "AccessDeniedException",
    "The Host header must name loopback or the address on which the emulator listens.",
  );
}

/**
 * The name in a Host header, without port and brackets, in lower case.
 *
 * @example hostName("[::1]:7400") // => "::1"
 */
export function hostName(authority: string): string {
  const name = authority.replace(/:\d*$/, "");
  return name.replace(/^\[(.*)\]$/, "$1").toLowerCase();
}

function isLoopback(name: string): boolean {
  if (name === "localhost" || name.endsWith(".localhost") || name === "::1") return true;
  return isIP(name) === 4 && name.startsWith("127.");
}
