import { invariant } from "../../base/errors.ts";
import type { EndpointAdapter } from "./adapter.ts";
import { bedrock } from "./bedrock.ts";
import { openai } from "./openai.ts";

/** Kinds of endpoints that can be called. */
export const adapters: readonly EndpointAdapter[] = [bedrock, openai];

/** @throws MeridianError internal for a name that is not on the list */
export function findAdapter(name: string): EndpointAdapter {
  const found = adapters.find((adapter) => adapter.name === name);
  invariant(found !== undefined, `there is an adapter ${name}`);
  return found;
}
