/** Where a region's endpoint is reached, and how clients are directed to it. */
import type { Credentials } from "./http/authentication.ts";
import type { Certificate } from "./http/listener.ts";

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
