/** Credentials for Bedrock as the AWS SDKs find them, and how they are kept out of every text that is shown. */
import { MeridianError } from "../../../simulator/base/errors.ts";
import { MINUTE_MS } from "../../../simulator/base/time.ts";
import { secretEchoes } from "../../../simulator/bench/secret-echoes.ts";

/** What lets calls in. The values go to k6's environment and nowhere else. */
export interface BedrockCredentials {
  readonly kind: "API key" | "access key" | "session";
  /** Where they were found, as text for people. */
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
  // The SDK takes a while to load, and most that import this file only hide secrets.
  const { defaultProvider } = await import("@aws-sdk/credential-provider-node");
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
  const minutes = Math.ceil((runEndsMs - expiresAtMs) / MINUTE_MS);
  throw new MeridianError("environment", {
    code: "CREDENTIALS_EXPIRE",
    what: `the credentials end at ${new Date(expiresAtMs).toISOString()}, ${minutes} min before the run would`,
    where: source,
    fix: "get a longer session, or bench a shorter time or fewer strategies",
  });
}

/** What the SDK's marks of a source of credentials (its feature ids) mean. */
const SOURCES: readonly (readonly [mark: string, text: string])[] = [
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
  const text = SOURCES.find(([mark]) => Object.hasOwn(marks, mark))?.[1] ?? "the AWS SDK's chain";
  return profile === undefined ? text : `${text} (${profile})`;
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

const SHORT_TERM = "bedrock-api-key-";

/**
 * When a Bedrock API key ends. A short-term key is a presigned request in base64, which says when it was signed and for
 * how long it holds; of a long-term key (`ABSK...`) only its owner knows.
 * Source: AWS's token generator for Bedrock, https://github.com/aws/aws-bedrock-token-generator-js
 *
 * @returns ms since 1970; null when the key does not say
 */
export function apiKeyExpiryMs(key: string): number | null {
  if (!key.startsWith(SHORT_TERM)) return null;
  const [, query = ""] = Buffer.from(key.slice(SHORT_TERM.length), "base64").toString("latin1").split("?");
  const parameters = new URLSearchParams(query);
  const stamp = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z$/.exec(parameters.get("X-Amz-Date") ?? "");
  const seconds = Number(parameters.get("X-Amz-Expires") ?? Number.NaN);
  if (stamp === null || !Number.isFinite(seconds)) return null;
  const [year, month, ...rest] = stamp.slice(1).map(Number) as [number, number, number, number, number, number];
  return Date.UTC(year, month - 1, ...rest) + seconds * 1000;
}

/** Variables whose values are secrets, or belong to one. */
const SECRET_VARIABLES = [
  "AWS_ACCESS_KEY_ID",
  "AWS_SECRET_ACCESS_KEY",
  "AWS_SESSION_TOKEN",
  "AWS_BEARER_TOKEN_BEDROCK",
] as const;

/** Key ids and Bedrock API keys of any account. */
const SHAPES = /\b(?:AKIA|ASIA)[A-Z0-9]{12,}|\bABSK[A-Za-z0-9+/=_-]{16,}|\bbedrock-api-key-[A-Za-z0-9+/=_-]{16,}/g;
/** Shorter values may be ordinary text: hiding them would make messages unreadable. */
const LENGTH_MIN = 8;

/**
 * Takes secrets out of a text from elsewhere: error messages of credential providers, lines of child processes.
 *
 * @param secrets values in use; those of this process's environment are hidden too
 * @returns the text with `[hidden]` in place of each
 * @example hideSecrets("key wJalrXUtnFEMI is wrong", ["wJalrXUtnFEMI"], {}) // => "key [hidden] is wrong"
 */
export function hideSecrets(
  text: string,
  secrets: readonly string[] = [],
  env: Readonly<Record<string, string | undefined>> = process.env,
): string {
  const values = [...secrets, ...SECRET_VARIABLES.map((name) => env[name] ?? "")].filter(
    (value) => value.length >= LENGTH_MIN,
  );
  // Longest first: a value may be part of another.
  const ordered = [...new Set(values.flatMap(secretEchoes))].sort((a, b) => b.length - a.length);
  return ordered.reduce((hidden, value) => hidden.replaceAll(value, "[hidden]"), text).replace(SHAPES, "[hidden]");
}
