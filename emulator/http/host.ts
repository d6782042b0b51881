/**
 * Who can reach a fleet: beyond loopback only callers with its token, on loopback only those who call it by a name of
 * loopback, so that a web page that points its own name there gets nothing.
 */
import { isIP } from "node:net";
import { MeridianError } from "../../simulator/base/errors.ts";
import { ServiceError } from "./errors.ts";
import type { WireRequest } from "./wire.ts";

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
