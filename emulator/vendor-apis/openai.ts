/** OpenAI's APIs, of models of all vendors but Anthropic: Chat Completions and Responses. Nothing is stored between calls. */

import { malformedInput, optionalInteger } from "../bodies/body.ts";
import {
  chatCompletionsFormat,
  forcedFunction,
  meterContent,
  numberIn,
  parseChat,
  structuredText,
} from "../bodies/chat-completions.ts";
import { isObject, type JsonObject } from "../http/request-body.ts";
import {
  type Answer,
  type AnswerFormat,
  type BlockStep,
  derivedId,
  firstStep,
  lastStep,
  stepsOf,
  wholeText,
} from "../model/answer.ts";
import { type ParsedPrompt, PromptMeter } from "../model/prompt.ts";
import { metadataOf, type VendorApi } from "./vendor-api.ts";

/**
 * Source: Amazon Bedrock User Guide, Inference using Chat Completions API; OpenAI API reference. Claude is served by the
 * Messages API only.
 */
export const chatCompletionsApi: VendorApi = {
  serves: (modelId) => !modelId.startsWith("anthropic."),
  style: "openai",
  parse(body) {
    const options = isObject(body.stream_options) ? body.stream_options : {};
    const usageIn = options.include_usage === true ? "own" : "none";
    return {
      prompt: parseChat(body),
      tier: tierOf(body.service_tier),
      metadata: metadataOf(body.metadata),
      format: chatCompletionsFormat("finish_reason", usageIn),
    };
  },
};

/** The service's tier by OpenAI's name; `auto` leaves it to the service. */
export function tierOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "auto" ? value : undefined;
}

/** Source: Amazon Bedrock User Guide, Responses API; OpenAI API reference, Responses and their streaming events. */
export const responsesApi: VendorApi = {
  serves: (modelId) => !modelId.startsWith("anthropic."),
  style: "responses",
  parse(body) {
    return {
      prompt: parseResponses(body),
      tier: tierOf(body.service_tier),
      metadata: metadataOf(body.metadata),
      format: responsesFormat(body),
    };
  },
};

function parseResponses(body: JsonObject): ParsedPrompt {
  const { input, instructions, tools: offered, text } = body;
  const meter = new PromptMeter();
  const tools = (Array.isArray(offered) ? offered : []).filter(isObject);
  for (const tool of tools) meter.addJson(tool);
  if (typeof instructions === "string") meter.addText(instructions);
  if (typeof input === "string" && input !== "") meter.addText(input);
  else if (Array.isArray(input) && input.length > 0) for (const item of input) meterItem(item, meter);
  else throw malformedInput("#: required key [input] not found");
  if (typeof body.previous_response_id === "string") {
    throw malformedInput("#/previous_response_id: the response was not found");
  }
  if (body.background === true) throw malformedInput("#/background: background runs are not supported");
  const functions = tools.map(({ name, parameters }) => ({ name: String(name), parameters }));
  return {
    inputTokens: meter.tokens,
    cachePoints: [],
    maxTokens: optionalInteger(body, "max_output_tokens", 1),
    stopSequences: [],
    tool: forcedFunction(body.tool_choice, functions, Array.isArray(input) ? input : []),
    sampling: { temperature: numberIn(body, "temperature", 2), topP: numberIn(body, "top_p", 1) },
    structured: structuredText(isObject(text) && isObject(text.format) ? text.format : undefined),
  };
}

function meterItem(item: unknown, meter: PromptMeter): void {
  if (!isObject(item)) throw malformedInput("#/input: expected type: JSONObject");
  meterContent(item.content ?? (Array.isArray(item.output) ? item.output : item), meter);
}

