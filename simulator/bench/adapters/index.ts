/** The registry of endpoint adapters. */
import { invariant } from "../../base/errors.ts";
import type { EndpointAdapter } from "./adapter.ts";
import { bedrock } from "./bedrock.ts";
import { openai } from "./openai.ts";

/** Every adapter, one per kind of endpoint. */
export const adapters: readonly EndpointAdapter[] = [bedrock, openai];

/** The adapter of that name. @throws MeridianError internal for an unknown name */
export function findAdapter(name: string): EndpointAdapter {
  const found = adapters.find((adapter) => adapter.name === name);
  invariant(found !== undefined, `there is an adapter ${name}`);
  return found;
}
