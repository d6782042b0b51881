/** The identity that a probe calls with, found within a time limit, and the redaction of its secrets. */
import type { BedrockRuntimeClientConfig } from "@aws-sdk/client-bedrock-runtime";
import { MeridianError } from "../../simulator/base/errors.ts";
import { bedrockCredentials, hideSecrets } from "../bench/bedrock/credentials.ts";

/** Credentials that are ready for a client of the SDK. */
export interface Identity {
  /** Kind and place, without a value: `session from a profile with single sign-on (dev)`. */
  readonly source: string;
  readonly isApiKey: boolean;
  /** ms since 1970; null where the credentials do not say. */
  readonly expiresAtMs: number | null;
  readonly config: Pick<BedrockRuntimeClientConfig, "credentials" | "token" | "authSchemePreference">;
  /** Takes this identity's secrets out of a text. */
  readonly redact: Redact;
}

export interface IdentityOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly profile: string | undefined;
  /** Whether the metadata service of a cloud machine may be asked. */
  readonly instanceMetadata: boolean;
  readonly limitMs: number;
}

/**
 * The identity that the AWS SDKs would use, found within a time limit.
 *
 * @throws MeridianError environment, CREDENTIALS_MISSING or CREDENTIALS_SLOW
 */
export async function findIdentity(options: IdentityOptions): Promise<Identity> {
  const { env, profile } = options;
  const find = () => bedrockCredentials({ env, ...(profile === undefined ? {} : { profile }) });
  const { kind, source, expiresAtMs, variables } = await withinLimit(options, find);
  return { ...identityOf(variables), source: `${kind} from ${source}`, expiresAtMs };
}

/** The identity of variables that an endpoints file asked for; an endpoint that asks for none is sent a signature all the same. */
export function identityOf(variables: Readonly<Record<string, string>>): Identity {
  const secrets = Object.values(variables);
  const base = { expiresAtMs: null, redact: createRedactor(secrets) };
  const token = variables.AWS_BEARER_TOKEN_BEDROCK;
  if (token !== undefined) {
    const config = { token: { token }, authSchemePreference: ["httpBearerAuth"] };
    return { ...base, isApiKey: true, source: "API key from the environment", config };
  }
  const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN } = variables;
  const credentials = {
    accessKeyId: AWS_ACCESS_KEY_ID ?? "none",
    secretAccessKey: AWS_SECRET_ACCESS_KEY ?? "none",
    ...(AWS_SESSION_TOKEN === undefined ? {} : { sessionToken: AWS_SESSION_TOKEN }),
  };
  const source = AWS_ACCESS_KEY_ID === undefined ? "no credentials asked for" : "access key from environment variables";
  return { ...base, isApiKey: false, source, config: { credentials, authSchemePreference: ["sigv4"] } };
}

const METADATA_SWITCH = "AWS_EC2_METADATA_DISABLED";

/** The chain reads the process's own environment; the switch is its documented one, set while it looks. */
async function withinLimit<T>(options: IdentityOptions, find: () => Promise<T>): Promise<T> {
  const before = process.env[METADATA_SWITCH];
  if (!options.instanceMetadata) process.env[METADATA_SWITCH] = "true";
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(tooSlow(options)), options.limitMs);
  });
  try {
    return await Promise.race([find(), limit]);
  } finally {
    clearTimeout(timer);
    if (before === undefined) delete process.env[METADATA_SWITCH];
    else process.env[METADATA_SWITCH] = before;
  }
}

function tooSlow({ limitMs, profile }: IdentityOptions): MeridianError {
  return new MeridianError("environment", {
    code: "CREDENTIALS_SLOW",
    what: `no source of credentials answered within ${limitMs / 1000} s`,
    where: profile === undefined ? "the AWS SDK's chain" : `--profile ${profile}`,
    fix: "name a --profile, or set the AWS_ACCESS_KEY_ID family; a credential_process or single sign-on may hang",
  });
}

/** Takes secrets out of a text before it is shown. */
export type Redact = (text: string) => string;

/** Parts of a signed request: some services answer a wrong signature with all that was signed. */
const SIGNED_PARTS: readonly RegExp[] = [
  /\b(?:Signature|Credential)=[^\s,&"']+/gi,
  /\bBearer\s+[^\s"']+/gi,
  /x-amz-security-token["']?\s*[:=]\s*["']?[^\s,&"']+/gi,
];
const LENGTH_MAX = 400;

/** A redactor of secrets by value and by form; it gives one line of at most 400 characters. */
export function createRedactor(secrets: readonly string[]): Redact {
  const encoded = secrets.map((secret) => encodeURIComponent(secret));
  return (text) => {
    const hidden = hideSecrets(text, [...secrets, ...encoded]);
    const clean = SIGNED_PARTS.reduce((rest, part) => rest.replace(part, "[hidden]"), hidden);
    return clean.replace(/\s+/g, " ").trim().slice(0, LENGTH_MAX);
  };
}
