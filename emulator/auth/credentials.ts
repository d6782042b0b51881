import { timingSafeEqual } from "node:crypto";

/** Who may call, and what is checked. `off` takes every caller. */
export type AuthMode = { readonly kind: "off" } | { readonly kind: "verify"; readonly credentials: Credentials };

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Temporary credentials have one; then callers must send it. */
  readonly sessionToken?: string;
  /** API key for `Authorization: Bearer`. */
  readonly bearerToken: string;
}

/**
 * The fixed test credentials: AWS's own documentation example, which secret scanners know, and an API key that says
 * "MeridianEmulatorTestKey" in base64. They open nothing but an emulator.
 */
export const TEST_CREDENTIALS: Credentials = {
  accessKeyId: "AKIAIOSFODNN7EXAMPLE",
  secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
  bearerToken: "ABSKTWVyaWRpYW5FbXVsYXRvclRlc3RLZXk=",
};

export const TEST_ACCOUNT_ID = "123456789012";
export const TEST_IDENTITY_ARN = `arn:aws:iam::${TEST_ACCOUNT_ID}:user/meridian-test`;

/** Credentials of a fleet that other machines can reach: the known secrets are replaced by the operator's token. */
export function credentialsFromToken(token: string): Credentials {
  return { accessKeyId: TEST_CREDENTIALS.accessKeyId, secretAccessKey: token, bearerToken: token };
}

/** Compares secrets in a time that does not tell where they differ. */
export function sameSecret(given: string, expected: string): boolean {
  const a = Buffer.from(given);
  const b = Buffer.from(expected);
  return a.length === b.length && timingSafeEqual(a, b);
}
