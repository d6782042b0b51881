import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Fleet } from "../../emulator/fleet.ts";

export interface FleetTextOptions {
  /** Where the certificate lies that clients must trust. */
  readonly caFile: string | undefined;
  readonly colour: boolean;
}

/** What a person needs to point clients at a fleet; its last line is `ready`. */
export function fleetText(fleet: Fleet, { caFile, colour }: FleetTextOptions): string {
  const bold = (text: string) => (colour ? `\u001b[1m${text}\u001b[22m` : text);
  const first = fleet.endpoints[0]!;
  const width = Math.max(...fleet.endpoints.map(({ region }) => region.length));
  const rows = fleet.endpoints.map(({ region, url, tlsUrl }) =>
    [`  ${region.padEnd(width)}  ${url}`, ...(tlsUrl === undefined ? [] : [tlsUrl])].join("  "),
  );
  const exports = [
    ...fleet.environment(first.region),
    ...(caFile === undefined ? [] : [["AWS_CA_BUNDLE", caFile] as const, ["NODE_EXTRA_CA_CERTS", caFile] as const]),
  ].map(([name, value]) => `  export ${name}=${value}`);
  return [
    bold("Endpoints"),
    ...rows,
    "",
    bold(
      `For boto3, the AWS CLI, the JavaScript SDK and LiteLLM (${first.region}; test credentials, known to everybody)`,
    ),
    ...exports,
    "",
    bold("Pages of its own"),
    `  ${first.url}/_meridian/metrics  (also health, invocations, audit, faults: docs/emulator.md)`,
    "",
    "ready",
  ].join("\n");
}

/** Writes the fleet's certificate where clients can be pointed at it; undefined without TLS. */
export async function certificateFile(
  fleet: Fleet,
): Promise<{ readonly path: string; remove(): Promise<void> } | undefined> {
  if (fleet.certificate === undefined) return undefined;
  const folder = await mkdtemp(join(tmpdir(), "meridian-emulator-"));
  const path = join(folder, "ca.pem");
  await writeFile(path, fleet.certificate.certPem);
  return { path, remove: () => rm(folder, { recursive: true, force: true }) };
}
