import { hideSecrets } from "../bedrock/hide-secrets.ts";

/** Takes secrets out of a text before anybody sees it. */
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