/** Events of one answer are numbered in the order in which they are made. */
function responsesFormat(request: JsonObject): AnswerFormat {
  const echo = echoOf(request);
  let serial = 0;
  let begun: Answer | undefined;
  const numbered = (type: string, rest: object): object => ({ type, sequence_number: serial++, ...rest });

  function events(answer: Answer, steps: readonly BlockStep[]): readonly object[] {
    const at = { item_id: item(answer, "", "in_progress").id, output_index: 0 };
    const part = { ...at, content_index: 0 };
    const text = wholeText(answer);
    return steps.flatMap((each): object[] => {
      const isTool = each.block.kind === "tool";
      if (each.step === "piece") {
        return isTool
          ? [numbered("response.function_call_arguments.delta", { ...at, delta: each.text })]
          : [numbered("response.output_text.delta", { ...part, delta: each.text, logprobs: [] })];
      }
      if (each.step === "start") {
        const added = numbered("response.output_item.added", {
          output_index: 0,
          item: item(answer, undefined, "in_progress"),
        });
        return isTool ? [added] : [added, numbered("response.content_part.added", { ...part, part: textPart("") })];
      }
      const done = isTool
        ? [numbered("response.function_call_arguments.done", { ...at, name: answer.tool?.name, arguments: text })]
        : [
            numbered("response.output_text.done", { ...part, text, logprobs: [] }),
            numbered("response.content_part.done", { ...part, part: textPart(text) }),
          ];
      return [
        ...done,
        numbered("response.output_item.done", { output_index: 0, item: item(answer, text, "completed") }),
      ];
    });
  }

  return {
    answer: (answer) => response(answer, statusOf(answer), echo),
    begin: (answer) => {
      begun = answer;
      return [
        numbered("response.created", { response: response(answer, "in_progress", echo) }),
        numbered("response.in_progress", { response: response(answer, "in_progress", echo) }),
        ...events(answer, firstStep(answer)),
      ];
    },
    delta: (answer, from, to) => events(answer, stepsOf(answer, from, to)),
    end: (answer) => [
      ...events(answer, lastStep(answer)),
      numbered(`response.${statusOf(answer)}`, { response: response(answer, statusOf(answer), echo) }),
    ],
    fail: (error) => [
      numbered("response.failed", { response: { ...(begun && response(begun, "failed", echo)), error } }),
    ],
  };
}

/** What a response repeats of its request, with the API's defaults. */
function echoOf(request: JsonObject): object {
  const { instructions = null, max_output_tokens = null, metadata = {}, tools = [], tool_choice = "auto" } = request;
  const { parallel_tool_calls = true, temperature = 1, top_p = 1 } = request;
  const created_at = Math.floor(Date.now() / 1000);
  return {
    ...{ created_at, instructions, max_output_tokens, metadata, tools, tool_choice },
    ...{ parallel_tool_calls, temperature, top_p },
  };
}

function statusOf(answer: Answer): "completed" | "incomplete" {
  return answer.stopReason === "max_tokens" ? "incomplete" : "completed";
}

function response(answer: Answer, status: "in_progress" | "completed" | "incomplete" | "failed", echo: object): object {
  const isOver = status === "completed" || status === "incomplete";
  return {
    ...{ id: derivedId("resp_", answer.requestId), object: "response", status, error: null },
    ...echo,
    incomplete_details: status === "incomplete" ? { reason: "max_output_tokens" } : null,
    model: answer.modelId,
    output: isOver && answer.outputTokens > 0 ? [item(answer, wholeText(answer), "completed")] : [],
    ...{ store: false, previous_response_id: null },
    usage: isOver ? usage(answer) : null,
  };
}

/** The answer's one output item; without a text yet its content is empty. */
function item(answer: Answer, text: string | undefined, status: string): { readonly id: string } {
  const { tool, requestId } = answer;
  if (tool === undefined) {
    const content = text === undefined ? [] : [textPart(text)];
    return { id: derivedId("msg_", requestId), ...{ type: "message", status, role: "assistant", content } };
  }
  const call = { type: "function_call", status, call_id: derivedId("call_", requestId), name: tool.name };
  return { id: derivedId("fc_", requestId), ...call, ...{ arguments: text ?? "" } };
}

function textPart(text: string): object {
  return { type: "output_text", text, annotations: [], logprobs: [] };
}

function usage({ inputTokens, outputTokens, thinkingTokens }: Answer): object {
  return {
    input_tokens: inputTokens,
    input_tokens_details: { cached_tokens: 0 },
    output_tokens: outputTokens,
    output_tokens_details: { reasoning_tokens: thinkingTokens },
    total_tokens: inputTokens + outputTokens,
  };
}
