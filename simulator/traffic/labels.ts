/** What the labels of a call say: its model by id, profile or ARN, its region, and who it is for. */
import type { JsonObject } from "./row-cells.ts";

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

/** Keys that say who a request is for, in order. */
const TENANT_KEYS = ["team", "tenant", "tenantId", "tenant_id", "application", "app", "project", "service"];

/** Whether the tags of a call say who it is for. @param asked key of a tag; null for the known ones */
export function isTagged(tags: JsonObject, asked: string | null): boolean {
  return (asked === null ? TENANT_KEYS : [asked]).some((key) => Object.hasOwn(tags, key));
}

/**
 * The label of a request by its tags: the one asked for, or the first known one, or else the role that called.
 *
 * @param asked key of a tag; null for the known ones
 * @param arn   identity of the caller
 * @example tagsClass({ env: "prod", team: "search" }, null, undefined) // => "search"
 */
export function tagsClass(tags: JsonObject, asked: string | null, arn: string | undefined): string {
  const keys = asked === null ? TENANT_KEYS : [asked];
  for (const key of keys) {
    const value = Object.hasOwn(tags, key) ? tags[key] : undefined;
    if (typeof value === "string" || typeof value === "number") return String(value).slice(0, 200);
  }
  return asked === null ? roleOf(arn) : "";
}

/** `arn:aws:sts::111122223333:assumed-role/search-bedrock/app` → `search-bedrock`. */
function roleOf(arn: string | undefined): string {
  if (arn === undefined) return "";
  const [kind = "", name = ""] = (arn.split(":")[5] ?? "").split("/");
  return kind === "" || name === "" ? "" : name.slice(0, 200);
}
