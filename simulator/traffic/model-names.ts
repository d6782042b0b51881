/** Names of Bedrock models: ids, inference profiles and ARNs of either. */

/**
 * A short name of a Bedrock model id, profile or ARN.
 *
 * @example shortModelName("us.anthropic.claude-haiku-4-5-20251001-v1:0") // => "claude-haiku-4-5"
 */
export function shortModelName(id: string): string {
  const last = bareModelId(id).split(".").at(-1)!;
  return (
    last
      .replace(/:\d+$/, "")
      .replace(/-v\d+$/, "")
      .replace(/-\d{8}$/, "") || last
  );
}

const PROFILE_PREFIX = /^(us|us-gov|eu|apac|jp|au|ca|global)\./;

/**
 * The model's own id: without an ARN or a gateway's provider around it, and without a profile's prefix.
 *
 * @example bareModelId("eu.amazon.nova-lite-v1:0") // => "amazon.nova-lite-v1:0"
 */
export function bareModelId(id: string): string {
  const inArn = id.startsWith("arn:") ? id.slice(id.lastIndexOf("/") + 1) : id.replace(/^bedrock\/(converse\/)?/, "");
  return inArn.replace(PROFILE_PREFIX, "");
}

const REGION = /\b(?:us|eu|ap|ca|sa|me|af|il|mx)(?:-gov|-iso[a-z]?)?-[a-z]+-\d\b/;

/**
 * The region in a host name, a URL or an ARN; undefined where there is none.
 *
 * @example regionIn("https://bedrock-runtime.eu-central-1.amazonaws.com") // => "eu-central-1"
 */
export function regionIn(text: unknown): string | undefined {
  return typeof text === "string" ? REGION.exec(text)?.[0] : undefined;
}
