/** Which of a request's tags says who it is for. */
import type { JsonObject } from "./row-cells.ts";

/** Keys that say who a request is for, in order. */
const TENANT_KEYS = ["team", "tenant", "tenantId", "tenant_id", "application", "app", "project", "service"];

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
