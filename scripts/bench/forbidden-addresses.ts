/** Addresses that are never called, even if their host is allowed by name: above all clouds' metadata services. */
import { BlockList, isIP } from "node:net";

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
