/** Values that all forms of Cost Explorer share: tags as `key$value`, and record types. */
import type { ChargeKind } from "../bill-line.ts";

/**
 * A tag as the API gives it: `team$search`; `team$` is untagged.
 *
 * @param key where the file names it apart from the value
 * @example tagOf("team$search") // => { team: "search" }
 */
export function tagOf(value: string, key?: string): Readonly<Record<string, string>> {
  const at = value.indexOf("$");
  if (at > 0) return { [value.slice(0, at).replace(/^user:/, "")]: value.slice(at + 1) };
  return { [key ?? "tag"]: value };
}

/** Source: Cost Explorer, dimension RECORD_TYPE ("Charge type" in the console). */
export function chargeKindOf(recordType: string | undefined): ChargeKind {
  const words = (recordType ?? "usage").toLowerCase();
  if (/tax/.test(words)) return "tax";
  if (/credit/.test(words)) return "credit";
  if (/refund/.test(words)) return "refund";
  if (/discount|negation/.test(words)) return "discount";
  if (/upfront|recurring|ri fee|reservation applied/.test(words)) return "commitment";
  return /usage|covered/.test(words) ? "usage" : "fee";
}
