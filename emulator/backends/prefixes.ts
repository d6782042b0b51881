import { purposeKey } from "../../simulator/random/keyed-random.ts";
import type { CachedPrefix } from "../../simulator/world/prompt-caches.ts";
import type { InferenceCall } from "../backend.ts";

/** The cacheable prefixes of a call, growing. Ids are 31-bit hashes of account and content: an account's cache is its own. */
export function prefixesOf({ cachePoints }: InferenceCall, account: number): readonly CachedPrefix[] {
  return cachePoints.map(({ prefixId, tokens }) => ({ id: purposeKey(account, prefixId) & 0x7fffffff, tokens }));
}
