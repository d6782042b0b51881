/**
 * Models that on-demand calls reach only through an inference profile in the commercial regions: a call with the bare
 * id is answered 400 ("with on-demand throughput isn't supported"). AWS states it per model card, not in one list, and
 * some of these models are sold in-Region in a few places; a scenario can therefore overrule it.
 *
 * Sources: the 400 as reported for DeepSeek R1, Claude 3.7 and Claude Sonnet 4 (public issue threads, 2025); Nova
 * Premier has no single-Region row in the Bedrock User Guide (batch inference page, 2025); the other families appear
 * in the reference data with profiles but without an on-demand quota. Confidence medium.
 */
const PROFILE_ONLY: readonly RegExp[] = [
  /^anthropic\.claude-3-7-/,
  /^anthropic\.claude-(?:opus|sonnet|haiku|fable)-[4-9]/,
  /^amazon\.nova-(?:premier|2)-/,
  /^deepseek\.r1-/,
  /^meta\.llama4-/,
  /^mistral\.pixtral-large-/,
  /^openai\.gpt-5/,
  /^writer\.palmyra-/,
  /^xai\.grok-/,
];

/** True if the model is known to be sold only through inference profiles outside GovCloud. */
export function isSoldOnlyThroughProfiles(modelId: string): boolean {
  return PROFILE_ONLY.some((pattern) => pattern.test(modelId));
}
