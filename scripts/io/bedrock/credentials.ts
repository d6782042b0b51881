import { defaultProvider } from "@aws-sdk/credential-provider-node";
import { MeridianError } from "../../../simulator/errors.ts";
import { apiKeyExpiryMs } from "./api-key.ts";
import { hideSecrets } from "./hide-secrets.ts";

/** What lets calls in. The values go to k6's environment and nowhere else. */
export interface BedrockCredentials {
  readonly kind: "API key" | "access key" | "session";
  /** Where they were found, in words. */
  readonly source: string;
  /** ms since 1970; null when they do not end, or do not say when. */
  readonly expiresAtMs: number | null;
  /** By the names that the AWS SDKs read. */
  readonly variables: Readonly<Record<string, string>>;
}

export interface CredentialOptions {
  readonly profile?: string | undefined;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/**
 * Finds credentials as the AWS SDKs do: a Bedrock API key in `AWS_BEARER_TOKEN_BEDROCK` first, then the SDK's own chain
 * (environment, SSO, profile files, processes, web identity, containers, instance metadata).
 *
 * @throws MeridianError environment, CREDENTIALS_MISSING
 */
export async function bedrockCredentials(options: CredentialOptions = {}): Promise<BedrockCredentials> {
  const bearer = (options.env ?? process.env).AWS_BEARER_TOKEN_BEDROCK;
  if (bearer) {
    return {
      kind: "API key",
      source: "AWS_BEARER_TOKEN_BEDROCK",
      expiresAtMs: apiKeyExpiryMs(bearer),
      variables: { AWS_BEARER_TOKEN_BEDROCK: bearer },
    };
  }
  const provide = defaultProvider(options.profile === undefined ? {} : { profile: options.profile });
  const found = await provide().catch((error: unknown) => {
    throw missing(error, options.profile);
  });
  const { accessKeyId, secretAccessKey, sessionToken, expiration } = found;
  return {
    kind: sessionToken === undefined ? "access key" : "session",
    source: sourceOf(found, options.profile),
    expiresAtMs: expiration === undefined ? null : expiration.getTime(),
    variables: {
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      ...(sessionToken === undefined ? {} : { AWS_SESSION_TOKEN: sessionToken }),
    },
  };
}

/**
 * Refuses credentials that end before the run does: calls rejected half-way through would be paid for and prove nothing.
 *
 * @throws MeridianError environment, CREDENTIALS_EXPIRE
 */
export function refuseExpiring({ expiresAtMs, source }: BedrockCredentials, runEndsMs: number): void {
  if (expiresAtMs === null || expiresAtMs > runEndsMs) return;
  const minutes = Math.ceil((runEndsMs - expiresAtMs) / 60_000);
  throw new MeridianError("environment", {
    code: "CREDENTIALS_EXPIRE",
    what: `the credentials end at ${new Date(expiresAtMs).toISOString()}, ${minutes} min before the run would`,
    where: source,
    fix: "get a longer session, or bench a shorter time or fewer strategies",
  });
}

/** The SDK's marks of where credentials came from, in words; see its feature ids. */
const SOURCES: readonly (readonly [mark: string, words: string])[] = [
  ["CREDENTIALS_ENV_VARS_STS_WEB_ID_TOKEN", "a web identity token"],
  ["CREDENTIALS_PROFILE_STS_WEB_ID_TOKEN", "a profile with a web identity token"],
  ["CREDENTIALS_PROFILE_SSO", "a profile with single sign-on"],
  ["CREDENTIALS_PROFILE_SSO_LEGACY", "a profile with single sign-on"],
  ["CREDENTIALS_SSO", "single sign-on"],
  ["CREDENTIALS_PROFILE_PROCESS", "a profile with a credential process"],
  ["CREDENTIALS_PROFILE_LOGIN", "a profile with aws login"],
  ["CREDENTIALS_PROFILE_SOURCE_PROFILE", "a profile that assumes a role"],
  ["CREDENTIALS_STS_ASSUME_ROLE", "a role that was assumed"],
  ["CREDENTIALS_ENV_VARS", "environment variables"],
  ["CREDENTIALS_PROFILE", "a profile file"],
  ["CREDENTIALS_HTTP", "the container's endpoint"],
  ["CREDENTIALS_IMDS", "the instance's metadata service"],
];

function sourceOf(identity: object, profile: string | undefined): string {
  const marks = (identity as { readonly $source?: Readonly<Record<string, unknown>> }).$source ?? {};
  const words = SOURCES.find(([mark]) => Object.hasOwn(marks, mark))?.[1] ?? "the AWS SDK's chain";
  return profile === undefined ? words : `${words} (${profile})`;
}

function missing(error: unknown, profile: string | undefined): MeridianError {
  const said = hideSecrets((error instanceof Error ? error.message : String(error)).split("\n", 1)[0]!);
  return new MeridianError("environment", {
    code: "CREDENTIALS_MISSING",
    what: `the AWS SDK finds no credentials: ${said}`,
    where: profile === undefined ? "the AWS SDK's chain" : `--profile ${profile}`,
    fix: "sign in (aws sso login), name a --profile, or set AWS_BEARER_TOKEN_BEDROCK",
  });
}
