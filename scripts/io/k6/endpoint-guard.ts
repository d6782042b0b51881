import { lookup } from "node:dns/promises";
import { BlockList, isIP } from "node:net";
import type { Problem } from "../../../simulator/errors.ts";

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

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet("127.0.0.0", 8, "ipv4");
LOOPBACK.addAddress("::1", "ipv6");

/** Never called, whoever asks: link-local networks and clouds' metadata services, unspecified and multicast addresses. */
const FORBIDDEN = new BlockList();
FORBIDDEN.addSubnet("169.254.0.0", 16, "ipv4");
FORBIDDEN.addSubnet("0.0.0.0", 8, "ipv4");
FORBIDDEN.addSubnet("224.0.0.0", 3, "ipv4");
FORBIDDEN.addAddress("100.100.100.200", "ipv4");
FORBIDDEN.addAddress("192.0.0.192", "ipv4");
FORBIDDEN.addSubnet("fe80::", 10, "ipv6");
FORBIDDEN.addSubnet("fd00:ec2::", 32, "ipv6");
FORBIDDEN.addSubnet("ff00::", 8, "ipv6");
FORBIDDEN.addAddress("::", "ipv6");

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
    return refuse("ENDPOINT_URL", "this is no http or https URL", "write it like http://127.0.0.1:7400");
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
  const forbidden = addresses.find((address) => isIn(FORBIDDEN, address));
  if (forbidden !== undefined) {
    return refuse("ENDPOINT_FORBIDDEN", `${host} leads to ${forbidden}, which is never called`, "name another host");
  }
  const isLoopback = addresses.every((address) => isIn(LOOPBACK, address));
  if (!isLoopback && !allowedHosts.includes(host)) {
    return refuse(
      "ENDPOINT_NOT_ALLOWED",
      `${host} is another machine`,
      `if it is yours to load, add --allow-host ${host}`,
    );
  }
  return { url: `${url.protocol}//${url.host}`, host, address: addresses[0]!, isLoopback };
}

function isIn(list: BlockList, address: string): boolean {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  return list.check(mapped ?? address, isIP(mapped ?? address) === 6 ? "ipv6" : "ipv4");
}

async function resolveAll(host: string): Promise<readonly string[]> {
  return (await lookup(host, { all: true })).map(({ address }) => address);
}
