import type { InvokeBody } from "../../../emulator/bodies/body.ts";
import type { Answer } from "../../../emulator/model/answer.ts";

export const ANSWER: Answer = {
  requestId: "11111111-2222-3333-4444-555555555555",
  modelId: "anthropic.claude-sonnet-4-5-20250929-v1:0",
  inputTokens: 10,
  outputTokens: 4,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  stopReason: "end_turn",
  stopSequence: undefined,
  tool: undefined,
  thinkingTokens: 0,
  isThinkingShown: true,
  cacheWrites: [],
};

/** A format's output for a request: the whole answer, and all chunks of a stream. */
export function shapesOf(body: InvokeBody, request: Record<string, unknown>, overrides: Partial<Answer> = {}) {
  const { prompt, format } = body.parse(request);
  const answer = { ...ANSWER, ...overrides };
  const tokens = Array.from({ length: answer.outputTokens }, (_, index) => index);
  const deltas = tokens.flatMap((index) => format.delta(answer, index, index + 1));
  return {
    prompt,
    // Round-tripped through JSON, as on the wire.
    whole: JSON.parse(JSON.stringify(format.answer(answer))),
    chunks: JSON.parse(JSON.stringify([...format.begin(answer), ...deltas, ...format.end(answer)])),
  };
}
