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
