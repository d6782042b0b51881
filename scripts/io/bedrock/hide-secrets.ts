/** Variables whose values are secrets, or belong to one. */
const SECRET_VARIABLES = [
  "AWS_ACCESS_KEY_ID",
  "AWS_SECRET_ACCESS_KEY",
  "AWS_SESSION_TOKEN",
  "AWS_BEARER_TOKEN_BEDROCK",
] as const;

/** Key ids and Bedrock API keys, whoever's they are. */
const SHAPES = /\b(?:AKIA|ASIA)[A-Z0-9]{12,}|\bABSK[A-Za-z0-9+/=_-]{16,}|\bbedrock-api-key-[A-Za-z0-9+/=_-]{16,}/g;
/** Shorter values would black out words that are nobody's secret. */
const LENGTH_MIN = 8;

/**
 * Takes secrets out of a text that others wrote: error messages of credential providers, lines of child processes.
 *
 * @param secrets values in use; those of this process's environment are hidden too
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
  const ordered = [...new Set(values)].sort((a, b) => b.length - a.length);
  return ordered.reduce((hidden, value) => hidden.replaceAll(value, "[hidden]"), text).replace(SHAPES, "[hidden]");
}
