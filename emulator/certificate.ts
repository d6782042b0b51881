import { isIP } from "node:net";
import { generate } from "selfsigned";

export interface Certificate {
  readonly keyPem: string;
  readonly certPem: string;
}

const DAYS = 30;

/**
 * A self-made certificate for loopback and the given host. Clients are pointed at its PEM (AWS_CA_BUNDLE,
 * NODE_EXTRA_CA_CERTS); it is made anew for each fleet, so no key is ever stored with the project.
 */
export async function makeCertificate(host: string): Promise<Certificate> {
  const names = [...new Set(["localhost", "127.0.0.1", "::1", host])];
  const altNames = names.map((name) =>
    isIP(name) === 0 ? { type: 2 as const, value: name } : { type: 7 as const, ip: name },
  );
  const startMs = Date.now() - 3_600_000;
  const made = await generate([{ name: "commonName", value: "Meridian emulator" }], {
    keyType: "ec",
    algorithm: "sha256",
    notBeforeDate: new Date(startMs),
    notAfterDate: new Date(startMs + DAYS * 86_400_000),
    extensions: [
      { name: "basicConstraints", cA: true, critical: true },
      { name: "keyUsage", digitalSignature: true, keyCertSign: true, critical: true },
      { name: "extKeyUsage", serverAuth: true },
      { name: "subjectAltName", altNames },
    ],
  });
  return { keyPem: made.private, certPem: made.cert };
}
