/** Which names of hosts a loopback fleet answers to: a web page that points its own name at loopback gets nothing. */
import { isIP } from "node:net";
import { ServiceError } from "./errors.ts";
import type { WireRequest } from "./wire.ts";

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
