/** Registry of body formats: which family's format a model uses in InvokeModel. */
import { providerOf } from "../model/catalog.ts";
import { anthropicBody } from "./anthropic.ts";
import type { InvokeBody } from "./body.ts";
import { chatCompletionsBody } from "./chat-completions.ts";
import { cohereBody } from "./cohere.ts";
import { llamaBody } from "./llama.ts";
import { mistralBody } from "./mistral.ts";
import { novaBody } from "./nova.ts";
import { titanBody } from "./titan.ts";

/** Format by provider; `amazon` has two families of its own. A new family is one file and one line here. */
const BODIES: Readonly<Record<string, InvokeBody>> = {
  anthropic: anthropicBody,
  cohere: cohereBody,
  meta: llamaBody,
  mistral: mistralBody,
};

/** @returns the format of a model; chat completions for families that have none of their own here */
export function invokeBodyOf(modelId: string): InvokeBody {
  if (modelId.startsWith("amazon.titan")) return titanBody;
  if (modelId.startsWith("amazon.nova")) return novaBody;
  const provider = providerOf(modelId);
  return Object.hasOwn(BODIES, provider) ? BODIES[provider]! : chatCompletionsBody;
}
